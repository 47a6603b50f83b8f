package referrals

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// LinkLife is how long a link binds whoever uses it first.
const LinkLife = 24 * time.Hour

// mostEnrolled bounds a roll: it is read as a whole every few seconds.
const mostEnrolled = 1000

// What a link or a name can be refused for.
var (
	// ErrNoLink is returned for a token that is no link's: a guess, a link that was used, revoked or is over.
	ErrNoLink = errors.New("no such link")
	// ErrSeated is returned when the chat sits at the link's desk already. The link stays.
	ErrSeated = errors.New("this chat sits at the desk already")
	// ErrName is returned for a name that somebody else has.
	ErrName = errors.New("somebody of that name is enrolled; choose another name, or revoke it first")
	// ErrFull is returned by a roll that takes nobody more.
	ErrFull = fmt.Errorf("%d people and links are enrolled, which is the most; revoke some", mostEnrolled)
	// ErrNobody is returned when a name that is to be revoked is nobody's.
	ErrNobody = errors.New("nobody of that name is enrolled, and no link for it waits")
)

// Enrolled is a person whose private chat was bound to a desk by a link.
type Enrolled struct {
	Desk string `json:"d"`
	Name string `json:"n"`
	Chat int64  `json:"c"`
	// Place counts the rungs behind the configured ones, from zero. It stays the person's until they are revoked: cases are
	// kept with the number of their rung.
	Place int       `json:"p"`
	Since time.Time `json:"s"`
}

// Link is one that was handed out and not used yet.
type Link struct {
	Desk string `json:"d"`
	Name string `json:"n"`
	// Hash is the SHA-256 of its token, which is kept nowhere.
	Hash  []byte    `json:"h"`
	Until time.Time `json:"u"`
}

// Roll is everybody who was enrolled, the links that wait, and who has taken the duty at which desk. Names are unique in it. Its
// methods change nothing: they return the next roll.
type Roll struct {
	People []Enrolled `json:"p,omitempty"`
	Links  []Link     `json:"l,omitempty"`
	Duty   []OnDuty   `json:"d,omitempty"`
	// Paused are the organisations that take no cases for the time being, by their own word.
	Paused []string `json:"x,omitempty"`
}

// NewToken draws the token of a link: 256 bits, 43 of the 64 characters that Telegram lets follow ?start=.
func NewToken(random io.Reader) (string, error) {
	var raw [sha256.Size]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("draw a link: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// HashToken is what is kept of a token; false for a text that cannot be one.
func HashToken(token string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != sha256.Size {
		return nil, false
	}
	hash := sha256.Sum256([]byte(token))
	return hash[:], true
}

// CheckName returns why a text cannot be the name of somebody who is enrolled, or nil.
func CheckName(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > 60 || !utf8.ValidString(name) || name[0] == ' ' || name[len(name)-1] == ' ' ||
		slices.ContainsFunc([]rune(name), func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("a name has 1 to 60 letters, digits, signs and spaces between them")
	}
	return nil
}

// Invite adds a link. One that waits for the same name is over with it, and so are those whose time has passed.
func (r Roll) Invite(l Link, at time.Time) (Roll, error) {
	if slices.ContainsFunc(r.People, func(p Enrolled) bool { return p.Name == l.Name }) {
		return r, ErrName
	}
	links := slices.DeleteFunc(slices.Clone(r.Links), func(old Link) bool { return old.Name == l.Name || !at.Before(old.Until) })
	if len(r.People)+len(links) >= mostEnrolled {
		return r, ErrFull
	}
	r.Links = append(links, l)
	return r, nil
}

// Link is the one whose token has that hash, while it is valid.
func (r Roll) Link(hash []byte, at time.Time) (Link, bool) {
	i := slices.IndexFunc(r.Links, func(l Link) bool { return bytes.Equal(l.Hash, hash) && at.Before(l.Until) })
	if i < 0 {
		return Link{}, false
	}
	return r.Links[i], true
}

// Enrol binds a chat to the desk of a link, which is over with it.
func (r Roll) Enrol(hash []byte, chat int64, at time.Time) (Roll, error) {
	l, ok := r.Link(hash, at)
	if !ok {
		return r, ErrNoLink
	}
	if slices.ContainsFunc(r.People, func(p Enrolled) bool { return p.Desk == l.Desk && p.Chat == chat }) {
		return r, ErrSeated
	}
	links := slices.DeleteFunc(slices.Clone(r.Links), func(old Link) bool { return bytes.Equal(old.Hash, hash) })
	people := append(slices.Clone(r.People), Enrolled{Desk: l.Desk, Name: l.Name, Chat: chat, Place: r.place(l.Desk), Since: at.UTC()})
	r.People, r.Links = people, links
	return r, nil
}

// place is the first place at a desk that nobody has.
func (r Roll) place(desk string) int {
	for n := 0; ; n++ {
		if !slices.ContainsFunc(r.People, func(p Enrolled) bool { return p.Desk == desk && p.Place == n }) {
			return n
		}
	}
}

// Revoke takes a name out: who has it is of no desk any more, and a link that waits for it is over.
func (r Roll) Revoke(name string) (Roll, error) {
	next := Roll{
		People: slices.DeleteFunc(slices.Clone(r.People), func(p Enrolled) bool { return p.Name == name }),
		Links:  slices.DeleteFunc(slices.Clone(r.Links), func(l Link) bool { return l.Name == name }),
		Duty: slices.DeleteFunc(slices.Clone(r.Duty), func(o OnDuty) bool {
			return slices.ContainsFunc(r.People, func(p Enrolled) bool { return p.Name == name && p.Desk == o.Desk && p.Chat == o.Chat })
		}),
		Paused: r.Paused,
	}
	if len(next.People) == len(r.People) && len(next.Links) == len(r.Links) {
		return r, ErrNobody
	}
	return next, nil
}

// Follow makes the enrolled chats of a roll rungs behind the configured ones of their desks, each with the time of the last of
// those, puts first who has taken the duty, and has organisations that paused take nothing. Who is not in the roll is of no desk any more, unless configured.
func (d *Directory) Follow(r Roll) {
	desks := make([]*Desk, len(d.configured))
	for i, desk := range d.configured {
		desks[i] = desk.with(r.People).led(r.Duty).paused(r.Paused)
	}
	d.now.Store(newIndex(desks))
}

// with is the desk with those who were enrolled at it. A chat that the configuration names has its rung already.
func (d *Desk) with(people []Enrolled) *Desk {
	ladder, within := slices.Clone(d.Ladder), d.AcceptWithin
	if n := len(ladder); n > 0 {
		within = ladder[n-1].Within
	}
	for _, p := range people {
		if p.Desk != d.ID || p.Place < 0 || p.Place >= mostEnrolled ||
			slices.ContainsFunc(d.Ladder, func(r Rung) bool { return r.Chat == p.Chat }) {
			continue
		}
		at := len(d.Ladder) + p.Place
		for len(ladder) <= at {
			ladder = append(ladder, Rung{})
		}
		ladder[at] = Rung{Chat: p.Chat, Within: within, Name: p.Name}
	}
	if len(ladder) == len(d.Ladder) {
		return d
	}
	more := *d
	more.Ladder = ladder
	return &more
}
