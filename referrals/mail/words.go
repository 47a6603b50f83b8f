package mail

import (
	"fmt"
	"time"

	"defenderline/referrals"
)

// acknowledge says how, without naming a case: it stands inside the seal and before it.
const acknowledge = "To acknowledge, answer in the line's chat (/queue shows what waits) or through the desk API. Nobody reads replies to this mail."

// subject tells the lane, which decides who gets up at night, and nothing else.
func subject(k Kind, l referrals.Lane) string {
	if k == Page {
		return "The line needs its operator"
	}
	switch l {
	case referrals.Emergency:
		return "Emergency: a sealed message waits"
	case referrals.Urgent:
		return "Urgent: a sealed message waits"
	default:
		return "A sealed message waits"
	}
}

// precedence keeps programs older than RFC 3834 from answering on somebody's behalf. An emergency
// goes first instead, where a server knows the word: "bulk" may wait in its queue.
func precedence(l referrals.Lane) string {
	if l == referrals.Emergency {
		return "special-delivery"
	}
	return "bulk"
}

// words are what a mail says in English, lines ending in LF.
func words(a Alert) string {
	text := opening(a.Kind, a.Case) + "\nLane: " + string(a.Lane) + ".\n"
	if !a.Due.IsZero() {
		text += "An answer is awaited until " + a.Due.UTC().Format("2006-01-02 15:04:05") + " UTC.\n"
	}
	switch a.Kind {
	case Alerted, Added:
		text += "\nOpen " + a.file() + " with your OpenPGP program.\n" + acknowledge + "\n"
	case Offered:
		text += "\nTo claim it, answer in the line's chat (/queue shows what waits) or through the desk API. The sealed document follows the claim. Nobody reads replies to this mail.\n"
	}
	return text
}

func opening(k Kind, code string) string {
	switch k {
	case Alerted:
		return fmt.Sprintf("Case %s waits for you, sealed to your desk.", code)
	case Added:
		return fmt.Sprintf("More was added to case %s, sealed to your desk.", code)
	case Offered:
		return fmt.Sprintf("Referral %s is offered to your organisation.", code)
	case Expired:
		return fmt.Sprintf("The time to answer %s is over. It goes to whoever is next.", code)
	case Withdrawn:
		return fmt.Sprintf("The defender took case %s back. Do not act on it, and delete what you hold of it.", code)
	case Ended:
		return fmt.Sprintf("The defender needs no more help with case %s.", code)
	default:
		return fmt.Sprintf("Nobody has answered case %s in time, and nobody is left to alert. Reach its desk by another way.", code)
	}
}

// date is a moment as mail writes it (RFC 5322, section 3.3), in UTC so that it tells no place.
func date(t time.Time) string { return t.UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000") }
