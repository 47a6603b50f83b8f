package desk

import (
	"context"
	"errors"

	"github.com/go-json-experiment/json"
)

// doors is whether organisations are offered cases. Accepting says so, and whether the organisation may say otherwise; an
// organisation that may not is ErrSettled.
type doors interface {
	Accepting(desk string) (now, may bool)
	Accept(ctx context.Context, desk string, accepting bool) error
}

// ErrSettled is what Options.Doors returns for an organisation that the configuration says takes no cases.
var ErrSettled = errors.New("the configuration says that this organisation takes no cases")

// standing is how an organisation stands: whether it is offered cases, how many it takes at a time, and how many it has.
type standing struct {
	Accepting bool `json:"accepting"`
	// Capacity is null without a limit.
	Capacity *int `json:"capacity"`
	Open     int  `json:"open"`
}

// stands answers how the caller's organisation stands.
func stands(c *call) error {
	open, err := c.Holdings.CountOpen(c.ctx(), c.guest.ID)
	if err != nil {
		return err
	}
	s := standing{Open: open}
	s.Accepting, _ = c.Doors.Accepting(c.guest.ID)
	if c.guest.Capacity > 0 {
		s.Capacity = &c.guest.Capacity
	}
	return c.answer(s)
}

// opens notes whether the caller's organisation is offered cases from now on. Offers already made stay. The same again
// changes nothing, so that no key is needed to repeat it.
func opens(c *call) error {
	accepting, err := c.wish()
	if err != nil {
		return err
	}
	switch err := c.Doors.Accept(c.ctx(), c.guest.ID, accepting); {
	case errors.Is(err, ErrSettled):
		return problemOf(settled)
	case err != nil:
		return err
	}
	return stands(c)
}

// wish reads the body of opens.
func (c *call) wish() (bool, error) {
	raw, err := c.read()
	if err == nil {
		err = c.isJSON()
	}
	if err != nil {
		return false, err
	}
	var said struct {
		Accepting *bool `json:"accepting"`
	}
	if json.Unmarshal(raw, &said, json.RejectUnknownMembers(true)) != nil {
		return false, because(unreadable, "The body is not one JSON object with accepting, true or false.")
	}
	if said.Accepting == nil {
		return false, because(wrongValue, "accepting is needed, and is true or false.")
	}
	return *said.Accepting, nil
}
