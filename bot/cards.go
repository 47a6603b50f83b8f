package bot

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	tg "github.com/go-telegram/bot"

	"defenderline/i18n"
	"defenderline/referrals"
)

// A card is a message at a desk that shows how a case stands and what can be done: an alert, an offer, an
// answer to /case. When the case moves, every card of the last 48 hours is edited to how it stands then, so that
// a colleague sees without a further message that somebody has it. It is a courtesy: an edit that a crash
// swallows leaves a button that is answered politely.
type card struct {
	message int
	caption bool // its words stand beside a document
}

// cards is the list of the cards of a case at one rung, kept as messages of a chat are: sealed.
func cards(desk, code string, rung int) referrals.Member {
	return referrals.Member{Slot: deskSlot(desk), Name: "h" + code + "." + strconv.Itoa(rung)}
}

// mark is the number under which a card is kept: a caption's is negative.
func (c card) mark() int {
	if c.caption {
		return -c.message
	}
	return c.message
}

// cardOf is the card that a number stands for.
func cardOf(mark int) card {
	if mark < 0 {
		return card{message: -mark, caption: true}
	}
	return card{message: mark}
}

// edit is the call that makes a card say something else.
func (c card) edit(bot byte, chat int64, text string, k *keyboard) call {
	if c.caption {
		p := tg.EditMessageCaptionParams{ChatID: chat, MessageID: c.message, Caption: text}
		if k != nil {
			p.ReplyMarkup = k
		}
		return call{Bot: bot, Chat: chat, Method: "editMessageCaption", Params: encode(p), Card: c.message}
	}
	p := tg.EditMessageTextParams{ChatID: chat, MessageID: c.message, Text: text, LinkPreviewOptions: noPreview}
	if k != nil {
		p.ReplyMarkup = k
	}
	return call{Bot: bot, Chat: chat, Method: "editMessageText", Params: encode(p), Card: c.message}
}

// describe is a case in a line or two: how urgent, which, how far, since and until when.
func describe(texts *i18n.Catalogue, lang string, h referrals.Holding, d *referrals.Desk) string {
	args := map[string]any{"Code": h.Code, "Desk": d.Name, "Lane": texts.Text(lang, "desk.lane."+string(h.Lane), nil),
		"State": texts.Text(lang, "desk.state."+string(h.State), nil), "Since": texts.Time(lang, h.Since, d.Zone)}
	if h.Due.IsZero() {
		return texts.Text(lang, "desk.case", args) + with(texts, lang, h, d)
	}
	args["Due"] = texts.Time(lang, h.Due, d.Zone)
	return texts.Text(lang, "desk.case_due", args) + with(texts, lang, h, d)
}

// languageOf is the language that a desk is written to in.
func languageOf(texts *i18n.Catalogue, d *referrals.Desk) string {
	lang, _ := texts.Match(d.Language(texts.Languages()[0]))
	return lang
}

// shownCards knows what cards were edited to in the last moments: an act at a desk edits the card that was pressed, and
// then every card of the case, and what a card shows already need not be sent again.
type shownCards struct {
	mu   sync.Mutex
	says map[shownCard]string // the last edit's parameters
	at   time.Time            // when the first of them was noted
}

type shownCard struct {
	address
	message int
}

// shownFor is for how long it is known: another replica may edit the same card.
const shownFor = 5 * time.Second

// is says whether a card shows already what a call would make it show.
func (s *shownCards) is(c call, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return c.Card != 0 && now.Sub(s.at) < shownFor && s.says[shownCard{address{c.Bot, c.Chat}, c.Card}] == string(c.Params)
}

// note notes what a card was edited to; when that failed, that nobody knows what it shows.
func (s *shownCards) note(c call, done bool, now time.Time) {
	if c.Card == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.at) >= shownFor {
		s.says, s.at = map[shownCard]string{}, now
	}
	key := shownCard{address{c.Bot, c.Chat}, c.Card}
	if delete(s.says, key); done {
		s.says[key] = string(c.Params)
	}
}

// How many cards of a rung are edited, the newest, and how often the store is asked for them.
const (
	mostCards     = 20
	mostCardTries = 5
)

// redraw edits the cards of a case at the rungs that were told of it.
func (r *runner) redraw(desk, code string, told referrals.Rungs) {
	d := r.desks.dir.Desk(desk)
	if d == nil {
		return
	}
	for rung := range d.Ladder {
		if d.Ladder[rung].Chat == 0 || !told.Has(rung) {
			continue
		}
		e, drawn := &effort{}, map[int]bool{}
		to := address{r.desks.deskBot, d.Ladder[rung].Chat}
		r.out.add(parcel{lane: laneDesk, order: "cards:" + desk + ":" + strconv.Itoa(rung), to: to, do: func(ctx context.Context) time.Duration {
			return r.redrawRung(ctx, d, code, rung, e, drawn)
		}})
	}
}

// redrawRung edits the cards of a case at one rung, and notes those that are done.
func (r *runner) redrawRung(ctx context.Context, d *referrals.Desk, code string, rung int, e *effort, drawn map[int]bool) time.Duration {
	marks, err := r.messages(ctx, cards(d.ID, code, rung))
	if err == nil && len(marks) == 0 {
		return needless
	}
	var h referrals.Holding
	if err == nil {
		h, err = r.holding.Holding(ctx, d.ID, code)
	}
	if errors.Is(err, referrals.ErrUnknown) { // ended and forgotten
		return needless
	}
	if err != nil {
		if e.tries++; e.tries >= mostCardTries {
			return 0
		}
		return pause(err, e.tries)
	}
	lang := r.desks.language(d)
	for _, mark := range newestCards(marks) {
		if drawn[mark] {
			continue
		}
		c := cardOf(mark).edit(r.desks.deskBot, d.Ladder[rung].Chat, describe(r.desks.texts, lang, h, d),
			deskKeyboard(r.desks.texts, lang, h, d))
		_, again := r.desks.deliver(ctx, c, e)
		if again > 0 {
			return again
		}
		if drawn[mark] = true; again == needless {
			continue
		}
		return time.Nanosecond // each edit counts as a message and waits its turn
	}
	return needless
}

// newestCards are as many as are edited. The store gives numbers in their order: the newest caption comes first, the
// newest text last.
func newestCards(marks []int) []int {
	if len(marks) <= mostCards {
		return marks
	}
	half := mostCards / 2
	return append(marks[:half:half], marks[len(marks)-half:]...)
}
