package desk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// longestBody is more than any act needs.
const longestBody = 4 << 10

// keyKept is how long an Idempotency-Key is bound to its act: as long as the store knows its moves.
const keyKept = 48 * time.Hour

// said is the body of an act. Which members an act has is in the description; the others are refused.
type said struct {
	Claim   *int64  `json:"claim"`
	Reason  *string `json:"reason"`
	Outcome *string `json:"outcome"`
}

// acting answers an act with the case as it is then.
func acting(act referrals.Act) func(*call) error {
	return func(c *call) error {
		deed, err := c.deed(act)
		if err != nil {
			return err
		}
		h, err := c.held()
		if err != nil {
			return err
		}
		if deed.ID, err = c.actID(deed, h); err != nil {
			return err
		}
		if deed.Keeps(h, c.guest.Desk) {
			return c.answer(itemOf(h))
		}
		m, err := deed.Move(h, c.guest.Desk)
		if err != nil { // the route and the body were checked: cannot happen
			return problemOf(wrongValue)
		}
		now, err := c.Mover.Move(c.ctx(), m)
		return c.acted(deed, now, err)
	}
}

// acted answers what became of an act.
func (c *call) acted(deed referrals.Deed, now referrals.Holding, err error) error {
	switch {
	case errors.Is(err, referrals.ErrUnknown):
		return notFound(c)
	case errors.Is(err, referrals.ErrNotThere) && deed.Claim != 0 && deed.Claim != now.Claim:
		p := problemOf(staleClaim)
		p.State, p.Claim = now.State, now.Claim
		return p
	case errors.Is(err, referrals.ErrNotThere):
		return in(now)
	case errors.Is(err, referrals.ErrNoRoom):
		return c.full(now)
	case err != nil:
		return err
	}
	return c.answer(itemOf(now))
}

// full is the problem of an organisation that has as many referrals as it takes at a time.
func (c *call) full(h referrals.Holding) error {
	p := problemOf(noRoom)
	p.State, p.Capacity = h.State, c.guest.Capacity
	var err error
	if p.Open, err = c.Holdings.CountOpen(c.ctx(), c.guest.ID); err != nil {
		return err
	}
	return p
}

// deed reads what is to be done.
func (c *call) deed(act referrals.Act) (referrals.Deed, error) {
	d := referrals.Deed{Act: act, At: c.Now(), Way: referrals.ByAPI}
	s, err := c.body()
	if err != nil {
		return d, err
	}
	whys, field := act.Whys(), ""
	switch act {
	case referrals.ActDecline, referrals.ActReturn:
		field, s.Reason, d.Why = "reason", nil, textOf(s.Reason)
	case referrals.ActComplete, referrals.ActClose:
		field, s.Outcome, d.Why = "outcome", nil, textOf(s.Outcome)
	}
	if s.Reason != nil || s.Outcome != nil || s.Claim != nil && c.guest.Kind != referrals.NGODesk {
		return d, because(wrongValue, "The body has a member that this act does not have. Compare it with "+root+"/openapi.json.")
	}
	if s.Claim != nil {
		if d.Claim = *s.Claim; d.Claim < 1 {
			return d, because(wrongValue, "claim is the number of the claim that the act starts from, 1 at least. Leave it out where there is none.")
		}
	}
	if _, err := (referrals.Deed{Act: act, Why: d.Why}).Move(referrals.Holding{}, c.guest.Desk); err != nil {
		return d, because(wrongValue, field+" is needed, and is one of "+words(whys)+".")
	}
	return d, nil
}

func textOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// body reads the body of an act: nothing, or one JSON object with known members, each once.
func (c *call) body() (s said, err error) {
	raw, err := c.read()
	if err != nil || len(raw) == 0 {
		return s, err
	}
	if err := c.isJSON(); err != nil {
		return s, err
	}
	object := strings.HasPrefix(strings.TrimLeft(string(raw), " \t\r\n"), "{") // null would be one, too
	if !object || json.Unmarshal(raw, &s, json.RejectUnknownMembers(true)) != nil {
		return s, because(unreadable, "The body is not one JSON object with the members of this act, each once and of its type.")
	}
	return s, nil
}

// read reads the body, up to what any call may have.
func (c *call) read() ([]byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(c.w, c.req.Body, longestBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, problemOf(tooLarge)
	case err != nil:
		return nil, because(unreadable, "The body did not come to its end.")
	}
	return raw, nil
}

// isJSON refuses a body that is said to be anything else.
func (c *call) isJSON() error {
	if media, _, err := mime.ParseMediaType(c.req.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return problemOf(wrongType)
	}
	return nil
}

// actID is the id of the move of an act: derived from the caller's Idempotency-Key, which is bound to this act, or random.
func (c *call) actID(d referrals.Deed, h referrals.Holding) (string, error) {
	key, given, err := c.key()
	if err != nil {
		return "", err
	}
	if !given {
		return c.random()
	}
	if wait, ok := take(c.guest.keys); !ok {
		p := c.later(wait)
		p.Detail = "Too many acts with an Idempotency-Key, each of which is kept for a time. Wait as long as the header Retry-After says, or send this one without a key."
		return "", p
	}
	name := c.print("key", key)
	whole := c.print("act", key, string(d.Act), h.Code, d.Why, strconv.FormatInt(d.Claim, 10))
	bound, err := c.Keys.Lease(c.ctx(), "api:"+name, whole, keyKept)
	if err != nil {
		return "", err
	}
	if !bound {
		return "", problemOf(reusedKey)
	}
	return "api:" + name, nil
}

// random is an id that no other act has.
func (c *call) random() (string, error) {
	var raw [16]byte
	if _, err := io.ReadFull(c.Random, raw[:]); err != nil {
		return "", err
	}
	return "api:" + hex.EncodeToString(raw[:]), nil
}

// longestKey is more than any key has that was made for the purpose.
const longestKey = 128

// key is the Idempotency-Key, if one was given.
func (c *call) key() (key string, given bool, err error) {
	values := c.req.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", false, nil
	}
	plain := !strings.ContainsFunc(values[0], func(r rune) bool { return r < ' ' || r > '~' })
	if len(values) > 1 || values[0] == "" || len(values[0]) > longestKey || !plain {
		return "", false, because(unreadable, "Idempotency-Key is given once, with 1 to "+strconv.Itoa(longestKey)+" letters, digits and signs of ASCII.")
	}
	return values[0], true, nil
}

// print is what the store is told instead of words: nobody can find them from it without the token's hash, which the
// store does not have.
func (c *call) print(words ...string) string {
	mac := hmac.New(sha256.New, c.guest.TokenSHA256)
	for _, w := range words {
		mac.Write([]byte(strconv.Itoa(len(w)) + ":" + w))
	}
	return hex.EncodeToString(mac.Sum(nil))
}
