package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/bot"
	"defenderline/referrals"
	"defenderline/referrals/desk"
	"defenderline/referrals/store"
)

// deskLine is what the desk API asks of the line: it makes moves and starts what they leave to be done, and knows which
// organisations are offered cases.
type deskLine interface {
	Move(ctx context.Context, m referrals.Move) (referrals.Holding, error)
	Accepting(desk string) (now, may bool)
	Accept(ctx context.Context, desk string, accepting bool) error
}

// newDeskAPI is the desk API of a line, for every path below /api/v1/. Its streams of events end when ends is closed, which a
// server that ends does not wait for otherwise.
func newDeskAPI(s *store.Store, desks []*referrals.Desk, m deskLine, metrics prometheus.Registerer, log *slog.Logger, ends <-chan struct{}) http.Handler {
	answers := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "defenderline", Name: "desk_api_answers_total",
		Help: "Answers of the desk API, by path as its description has it, and status."}, []string{"path", "status"})
	metrics.MustRegister(answers)
	kept := deskStore{s}
	return desk.New(desk.Options{Desks: desks, Holdings: kept, Archive: kept, Mover: m, Doors: deskDoors{m}, Events: kept, Keys: kept, Now: s.Now,
		Random: rand.Reader, Log: log, Ends: ends,
		Refused: func(desk string, kind referrals.RefusalKind) { s.Refuse(desk, kind, referrals.ByAPI) },
		Observe: func(path string, status int) { answers.WithLabelValues(path, strconv.Itoa(status)).Inc() }})
}

// deskStore is the store in the desk API's words.
type deskStore struct{ *store.Store }

// Holdings lists what a desk holds; a cursor that is none is the API's ErrCursor.
func (s deskStore) Holdings(ctx context.Context, id string, states []referrals.State, limit int, cursor string) ([]referrals.Holding, string, error) {
	held, next, err := s.Store.Holdings(ctx, id, states, limit, cursor)
	if errors.Is(err, store.ErrCursor) {
		err = desk.ErrCursor
	}
	return held, next, err
}

// Events returns what a desk learned; an id that is none is the API's ErrEvent.
func (s deskStore) Events(ctx context.Context, id, after string, wait time.Duration) ([]referrals.DeskEvent, error) {
	events, err := s.Store.Events(ctx, id, after, wait)
	if errors.Is(err, store.ErrEvent) {
		err = desk.ErrEvent
	}
	return events, err
}

// deskDoors is the line in the desk API's words.
type deskDoors struct{ deskLine }

// Accept notes whether an organisation is offered cases; one that may not say so is the API's ErrSettled.
func (d deskDoors) Accept(ctx context.Context, id string, accepting bool) error {
	err := d.deskLine.Accept(ctx, id, accepting)
	if errors.Is(err, bot.ErrSettled) {
		err = desk.ErrSettled
	}
	return err
}
