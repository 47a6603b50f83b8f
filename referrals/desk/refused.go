package desk

import (
	"path"
	"strings"

	"defenderline/referrals"
)

// refused tells of an act that was refused, or of a code that is not the caller's. It never tells the code.
func (c *call) refused(r route, p *problem) {
	if c.Refused == nil {
		return
	}
	if of, ok := refusalOf(r, p); ok {
		desk := ""
		if c.guest != nil {
			desk = c.guest.ID
		}
		c.Refused(desk, of)
	}
}

// refusalOf is what a problem is to the audit trail; false for what is no refused act: a call that cannot be read, or one too many.
func refusalOf(r route, p *problem) (referrals.RefusalKind, bool) {
	switch kind(path.Base(p.Type)) {
	case unknown:
		return referrals.RefusedCode, strings.Contains(r.path, "{code}")
	case badToken:
		return referrals.RefusedToken, true
	case staleClaim:
		return referrals.RefusedClaim, true
	case noRoom:
		return referrals.RefusedFull, true
	case wrongValue:
		return referrals.RefusedValue, true
	case wrongState:
		if p.State == referrals.Act(path.Base(r.path)).To() {
			return referrals.RefusedTwice, true
		}
		return referrals.RefusedState, true
	default:
		return "", false
	}
}
