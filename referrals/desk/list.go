package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
)

// item is a case at a desk, as the API tells it.
type item struct {
	Code      string          `json:"code"`
	State     referrals.State `json:"state"`
	Lane      referrals.Lane  `json:"lane"`
	OfferedAt time.Time       `json:"offered_at"`
	// DueAt is null when silence has no consequence any more.
	DueAt *time.Time `json:"due_at"`
	Claim int64      `json:"claim"`
}

func itemOf(h referrals.Holding) item {
	i := item{Code: h.Code, State: h.State, Lane: h.Lane, OfferedAt: h.Since.UTC(), Claim: h.Claim}
	if !h.Due.IsZero() {
		due := h.Due.UTC()
		i.DueAt = &due
	}
	return i
}

// page is a part of a list.
type page struct {
	Items []item `json:"items"`
	// NextCursor is null at the end.
	NextCursor *string `json:"next_cursor"`
}

// How many items a page has: what is asked for, unless it is nothing or too much.
const (
	usualPage   = 50
	longestPage = 200
)

// list answers what a desk holds, the most urgent first, then the oldest.
func list(c *call) error {
	states, limit, cursor, err := c.listed()
	if err != nil {
		return err
	}
	held, next, err := c.Holdings.Holdings(c.ctx(), c.guest.ID, states, limit, cursor)
	if errors.Is(err, ErrCursor) {
		return because(unreadable, "The cursor is not one of this list: leave it out to begin again.")
	}
	if err != nil {
		return err
	}
	p := page{Items: make([]item, len(held))}
	for i, h := range held {
		p.Items[i] = itemOf(h)
	}
	if next != "" {
		p.NextCursor = &next
	}
	return c.answer(p)
}

// longestCursor is more than any cursor has.
const longestCursor = 200

// listed reads what is to be listed. Parameters that there are not are refused, because a filter that is misspelt must not
// look as if it had worked. Without a state it is all that a desk can still act on.
func (c *call) listed() (states []referrals.State, limit int, cursor string, err error) {
	asked, err := url.ParseQuery(c.req.URL.RawQuery)
	if err != nil {
		return nil, 0, "", because(unreadable, "The query cannot be read: encode it as a URL's.")
	}
	limit = usualPage
	for name, values := range asked {
		if name != "state" && len(values) > 1 {
			return nil, 0, "", because(unreadable, "limit and cursor are given once at most.")
		}
		switch name {
		case "state":
			states, err = c.statesOf(values)
		case "limit":
			limit, err = strconv.Atoi(values[0])
			if err != nil || limit < 1 || limit > longestPage {
				err = because(unreadable, "limit is a number from 1 to "+strconv.Itoa(longestPage)+".")
			}
		case "cursor":
			if cursor = values[0]; len(cursor) > longestCursor {
				err = because(unreadable, "The cursor is not one of this list: leave it out to begin again.")
			}
		default:
			err = because(unreadable, "A list is asked with state, limit and cursor, and nothing else.")
		}
		if err != nil {
			return nil, 0, "", err
		}
	}
	return states, limit, cursor, nil
}

func (c *call) statesOf(values []string) ([]referrals.State, error) {
	var states []referrals.State
	for _, v := range values {
		s := referrals.State(v)
		if !slices.Contains(c.guest.Kind.States(), s) {
			return nil, because(unreadable, "state is one of "+words(c.guest.Kind.States())+", and may be given several times.")
		}
		if !slices.Contains(states, s) {
			states = append(states, s)
		}
	}
	return states, nil
}

// words lists values in a sentence.
func words[T ~string](values []T) string {
	text := ""
	for i, v := range values {
		if i > 0 {
			text += ", "
		}
		text += string(v)
	}
	return text
}

// one answers how a case stands at the desk.
func one(c *call) error {
	h, err := c.held()
	if err != nil {
		return err
	}
	return c.answer(itemOf(h))
}

// held is the case that the path names, if the desk holds it or held it lately.
func (c *call) held() (referrals.Holding, error) {
	code, ok := c.code()
	if !ok {
		return referrals.Holding{}, notFound(c)
	}
	h, err := c.Holdings.Holding(c.ctx(), c.guest.ID, code)
	if errors.Is(err, referrals.ErrUnknown) {
		return h, notFound(c)
	}
	return h, err
}

// code is the code in the path, as it is written: an NGO's are referrals', others' are cases'.
func (c *call) code() (string, bool) {
	text := c.req.PathValue("code")
	if c.guest.Kind == referrals.NGODesk {
		code, n, ok := referrals.ParseReferralCode(text)
		return referrals.ReferralCode(code, n), ok
	}
	code, ok := referrals.ParseCode(text)
	return string(code), ok
}

// answer writes JSON.
func (c *call) answer(v any) error {
	c.w.Header().Set("Content-Type", "application/json")
	c.w.WriteHeader(http.StatusOK)
	_ = json.MarshalWrite(c.w, v) // the caller is gone: nobody to tell
	return nil
}
