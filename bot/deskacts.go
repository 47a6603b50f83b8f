package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"defenderline/i18n"
	"defenderline/referrals"
)

// What an officer or a caseworker can press with a case, and what follows. Which acts there are, what each leads to and
// which reasons and outcomes it takes is in package referrals, for buttons and API alike; here is only how they are pressed.
// A further button has its place in deskActs, its line in atDesk.does and its handler in a file of its own.

// deskActs are the buttons of a case at a desk, by its state there.
var deskActs = map[referrals.State][]string{
	referrals.Alerted:      {"ack", "open", "handover"},
	referrals.Silent:       {"ack", "open", "handover"},
	referrals.Acknowledged: {"open", "reply", "refer", "close", "handover"},
	referrals.Offered:      {"claim", "decline"},
	referrals.Claimed:      {"accept", "decline", "open", "reply", "claim"}, // claimed again by who has it: more time
	referrals.Accepted:     {"complete", "return", "open", "reply"},
}

// queueActs are what can be done with a case in a list, by its state there.
var queueActs = map[referrals.State][]string{
	referrals.Alerted:      {"ack"},
	referrals.Silent:       {"ack"},
	referrals.Acknowledged: {"open", "close"},
	referrals.Offered:      {"claim"},
	referrals.Claimed:      {"accept"},
	referrals.Accepted:     {"complete"},
}

// onCase is a button pressed with a case that one of the officer's desks holds.
type onCase struct {
	// button is what was pressed: one of deskActs, or the answer to a question, "reason" or "outcome".
	button string
	value  string
	// token is what stands behind the value: which list it was pressed in, what was asked, whom it goes to.
	token string
	// act is what the button stands for, or what the question was about; empty where it is no act.
	act referrals.Act
	// claim is the claim that the button was shown for; zero: none, or an earlier version's.
	claim int64
	h     referrals.Holding
	d     *referrals.Desk
}

// does what a button says.
func (a *atDesk) does(ctx context.Context, p onCase) error {
	switch p.button {
	case "open":
		return a.open(ctx, p.h, p.d)
	case "decline", "return", "complete", "close":
		return a.ask(ctx, p)
	case "ack", "claim", "accept":
		return a.deed(ctx, p, "")
	case "reply":
		return a.reply(ctx, p)
	case "refer":
		return a.refer(ctx, p)
	case "reason", "outcome":
		return a.deed(ctx, p, p.value)
	case "handover":
		return a.handOver(ctx, p)
	default:
		a.toast("desk.toast.unknown", nil)
		return nil
	}
}

// actOf is the act that a button of a case stands for; what is none is none of referrals' either.
func actOf(button string) referrals.Act {
	if button == "ack" {
		return referrals.ActAcknowledge
	}
	return referrals.Act(button)
}

// buttonOf is the button of an act.
func buttonOf(act referrals.Act) string {
	if act == referrals.ActAcknowledge {
		return "ack"
	}
	return string(act)
}

// The token of a button says for which claim it was shown, behind fromQueue in a list. The answers to a question carry the
// case's code, what was asked, and that claim: an outcome is asked for one act of each desk.
func claimToken(h referrals.Holding) string {
	if h.Claim == 0 {
		return ""
	}
	return strconv.FormatInt(h.Claim, 10)
}

// claimIn reads a claim behind other letters of a token; 0 when there is none.
func claimIn(token string) int64 {
	n, err := strconv.ParseInt(strings.TrimLeft(token, fromQueue+"drc"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func askedToken(h referrals.Holding, act referrals.Act) string {
	switch act {
	case referrals.ActDecline:
		return h.Code + ".d" + claimToken(h)
	case referrals.ActReturn:
		return h.Code + ".r" + claimToken(h)
	case referrals.ActComplete:
		return h.Code + ".c" + claimToken(h)
	default:
		return h.Code
	}
}

// askedIn reads the token of an answer.
func askedIn(field, token string) (code string, act referrals.Act, claim int64) {
	code, asked, _ := strings.Cut(token, ".")
	switch {
	case field == "reason" && strings.HasPrefix(asked, "d"):
		act = referrals.ActDecline
	case field == "reason" && strings.HasPrefix(asked, "r"):
		act = referrals.ActReturn
	case field == "outcome" && isReferral(code):
		act = referrals.ActComplete
	case field == "outcome":
		act = referrals.ActClose
	}
	return code, act, claimIn(asked)
}

// isReferral says that a code is an organisation's.
func isReferral(code string) bool {
	_, _, ok := referrals.ParseReferralCode(code)
	return ok
}

// deed does an act, with a reason or an outcome where it needs one.
func (a *atDesk) deed(ctx context.Context, p onCase, why string) error {
	d := referrals.Deed{Act: p.act, Why: why, Claim: p.claim, Rung: a.rung(p.d), ID: p.button + ":" + a.id, At: a.at, Way: referrals.ByChat}
	if d.Keeps(p.h, p.d) {
		a.renewed(p.h, p.d)
		return a.again(ctx, p.h, p.d)
	}
	m, err := d.Move(p.h, p.d)
	if err != nil { // no act of this desk, or a reason that is none
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	if p.act == referrals.ActAcknowledge {
		m = m.By(p.h, a.rung(p.d))
	}
	return a.act(ctx, m, p)
}

// ask asks for the reason or the outcome that an act needs. The answer's buttons carry the case.
func (a *atDesk) ask(ctx context.Context, p onCase) error {
	if !slices.Contains(p.d.Kind.Acts(), p.act) {
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	if !p.h.Open() {
		a.late(p.h, p.act.To())
		return a.again(ctx, p.h, p.d)
	}
	field := "reason"
	if p.act == referrals.ActClose || p.act == referrals.ActComplete {
		field = "outcome"
	}
	k, token := &keyboard{}, askedToken(p.h, p.act)
	for _, v := range p.act.Whys() {
		k.Rows = append(k.Rows, []button{{Text: a.text("desk.button."+field+"."+v, nil), Data: field + ":" + v + "#" + token}})
	}
	k.Rows = append(k.Rows, a.backRow(p.h.Code))
	a.toast("desk.toast.ask", nil)
	a.tell(a.text("desk.ask."+p.button, map[string]any{"Code": p.h.Code}), k)
	return nil
}

// deskKeyboard are the buttons a desk has with a case as it holds it; nil when it has none. Who has no colleagues is not offered to
// hand over.
func deskKeyboard(texts *i18n.Catalogue, lang string, h referrals.Holding, d *referrals.Desk) *keyboard {
	acts := deskActs[h.State]
	if len(acts) == 0 {
		return nil
	}
	k := &keyboard{}
	for _, act := range acts {
		if act == "handover" && !d.Shares() {
			continue
		}
		k.pair(caseButton(texts, lang, act, h))
	}
	return k
}

// caseButton is one button of a case as a desk holds it.
func caseButton(texts *i18n.Catalogue, lang, act string, h referrals.Holding) button {
	label, data := act, act+":"+h.Code
	if act == "claim" && h.State == referrals.Claimed {
		label = "more"
	}
	if claim := claimToken(h); claim != "" {
		data += "#" + claim
	}
	return button{Text: texts.Text(lang, "desk.button."+label, nil), Data: data}
}
