package desk

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// kind names a problem. The set is closed: programs decide by it.
type kind string

// The kinds of problem.
const (
	unreadable  kind = "unreadable"
	badToken    kind = "token"
	unknown     kind = "unknown"
	wrongMethod kind = "method"
	wrongState  kind = "state"
	staleClaim  kind = "stale-claim"
	noRoom      kind = "capacity"
	settled     kind = "settled"
	gone        kind = "gone"
	tooLarge    kind = "too-large"
	wrongType   kind = "media-type"
	wrongValue  kind = "value"
	reusedKey   kind = "key-reused"
	tooMany     kind = "too-many"
	unavailable kind = "unavailable"
)

// problem is an answer of RFC 9457. It names nothing that the caller wrote.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// State is the case's, where it is the reason.
	State referrals.State `json:"state,omitzero"`
	// Claim is the last claim's number, where it is the reason.
	Claim int64 `json:"claim,omitzero"`
	// Open is how many referrals the organisation has claimed or accepted, and Capacity how many it takes at a time, where
	// that is the reason.
	Open     int `json:"open,omitzero"`
	Capacity int `json:"capacity,omitzero"`
}

// Error implements error.
func (p *problem) Error() string { return p.Title }

// problemOf is a problem of a kind as it is explained in general.
func problemOf(k kind) *problem {
	is := abouts()[k]
	return &problem{Type: root + "/problems/" + string(k), Title: is.title, Status: is.status, Detail: is.detail}
}

// because is a problem of a kind with what is to be said of this one.
func because(k kind, detail string) *problem {
	p := problemOf(k)
	p.Detail = detail
	return p
}

// about is a kind's status, what it is called, and what to do.
type about struct {
	status        int
	title, detail string
}

// abouts are the kinds explained in general.
func abouts() map[kind]about {
	return map[kind]about{
		unreadable: {http.StatusBadRequest, "The request cannot be read",
			"Compare it with " + root + "/openapi.json."},
		badToken: {http.StatusUnauthorized, "A token is needed",
			"Send the organisation's token as Authorization: Bearer TOKEN."},
		unknown: {http.StatusNotFound, "There is nothing here",
			"This organisation has nothing at this path: look at the code, and at which organisation the token is."},
		wrongMethod: {http.StatusMethodNotAllowed, "That cannot be done here",
			"The header Allow says what can."},
		wrongState: {http.StatusConflict, "The case is not in a state for that",
			"Nothing was changed. The case is in the state named here: look at it again before the next act."},
		staleClaim: {http.StatusConflict, "That claim is over",
			"Nothing was changed. The case was claimed again since: the number named here is the last claim's. Go on from that, or leave it to who has it."},
		noRoom: {http.StatusConflict, "The organisation has as many referrals as it takes at a time",
			"Nothing was changed. open is how many are claimed or accepted: complete or return one, then claim this one, if it is still offered."},
		settled: {http.StatusConflict, "The line's operator has settled that",
			"Nothing was changed. The line is configured to offer this organisation no cases: ask its operator."},
		gone: {http.StatusGone, "The document is no longer kept",
			"Sealed copies are kept for a time and then deleted. Ask the line's operator for how long."},
		tooLarge: {http.StatusRequestEntityTooLarge, "The body is too large",
			"Acts need a few words: 4 KiB at most."},
		wrongType: {http.StatusUnsupportedMediaType, "The body is no JSON",
			"Send it with Content-Type: application/json, or send no body where none is needed."},
		wrongValue: {http.StatusUnprocessableEntity, "A value is none of those possible",
			"Compare the body with " + root + "/openapi.json."},
		reusedKey: {http.StatusUnprocessableEntity, "That Idempotency-Key was used for another act",
			"Nothing was changed. Give each act a key of its own, and keep it only to repeat that act."},
		tooMany: {http.StatusTooManyRequests, "Too many calls",
			"Wait as long as the header Retry-After says, then go on."},
		unavailable: {http.StatusServiceUnavailable, "The line cannot answer now",
			"Try again in a few seconds, an act with its Idempotency-Key."},
	}
}

// in is the problem of a case in a state that does not allow what was asked.
func in(h referrals.Holding) *problem {
	p := problemOf(wrongState)
	p.State = h.State
	return p
}

// later is the problem of one who must wait so long.
func (c *call) later(d time.Duration) *problem {
	seconds := max(1, int((d+time.Second-1)/time.Second))
	c.w.Header().Set("Retry-After", strconv.Itoa(seconds))
	return problemOf(tooMany)
}

func (p *problem) write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.MarshalWrite(w, p) // the caller is gone: nobody to tell
}

// explain answers what a kind of problem is: its type, dereferenced.
func explain(c *call) error {
	p := problemOf(kind(c.req.PathValue("kind")))
	if p.Status == 0 {
		return notFound(c)
	}
	return c.answer(p)
}
