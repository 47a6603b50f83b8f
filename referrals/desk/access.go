package desk

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"defenderline/referrals"
)

// guest is a desk that has access, and what it may use of it.
type guest struct {
	*referrals.Desk
	calls   *rate.Limiter
	keys    *rate.Limiter // of acts with an Idempotency-Key: each is kept for a time
	streams chan struct{} // one for each stream that is open
}

func newGuest(d *referrals.Desk, l Limits) *guest {
	return &guest{Desk: d, calls: rate.NewLimiter(rate.Limit(l.PerSecond), l.Burst), keys: rate.NewLimiter(rate.Limit(l.KeysPerSecond), l.KeyBurst),
		streams: make(chan struct{}, l.Streams)}
}

// longestToken is more than any token has.
const longestToken = 1024

// admit finds out who asks, and whether they have asked too often.
func (c *call) admit() error {
	token, given := bearer(c.req.Header.Values("Authorization"))
	c.guest = c.whose(token)
	if c.guest == nil {
		if wait, ok := take(c.wrong); !ok {
			return c.later(wait)
		}
		challenge := `Bearer realm="defenderline"`
		if given {
			challenge += `, error="invalid_token"`
		}
		c.w.Header().Set("WWW-Authenticate", challenge)
		return problemOf(badToken)
	}
	if wait, ok := take(c.guest.calls); !ok {
		return c.later(wait)
	}
	return nil
}

// take takes one from a bucket, or says how long to wait for it.
func take(l *rate.Limiter) (wait time.Duration, ok bool) {
	now := time.Now() // the bucket's own clock
	r := l.ReserveN(now, 1)
	if wait = r.DelayFrom(now); wait > 0 {
		r.CancelAt(now)
		return wait, false
	}
	return 0, true
}

// bearer reads the token of RFC 6750, section 2.1; given says that there is something that should be one.
func bearer(headers []string) (token string, given bool) {
	if len(headers) != 1 {
		return "", len(headers) > 0
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > longestToken {
		return "", true
	}
	return token, true
}

// whose is the desk of a token, or nil. It takes the same time whichever it is.
func (a *api) whose(token string) *guest {
	hash := sha256.Sum256([]byte(token))
	var found *guest
	for _, g := range a.guests {
		if subtle.ConstantTimeCompare(hash[:], g.TokenSHA256) == 1 && found == nil {
			found = g
		}
	}
	if token == "" {
		return nil
	}
	return found
}
