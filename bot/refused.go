package bot

import "defenderline/referrals"

// refuser counts acts that were refused in the audit trail. It never fails, and nothing waits for it.
type refuser interface {
	Refuse(desk string, kind referrals.RefusalKind, way referrals.Way)
}

// refuse counts an act that was refused: among the meters, and in the audit trail. desk is empty where it is not known at which.
func (tn *turn) refuse(reason string, kind referrals.RefusalKind, desk string) {
	tn.meters.Refused.WithLabelValues(reason).Inc()
	tn.trail.Refuse(desk, kind, referrals.ByChat)
}

// unknown counts a code, or a desk, that is none of the chat's. It is at the chat's desk, if there is one only.
func (a *atDesk) unknown() {
	desk := ""
	if len(a.seats) == 1 {
		desk = a.seats[0].Desk.ID
	}
	a.refuse("unknown_code", referrals.RefusedCode, desk)
}

// tooLate counts an act with a case that is not where the act starts from.
func (a *atDesk) tooLate(now referrals.Holding, to referrals.State, claim int64) {
	kind := referrals.RefusedState
	switch {
	case claim != 0 && claim != now.Claim:
		kind = referrals.RefusedClaim
	case now.State == to:
		kind = referrals.RefusedTwice
	}
	a.refuse("wrong_state", kind, now.Desk)
}
