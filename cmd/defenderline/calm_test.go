package main

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server that is away for minutes is told of at once and then once a minute, and never what another line says.
func TestCalmTellsAnOutageOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(newCalm(slog.NewTextHandler(&out, nil)))
		away := errors.New("redis does not answer")
		for i := range 150 { // two minutes and a half
			log.Warn("taking work failed", "err", fmt.Errorf("read tcp 127.0.0.1:%d: i/o timeout", 40_000+i))
			time.Sleep(time.Second)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 3 || strings.Contains(lines[0], "for=") || !strings.Contains(lines[1], "for=1m0s times=60") || !strings.Contains(lines[2], "for=2m0s times=60") {
			t.Errorf("told:\n%s", out.String())
		}
		out.Reset()
		for range 3 {
			log.Info("listening")
			log.Warn("taking work failed", "err", errors.New("another"))
			log.With("bot", "desk").Warn("taking work failed", "err", away)
			log.WithGroup("line").Error("taking work failed", "err", away)
		}
		if n := strings.Count(out.String(), "\n"); n != 3+3 {
			t.Errorf("three of one and one each of three others are %d lines:\n%s", n, out.String())
		}
		out.Reset()
		time.Sleep(repeatEvery)
		if log.Warn("taking work failed", "err", away); !strings.Contains(out.String(), "taking") || strings.Contains(out.String(), "for=") {
			t.Errorf("another outage, later: %q", out.String())
		}
	})
}

// Warnings that all differ are all told and do not fill the memory.
func TestCalmForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		h := newCalm(slog.NewTextHandler(&out, nil))
		log := slog.New(h)
		for i := range 3 * mostWarnings {
			log.Warn("a desk", "number", i)
		}
		if n := strings.Count(out.String(), "\n"); n != 3*mostWarnings || len(h.of) > mostWarnings {
			t.Errorf("%d lines, %d remembered", n, len(h.of))
		}
		time.Sleep(repeatEvery)
		for i := range mostWarnings - len(h.of) + 1 {
			log.Warn(fmt.Sprint("again ", i))
		}
		if len(h.of) != 1 {
			t.Errorf("%d remembered, all but the newest have ended", len(h.of))
		}
	})
}
