package flows

// tables lists the conversations in the order they are shown in.
func tables() []Table {
	return []Table{home, emergency, after, threat, contact, add}
}

// everywhere holds what every conversation has: declared once, reached from anywhere, and
// left by going back.
var everywhere = []Step{
	{At: atCancel, Next: []Answer{
		{On: "review:discard", To: End, Do: Discard, Say: "note.discarded"},
	}},
}
