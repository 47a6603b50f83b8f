package configs

import (
	"time"

	"defenderline/referrals"
)

// unserved warns of what the file may say already and this release does not do yet, and refuses a
// desk that nobody could be alerted at for that reason. Serving one of them means deleting its
// lines here.
func (l *loader) unserved(c *Config) {
	const remedy = "it may stay in the file and has no effect"
	if c.SMTP != nil {
		l.warn("smtp", "is not served yet", remedy)
	}
	if c.Operator != nil {
		l.warn("operator.email", "is not served yet", remedy)
	}
	for _, d := range c.Desks {
		l.outlasts(c, d)
		if d.Capacity > 0 {
			l.warn(d.Field+".capacity", "is not served yet", remedy)
		}
		l.unreachable(d)
	}
}

// outlasts warns of a ladder that is longer than sealed copies are kept: who is alerted last would find nothing.
func (l *loader) outlasts(c *Config, d Desk) {
	var longest time.Duration
	for i := range d.Ladder {
		longest += max(d.Within(i, referrals.Routine), d.Within(i, referrals.Emergency))
	}
	if longest > c.Retention.Sealed {
		l.warn(d.Field+".duty", "takes "+longest.String()+" from the first rung to the last, longer than retention.sealed keeps a case",
			"shorten routine_acknowledge_within or the rungs, or raise retention.sealed")
	}
}

// unreachable refuses a desk without a chat, and warns of steps of its ladder that have none.
func (l *loader) unreachable(d Desk) {
	field, chats := d.Field+".duty", 0
	if d.Kind == referrals.NGODesk {
		field = d.Field + ".chat"
	}
	for i, rung := range d.Ladder {
		if rung.Chat != 0 {
			chats++
		}
		if rung.Email != "" {
			l.warn(indexed(field, i)+".email", "is not served yet", "it may stay in the file; a chat is alerted meanwhile")
		}
	}
	if chats == 0 && !l.told(field) {
		l.refuse(field, "has no chat, so that nobody there could be alerted", "give it the chat of an officer")
	}
}
