package flows

import "slices"

// Several inputs may be answered by one screen, after an outage or in a hurry. What was said of each is said above the
// screen that is shown in the end; a note that spoke of the question below it would then speak of another one.

// How a note reads above another question than its own.
const (
	keptOnly  = "note.kept_only"  // with Count: how many messages were kept, and nothing of what can be done next
	keptThere = "note.kept_there" // that what was sent is kept
)

// Overtaken are the notes of earlier steps as they read above the question that is asked now instead of their own: what was
// kept is told, unless it was thrown away since, and what only explained the earlier question is not.
func Overtaken(notes []Text, now Screen) []Text {
	thrown := slices.ContainsFunc(now.Notes, func(n Text) bool { return n.Key == "note.discarded" || n.Key == "note.left" })
	var out []Text
	for _, n := range notes {
		if n, ok := n.overtaken(now); ok && !(thrown && (n.Key == keptOnly || n.Key == keptThere)) {
			out = append(out, n)
		}
	}
	return out
}

// overtaken is one note above another question than its own. It reports false when it spoke of its own only.
func (x Text) overtaken(now Screen) (Text, bool) {
	switch x.Key {
	case "note.kept":
		return Text{Key: keptOnly, Args: x.Args}, true
	case "note.kept_aside", "note.kept_home", "note.kept_home_case", "note.kept_unsent", "note.kept_place", "note.kept_no_country":
		return Text{Key: keptThere}, true
	case "note.rest", "page.after":
		return x, now.Optional
	case "note.edit_messages", "note.nobody", "note.consent_again", "note.waiting", "note.unfinished":
		return Text{}, false
	default:
		return x, true
	}
}
