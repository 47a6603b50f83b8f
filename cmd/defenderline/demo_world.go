package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"defenderline/bot/telegramsim"
	"defenderline/configs"
	"defenderline/i18n"
)

// world is everything around the line in the demo: a simulated Telegram with its people, an in-memory
// Redis, and the desks' private keys, which the line itself never has.
type world struct {
	now      func() time.Time
	sim      *telegramsim.Server
	telegram *background
	redis    *miniredis.Miniredis
	line     *telegramsim.Bot
	parts    *parts
	signer   []byte // the line's public key
	// fingerprint is the line's own, as /verify shows it.
	fingerprint string
	seats       []seat
	// vocabulary is what stands readable without telling of anybody.
	vocabulary string
	texts      *i18n.Catalogue
	phones     map[string]*telegramsim.Phone // of seats, by their ids

	mu      sync.Mutex
	person  person
	left    []departure
	changed chan struct{} // closed by the next change
	store   storeView
	files   int64 // bytes of all that were sent
}

// person is who writes to the line at the moment.
type person struct {
	phone    *telegramsim.Phone
	user     telegramsim.User
	language string
	words    []string // of what was written, to look for where they must not be
	codes    []string // of cases, as the line told them
}

// newWorld puts the demo together. Nothing of the line runs yet.
func newWorld(ctx context.Context, h host, log *slog.Logger) (*world, error) {
	w := &world{now: h.now, sim: telegramsim.New(telegramsim.Options{Load: true}), redis: miniredis.NewMiniRedis(),
		phones: map[string]*telegramsim.Phone{}, changed: make(chan struct{})}
	err := w.build(ctx, h, log)
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) build(ctx context.Context, h host, log *slog.Logger) error {
	w.redis.ClockTTL(true)
	if err := w.redis.Start(); err != nil {
		return err
	}
	var err error
	if w.telegram, err = serveTelegram(w.sim); err != nil {
		return err
	}
	config, seats, signing, err := demoConfig(h, w.telegram.url, w.redis.Addr())
	if err != nil {
		return err
	}
	w.seats, w.signer, w.fingerprint = seats, signing.Public(), signing.Fingerprint()
	if w.texts, err = i18n.Load(config.Languages); err != nil {
		return err
	}
	w.vocabulary = vocabulary(config.Directory().Desks(), w.texts)
	if err := w.people(config.Telegram); err != nil {
		return err
	}
	w.parts, err = assemble(ctx, config, log)
	return err
}

// people adds the bots, those at the desks, who start the desks' bot as everybody must, and a defender.
func (w *world) people(bots configs.Telegram) error {
	var err error
	if w.line, err = w.sim.AddBot(bots.Token.Reveal(), "defender_line_bot"); err != nil {
		return err
	}
	desks, err := w.sim.AddBot(bots.DeskToken.Reveal(), "defender_line_desk_bot")
	if err != nil {
		return err
	}
	for _, s := range w.seats {
		p, err := w.sim.AddPerson(telegramsim.User{ID: s.chat, FirstName: s.who, LanguageCode: "en"})
		if err != nil {
			return err
		}
		w.phones[s.id] = p.With(desks)
		if _, err := w.phones[s.id].Start(""); err != nil {
			return err
		}
	}
	return w.newPerson("en")
}

// demoNames are who the defender is, by the language of their phone. They are made up.
func demoNames() map[string]string {
	return map[string]string{"en": "Grace Wanjiru", "es": "Rosa Quispe", "fr": "Aïssatou Diallo", "ar": "ليلى حداد"}
}

var errNoLanguage = errors.New("the demo's defender has no phone in that language; choose one of the list")

// newPerson puts somebody else in the defender's place, whose phone is in a language.
func (w *world) newPerson(language string) error {
	name, ok := demoNames()[language]
	if !ok {
		return errNoLanguage
	}
	p, err := w.sim.AddPerson(telegramsim.User{FirstName: name, LanguageCode: language})
	if err != nil {
		return err
	}
	w.mu.Lock()
	w.person = person{phone: p.With(w.line), user: p.User(), language: language, codes: []string{}}
	w.mu.Unlock()
	w.remember(name)
	w.touch()
	return nil
}

// takeRoom takes room for a file of n bytes; false when there is not as much.
func (w *world) takeRoom(n int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.files+n > mostUploads {
		return false
	}
	w.files += n
	return true
}

// giveRoom gives back what takeRoom took for a file that did not come.
func (w *world) giveRoom(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files -= n
}

// defender is who writes to the line now.
func (w *world) defender() person {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.person
}

// direction is how the defender's language is written.
func (p person) direction() string { return string(i18n.Direction(p.language)) }

// phone is the chat of a name used by the page, or nil.
func (w *world) phone(chat string) *telegramsim.Phone {
	if chat == "defender" {
		return w.defender().phone
	}
	return w.phones[chat]
}

// seat is the seat with an id, or nil.
func (w *world) seat(id string) *seat {
	for i := range w.seats {
		if w.seats[i].id == id {
			return &w.seats[i]
		}
	}
	return nil
}

// seatOfChat is who sits in a chat, or nil when it is no desk's.
func (w *world) seatOfChat(chat int64) *seat {
	for i := range w.seats {
		if w.seats[i].chat == chat {
			return &w.seats[i]
		}
	}
	return nil
}

// touch wakes whoever waits for a change.
func (w *world) touch() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

// change gives what the next change closes.
func (w *world) change() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.changed
}

// close ends everything that newWorld started, also when it did not come far.
func (w *world) close() {
	if w.parts != nil {
		_ = w.parts.store.Close() // nothing is kept anyway
	}
	w.sim.Close()
	if w.telegram != nil {
		w.telegram.close()
	}
	w.redis.Close()
}
