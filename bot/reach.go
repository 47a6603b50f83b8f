package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

const (
	// deafAfter is how long a bot may be without an answer of Telegram before the line is not ready.
	deafAfter = time.Minute
	// probeEvery is how often Telegram is asked whether it is there, when nothing else asks it.
	probeEvery = 20 * time.Second
	// worthTelling is how long an outage lasts whose end is told.
	worthTelling = 2 * time.Second
)

// outage notices when a server that did not answer does again. That it does not is said by whoever needed it. It is
// safe for concurrent use.
type outage struct {
	mu    sync.Mutex
	since time.Time // of the first failure; zero while it answers
}

// note notes whether a server answered, and tells of the end of an outage by its name.
func (o *outage) note(answered bool, now time.Time, log *slog.Logger, name string, more ...any) {
	o.mu.Lock()
	since := o.since
	switch {
	case answered:
		o.since = time.Time{}
	case since.IsZero():
		o.since = now
	}
	o.mu.Unlock()
	if lasted := now.Sub(since); answered && !since.IsZero() && lasted >= worthTelling {
		log.Info(name+" answers again", append(more, "after", lasted.Round(time.Second).String())...)
	}
}

// reach is what this replica knows of the way to one of the bots.
type reach struct {
	bot  byte
	now  func() time.Time
	log  *slog.Logger
	away outage

	mu      sync.Mutex
	last    time.Time // of the last answer but refusals of the token
	refused int       // the status with which the token was refused last; 0: it was not
}

// note notes how a call ended, whatever it asked for. One that this process broke off says nothing.
func (r *reach) note(err error) {
	var answer *apiError
	code := 0
	switch {
	case errors.Is(err, context.Canceled):
		return
	case errors.As(err, &answer):
		code = answer.Code
	}
	denied := code == http.StatusUnauthorized || code == http.StatusNotFound
	reached := err == nil || code != 0 && code < http.StatusInternalServerError
	r.away.note(reached, r.now(), r.log, "telegram", "bot", botName(r.bot))
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case denied:
		r.refused = code
	case reached:
		r.refused, r.last = 0, r.now()
	}
}

// heard is when the bot was last answered; the zero time when it never was.
func (r *reach) heard() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// problem is what keeps the bot from being reached, and the remedy; "" when nothing does.
func (r *reach) problem() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.refused != 0:
		return refusedToken(r.bot, r.refused)
	case r.now().Sub(r.last) > deafAfter:
		return fmt.Sprintf("telegram: the %s bot was not reachable in the last minute; check the network and telegram.api_url", botName(r.bot))
	}
	return ""
}

// refusedToken says that Telegram does not know a bot's token any more, or never did.
func refusedToken(bot byte, status int) string {
	return fmt.Sprintf("telegram: refuses the token of the %s bot (%d); check %s", botName(bot), status, tokenField(bot))
}

// tokenField is where the configuration names a bot's token.
func tokenField(bot byte) string {
	if bot == deskBot {
		return "telegram.desk_token_file"
	}
	return "telegram.token_file"
}

// listen asks Telegram once in a while whether a bot is there, when no poll of this replica does: another may be
// the reader, or a webhook.
func (l *Line) listen(ctx context.Context, bot byte) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	r := l.reaches[bot]
	for {
		if l.o.Now().Sub(r.heard()) >= probeEvery {
			within, cancel := context.WithTimeout(ctx, callWithin)
			_, err := l.clients[bot].Call(within, "getMe", []byte("{}"))
			cancel()
			l.o.Meters.called("getMe", err)
			if r.note(err); err != nil && ctx.Err() == nil {
				l.o.Log.Warn("telegram does not answer a bot as it should; it is asked again", "bot", botName(bot), "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
