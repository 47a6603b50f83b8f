package bot

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	tg "github.com/go-telegram/bot"

	"defenderline/i18n"
	"defenderline/referrals"
)

// away tells people that what they did has not been passed on, once in an outage of the store: a spinner that turns leaves
// them without an answer. It knows nothing but what came just now, so it speaks the language of the person's own program.
type away struct {
	texts *i18n.Catalogue
	// fallback are other ways to help, by language.
	fallback map[string]string
	dir      *referrals.Directory
	// ownDeskBot says that officers and NGOs have a bot of their own.
	ownDeskBot bool
	out        *outbox
	desks      *post
	hands      *hands
	now        func() time.Time

	mu    sync.Mutex
	since time.Time // of the first failure; zero: the store answers
	told  map[address]bool
}

// awayAfter is how long an outage lasts before people are told: most are over sooner.
const awayAfter = 5 * time.Second

// mostTold bounds the memory; beyond it nobody else is told.
const mostTold = 20_000

// back notes that everything could be kept.
func (a *away) back() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.since, a.told = time.Time{}, nil
}

// failed notes that updates could not be kept, and tells whose they are when that has lasted.
func (a *away) failed(err error, bot byte, posts []referrals.Post) {
	var unkept *referrals.Unkept
	if errors.As(err, &unkept) {
		posts = slices.DeleteFunc(slices.Clone(posts), func(p referrals.Post) bool { return !slices.Contains(unkept.Members, p.To) })
	}
	if !a.lasts() {
		return
	}
	for _, p := range posts {
		if u, err := decode(p.Body[1:]); err == nil {
			a.tell(bot, p.To, u)
		}
	}
}

// lasts says whether the outage has lasted long enough to be told.
func (a *away) lasts() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.since.IsZero() {
		a.since, a.told = a.now(), map[address]bool{}
	}
	return a.now().Sub(a.since) >= awayAfter
}

// tell tells one chat, once. A wipe finds the message, since the store hears of it when it answers again.
func (a *away) tell(bot byte, to referrals.Member, u update) {
	from := u.chat()
	desk := (bot == deskBot || !a.ownDeskBot) && len(a.dir.ByChat(from.ID)) > 0
	chat := address{bot, from.ID}
	if from.Type != "private" && !desk || u.Edited != nil || u.Member != nil || !a.first(chat) {
		return
	}
	lang, _ := a.texts.Match(u.language())
	c := call{Bot: bot, Chat: from.ID, Method: "sendMessage"}
	if u.Callback != nil {
		key := map[bool]string{false: "toast.away", true: "desk.toast.away"}[desk]
		c.Method, c.Until = "answerCallbackQuery", a.now().Add(answerWithin)
		c.Params = encode(tg.AnswerCallbackQueryParams{CallbackQueryID: u.Callback.ID, Text: a.texts.Text(lang, key, nil), ShowAlert: true})
	} else {
		c.Params = encode(tg.SendMessageParams{ChatID: from.ID, Text: a.words(lang, desk), LinkPreviewOptions: noPreview})
	}
	e := &effort{}
	id := errandID{to.Slot, "away-" + strconv.FormatInt(u.ID, 10)}
	a.out.add(parcel{lane: laneUrgent, to: chat, free: c.free(), do: func(ctx context.Context) time.Duration {
		message, again := a.desks.deliver(ctx, c, e)
		if again > 0 {
			return again
		}
		if message != 0 && !desk {
			a.hands.finish(id, false, referrals.Delivery{To: to, Message: message, At: a.now()})
		}
		return again
	}})
}

// words are what a message says: to defenders also the other ways to help that the line was given.
func (a *away) words(lang string, desk bool) string {
	if desk {
		return a.texts.Text(lang, "desk.away", nil)
	}
	text, other := a.texts.Text(lang, "line.away", nil), a.fallback[lang]
	if other == "" {
		other = a.fallback[a.texts.Languages()[0]]
	}
	if other == "" {
		return text
	}
	return text + "\n\n" + other
}

// first says whether a chat has not been told yet.
func (a *away) first(chat address) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.told[chat] || len(a.told) >= mostTold {
		return false
	}
	a.told[chat] = true
	return true
}

// unconfirmed are updates that were received and could not be kept. Telegram forgets presses after minutes, also those it
// was not told were received: what has come stays here until it is kept.
type unconfirmed []jsontext.Value

// mostUnconfirmed is how many are held; what is beyond it comes again from Telegram.
const mostUnconfirmed = 1000

// with adds what came now, each update once, in their order.
func (h unconfirmed) with(raws []jsontext.Value) unconfirmed {
	seen := make(map[int64]bool, len(h))
	for _, raw := range h {
		seen[updateID(raw)] = true
	}
	for _, raw := range raws {
		if id := updateID(raw); id == 0 || !seen[id] && len(h) < mostUnconfirmed {
			h = append(h, slices.Clone(raw))
		}
	}
	slices.SortStableFunc(h, func(a, b jsontext.Value) int { return int(updateID(a) - updateID(b)) })
	return h
}
