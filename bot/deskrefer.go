package bot

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"defenderline/referrals"
)

// An officer hands a case on in three presses: Refer, an organisation, what for. What was chosen stands behind the code in the
// buttons, so that nothing is remembered in between; there are no words, because Telegram reads them. The case then asks its
// defender. When the officer has to seal a document, a fourth press says that it comes, and the next file of the chat is it.

// Tokens of the buttons of refer: none to choose an organisation, a page of them, the organisation's id, its
// id and the number of a purpose, and .id to send the document for it.
const (
	forWhat = "."
	sendsTo = "."
)

// refer does what a button of refer says.
func (a *atDesk) refer(ctx context.Context, p onCase) error {
	_, _, token := splitData(a.u.Callback.Data)
	to, sends := strings.CutPrefix(token, sendsTo)
	if p.d.Kind == referrals.NGODesk || !(p.h.State == referrals.Acknowledged || sends && handsOn(p.h)) {
		a.meters.Refused.WithLabelValues("wrong_state").Inc()
		a.toast("desk.toast.refer_closed", map[string]any{"State": a.text("desk.state."+string(p.h.State), nil)})
		return a.again(ctx, p.h, p.d)
	}
	if sends {
		return a.referSend(ctx, to, p)
	}
	if page := pageIn(token); page != "" || token == "" || token == fromQueue {
		a.referChoose(page, p)
		return nil
	}
	id, number, chosen := strings.Cut(token, forWhat)
	org := a.dir.Desk(id)
	if !referrals.MayRefer(p.d, org) || a.seal.Usable(id) != nil {
		a.toast("desk.toast.refer_gone", nil)
		return nil
	}
	if !chosen {
		a.referPurpose(p, org)
		return nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= len(referrals.Purposes()) {
		a.toast("desk.toast.unknown", nil)
		return nil
	}
	a.referAsk(p, org, referrals.Purposes()[n])
	return nil
}

// referChoose offers a page of organisations.
func (a *atDesk) referChoose(page string, p onCase) {
	orgs := a.dir.Referable(p.d, a.seal.Usable)
	if len(orgs) == 0 {
		a.toast("desk.toast.ask", nil)
		a.tell(a.text("desk.refer_nobody", map[string]any{"Code": p.h.Code}), nil)
		return
	}
	var all []button
	for _, d := range orgs {
		all = append(all, button{Text: d.Name, Data: referData(p.h.Code, d.ID)})
	}
	k := a.paged(all, page, func(token string) string { return referData(p.h.Code, token) })
	a.asks(a.text("desk.refer_choose", map[string]any{"Code": p.h.Code}), k, p.h.Code, page != "")
}

// referData is the data of a button of refer.
func referData(code, token string) string { return "refer:" + code + "#" + token }

// referPurpose asks what an organisation should have the case for.
func (a *atDesk) referPurpose(p onCase, to *referrals.Desk) {
	k, all := &keyboard{}, referrals.Purposes()
	for _, what := range referrals.PurposesOf(to) {
		k.pair(button{Text: a.text("value.need."+what, nil), Data: referData(p.h.Code, to.ID+forWhat+strconv.Itoa(slices.Index(all, what)))})
	}
	a.asks(a.text("desk.refer_purpose", map[string]any{"Code": p.h.Code, "Org": to.Name}), k, p.h.Code, true)
}

// referAsk has the case ask its defender. What comes of it is told by the case.
func (a *atDesk) referAsk(p onCase, to *referrals.Desk, what string) {
	code, ok := referrals.CaseOf(p.h.Code)
	if !ok {
		return
	}
	post := referrals.EventPost(p.h.Origin, code, "suggested:"+a.id, referrals.Event{Kind: referrals.WasSuggested, Desk: p.d.ID, Holding: p.h.Code,
		At: a.at, Refer: &referrals.Refer{To: to.ID, For: what, Rung: a.rung(p.d)}})
	a.out.Errands = append(a.out.Errands, referrals.Errand{Post: &post})
	a.toast("desk.toast.refer", nil)
	if m := a.u.Callback.Message; m != nil {
		a.send(deletions(a.bot, a.chat, []int{m.ID})[0])
	}
}

// handsOn says that a document for an organisation may come from a desk: also after it closed the case, because the defender
// agreed to it and nobody else can seal it.
func handsOn(h referrals.Holding) bool {
	return h.State == referrals.Acknowledged || h.State == referrals.Closed
}

// referSend waits for the document that the officer sealed.
func (a *atDesk) referSend(ctx context.Context, id string, p onCase) error {
	to := a.dir.Desk(id)
	if !referrals.MayRefer(p.d, to) { // paused or taken out of the configuration since
		a.toast("desk.toast.refer_gone", nil)
		return nil
	}
	t, err := a.begins(ctx, talkRefer, p.h)
	if err != nil {
		return err
	}
	t.To = to.ID
	a.toast("desk.toast.ask", nil)
	k := &keyboard{Rows: [][]button{a.backRow(p.h.Code)}}
	a.tell(a.text("desk.refer_send", map[string]any{"Code": p.h.Code, "Org": to.Name}), k)
	return nil
}

// wroteRefer takes the document. It is looked at before it is kept, apart from the chat, and the case tells what came of it.
func (a *atDesk) wroteRefer(ctx context.Context, m *message, h referrals.Holding, d *referrals.Desk) error {
	t := a.state.Talk
	to, code := a.dir.Desk(t.To), referrals.Code("")
	if c, ok := referrals.CaseOf(h.Code); ok {
		code = c
	}
	if !referrals.MayRefer(d, to) || code == "" {
		a.tell(a.text("desk.talk.gone", map[string]any{"Code": h.Code}), nil)
		return a.endTalk(ctx)
	}
	args := map[string]any{"Code": h.Code, "Org": to.Name, "Most": referrals.MostHanded >> 20}
	switch f := m.Document; {
	case f == nil || !sealedName(f.Name):
		a.tell(a.text("desk.refer_words", args), nil)
		a.send(deletions(a.bot, a.chat, []int{m.ID})[0]) // it can be read
		return nil
	case f.Size > referrals.MostHanded:
		a.tell(a.text("desk.refer_large", args), nil)
		a.send(deletions(a.bot, a.chat, []int{m.ID})[0])
		return nil
	}
	post := referrals.EventPost(h.Origin, code, "handed:"+a.id, referrals.Event{Kind: referrals.WasHanded, Desk: d.ID, Holding: h.Code, At: a.at,
		Refer: &referrals.Refer{To: to.ID, Rung: a.rung(d)}, Waiting: []referrals.WaitingFile{{Ref: m.Document.ID, Size: m.Document.Size, Message: m.ID}}})
	a.out.Errands = append(a.out.Errands, referrals.Errand{Post: &post})
	a.tell(a.text("desk.refer_got", args), nil)
	return a.endTalk(ctx)
}

// sealedName says that a file is named as programs for OpenPGP name what they seal.
func sealedName(name string) bool {
	return slices.Contains([]string{".asc", ".gpg", ".pgp"}, strings.ToLower(path.Ext(name)))
}
