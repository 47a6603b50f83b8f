package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"defenderline/referrals"
)

// mostListed is how many cases one message of a queue shows.
const mostListed = 10

// waiting is a case at one of the officer's desks.
type waiting struct {
	referrals.Holding
	desk *referrals.Desk
}

// fromQueue is the token of a button in a list of cases: pressing it leaves the list a list.
const fromQueue = "q"

// queue shows what waits at the officer's desks.
func (a *atDesk) queue(ctx context.Context) error {
	text, k, err := a.listed(ctx)
	if err == nil {
		a.tell(text, k)
	}
	return err
}

// requeue shows in the list that was pressed what waits now.
func (a *atDesk) requeue(ctx context.Context) error {
	text, k, err := a.listed(ctx)
	if err == nil {
		a.replaces(text, k)
	}
	return err
}

// listed is the message with what waits, the most urgent first, as much as fits into it.
func (a *atDesk) listed(ctx context.Context) (string, *keyboard, error) {
	var found []waiting
	more := false
	for _, s := range a.seats {
		held, next, err := a.holding.Holdings(ctx, s.Desk.ID, nil, mostListed, "")
		if err != nil {
			return "", nil, fmt.Errorf("list a desk's cases: %w", err)
		}
		more = more || next != ""
		for _, h := range held {
			found = append(found, waiting{h, s.Desk})
		}
	}
	if len(found) == 0 {
		return a.text("desk.queue_empty", nil), nil, nil
	}
	slices.SortStableFunc(found, func(x, y waiting) int {
		return cmp.Or(cmp.Compare(x.Lane.Rank(), y.Lane.Rank()), x.Since.Compare(y.Since))
	})
	more = more || len(found) > mostListed
	text, k := a.list(found[:min(len(found), mostListed)], more)
	return text, k, nil
}

// list is a message with cases and what to do first with each.
func (a *atDesk) list(found []waiting, more bool) (string, *keyboard) {
	var lines []string
	k := &keyboard{}
	for _, h := range found {
		lines = append(lines, describe(a.texts, a.lang, h.Holding, h.desk))
		var row []button
		for _, act := range queueActs[h.State] {
			label := a.text("desk.button."+act, nil) + " " + h.Code
			row = append(row, button{Text: label, Data: act + ":" + h.Code + "#" + fromQueue + claimToken(h.Holding)})
		}
		if len(row) > 0 {
			k.Rows = append(k.Rows, row)
		}
	}
	if more {
		lines = append(lines, a.text("desk.queue_more", nil))
	}
	return strings.Join(lines, "\n\n"), k
}

// status shows one case with everything that may be done with it. It is a card.
func (a *atDesk) status(ctx context.Context, code string) error {
	if code == "" {
		a.tell(a.text("desk.case_how", nil), nil)
		return nil
	}
	h, d, err := a.find(ctx, strings.ToUpper(code), "")
	if errors.Is(err, referrals.ErrUnknown) {
		a.unknown()
		a.tell(a.text("desk.unknown", nil), nil)
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up a case: %w", err)
	}
	said, err := a.reached(ctx, h, d)
	if err != nil {
		return err
	}
	c := a.message(describe(a.texts, a.lang, h, d)+said, deskKeyboard(a.texts, a.lang, h, d))
	c.Own = true
	a.out.Errands = append(a.out.Errands, c.errand(cards(d.ID, h.Code, a.rung(d))))
	return nil
}
