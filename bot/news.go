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
	if json.Unmarshal(raw, &n) != nil {
		return
	}
	if n.Reply != nil {
		tn.replied(n)
		return
	}
	if tn.state.Chat == 0 {
		return
	}
	c, known := caseOf(tn.state.Session.Cases, string(n.Code))
	if !known {
		return // the chat was wiped since: it has nothing to do with the case
	}
	tn.emergency = tn.emergency || c.Lane == string(referrals.Emergency)
	switch {
	case n.Question != nil:
		tn.ask(n)
		return
	case n.State == referrals.FileSealed: // its message has done its work
		tn.erase([]int{n.Message})
		return
	case n.State == referrals.FileFailed:
		tn.tell(n)
		return
	}
	if unwanted(c, n.Desk) { // done before the desk heard of it
		return
	}
	next, _, ok := tn.engine.News(tn.state.Session, string(n.Code), n.State, tn.deskName(n.Desk), n.Number, n.At)
	if !ok {
		return
	}
	if n.Held { // one desk is done with it, others are not: the case stays the person's to add to and take back
		next.Cases = stayOpen(next.Cases, tn.state.Session.Cases, string(n.Code))
	}
	tn.state.Session = next
	if n.State == "unanswered" {
		tn.offerOthers(string(n.Code), n)
	}
	tn.tell(n)
}

// deskName is a desk's name; empty when it is not known any more.
func (tn *turn) deskName(id string) string {
	if d := tn.dir.Desk(id); d != nil {
		return d.Name
	}
	return ""
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
