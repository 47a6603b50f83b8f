package configs

import (
	"fmt"
	"time"

	"defenderline/referrals"
)

// unserved warns of what the file may say already and this release does not do yet. Serving one of them means deleting its
// lines here. It also refuses a desk that nobody could be alerted at.
func (l *loader) unserved(c *Config) {
	if c.Operator != nil && c.SMTP == nil && c.Operator.Email != "" {
		l.warn("operator.email", "is paged by mail, and there is no mail server: it is shown to defenders and nothing else", "add smtp, or watch defenderline_pages_total")
	}
	for _, d := range c.Desks {
		l.outlasts(c, d)
		l.unreachable(c, d)
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

// unreachable refuses addresses without a mail server, and a desk with neither a chat nor an address.
func (l *loader) unreachable(c *Config, d Desk) {
	field, ways := d.Field+".duty", 0
	if d.Kind == referrals.NGODesk {
		field = d.Field + ".chat"
	}
	for i, rung := range d.Ladder {
		if rung.Chat != 0 || rung.Email != "" {
			ways++
		}
		if at := fmt.Sprintf("%s[%d].email", field, i); rung.Email != "" && l.file.SMTP == nil && !l.told(at) {
			l.refuse(at, "has no mail server to send by", "add smtp: {host: …, port: 465, from: …}, or leave the address out")
		}
	}
	if ways == 0 && !l.told(field) {
		l.refuse(field, "has no chat and no address, so that nobody there could be alerted", "give it the chat of an officer")
	}
}
