package bot

import (
	"context"
	"fmt"

	tg "github.com/go-telegram/bot"

	"defenderline/flows"
	"defenderline/referrals"
)

// ask brings a question about a case to the chat that sent it. It is asked once, and open until it is answered.
func (tn *turn) ask(n referrals.News) {
	q := flows.Question{Field: n.Question.Field, About: n.Question.About, By: n.Question.By, Name: tn.deskName(n.Question.About),
		For: n.Question.For, Copy: n.Question.Copy, At: n.Question.At}
	if _, _, known := tn.asks(string(n.Code), q); !known {
		return
	}
	next, ok := tn.engine.Ask(tn.state.Session, string(n.Code), q)
	if !ok {
		return
	}
	tn.state.Session = next
	tn.tell(n)
}

// asks is how a question is put, and the buttons that answer it, which are those of flows.QuestionButton. It reports false for one
// that this version does not know.
func (tn *turn) asks(code string, q flows.Question) (text flows.Text, rows [][]flows.Button, known bool) {
	switch q.Field {
	case referrals.ConsentField:
		return asksConsent(tn.deskName(q.By), code, q)
	case referrals.Reached:
		text, rows = flows.AskReached(code, tn.deskName(q.About), q.Mark)
		return text, rows, true
	default:
		return flows.Text{}, nil, false
	}
}

// answered tells a case what its defender answered to a question.
func (tn *turn) answered(e flows.Effect, before flows.Session) {
	if e.Question.Field == referrals.ConsentField && e.Value != referrals.ConsentNone && !tn.consentTo(e, before) {
		return
	}
	code, ok := referrals.ParseCode(e.Case)
	if !ok {
		return
	}
	if e.Question.Field == referrals.Reached {
		tn.meters.Reached.WithLabelValues(e.Value).Inc()
	}
	q := referrals.Question{Field: e.Question.Field, About: e.Question.About, By: e.Question.By, At: e.Question.At}
	// Ids stand in the store in the clear: whom it is about is not in them.
	id := fmt.Sprintf("answered:%s:%s:%d", code, q.Field, q.At.UnixMilli())
	if e.Question.Mark != "" { // asked in the same moment as the one about another desk
		id += ":" + e.Question.Mark
	}
	p := referrals.EventPost(tn.work.Slot, code, id, referrals.Event{Kind: referrals.WasAnswered, At: tn.at, Question: &q, Answer: e.Value})
	tn.out.Errands = append(tn.out.Errands, referrals.Errand{Post: &p})
}

// beside answers the press of a button below a message about a case. The screens stay as they are; the message says from now on
// what was answered.
func (tn *turn) beside(ctx context.Context, u update, out flows.Outcome, before flows.Session) error {
	tn.press(u, out.Toast)
	for _, e := range out.Effects {
		if err := tn.effect(ctx, e, before); err != nil {
			return err
		}
	}
	tn.says(u, out) // behind what may fail to follow from it
	return nil
}

// says makes the message whose button was pressed say what was answered, unless that could not be followed.
func (tn *turn) says(u update, out flows.Outcome) {
	if m := u.Callback.Message; m != nil && out.Says.Key != "" && !tn.undone {
		text := flows.Screen{Ask: out.Says}.View(tn.lang(), tn.texts).Text
		tn.send(call{Bot: tn.state.Bot, Chat: tn.state.Chat, Method: "editMessageText", Params: encode(tg.EditMessageTextParams{
			ChatID: tn.state.Chat, MessageID: m.ID, Text: text, LinkPreviewOptions: noPreview})})
	}
}
