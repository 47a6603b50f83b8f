package bot

import (
	"encoding/json"
	"slices"

	"defenderline/flows"
	"defenderline/referrals"
)

// news brings what a desk did with a case to the chat that sent it.
func (tn *turn) news(raw []byte) {
	var n referrals.News
	if json.Unmarshal(raw, &n) != nil || tn.state.Chat == 0 {
		return
	}
	c, known := caseOf(tn.state.Session.Cases, string(n.Code))
	if !known {
		return // the chat was wiped since: it has nothing to do with the case
	}
	tn.emergency = tn.emergency || c.Lane == string(referrals.Emergency)
	if n.Message != 0 {
		tn.fileNews(n)
		return
	}
	by := ""
	if d := tn.dir.Desk(n.Desk); d != nil {
		by = d.Name
	}
	next, text, ok := tn.engine.News(tn.state.Session, string(n.Code), n.State, by, n.At)
	if !ok {
		return
	}
	if n.Held { // one desk is done with it, others are not: the case stays the person's to add to and take back
		next.Cases = stayOpen(next.Cases, tn.state.Session.Cases, string(n.Code))
	}
	tn.state.Session = next
	if !tn.state.Blocked {
		tn.say(text)
	}
}

// stayOpen leaves one case in the state it had before, when the news would close it.
func stayOpen(next, before []flows.Case, code string) []flows.Case {
	out := slices.Clone(next)
	for i, c := range out {
		if c.Code != code || c.Open() {
			continue
		}
		for _, b := range before {
			if b.Code == code {
				out[i] = b
			}
		}
	}
	return out
}

// fileNews erases the message of a file that is sealed now, or says that a file did not arrive.
func (tn *turn) fileNews(n referrals.News) {
	if n.State == referrals.FileSealed {
		tn.erase([]int{n.Message})
		return
	}
	tn.say(flows.Text{Key: "line.file_failed", Args: map[string]any{"Code": string(n.Code)}})
}
