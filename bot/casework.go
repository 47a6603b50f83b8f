package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"defenderline/referrals"
)

// fileSealer seals a file for several desks at once.
type fileSealer interface {
	Usable(desk string) error
	SealFile(desks []string, name string, src io.Reader, body io.Writer) (headers map[string][]byte, err error)
}

// shelf keeps the sealed body of a file.
type shelf interface {
	FileWriter(ctx context.Context, origin string, code referrals.Code, name string, keep time.Duration) (Shelved, error)
}

// Shelved is a sealed file being written. Close keeps it; Abort forgets what was written.
type Shelved interface {
	io.WriteCloser
	Abort(ctx context.Context) error
}

// caseworker takes the turns of cases: what desks and defenders did, and files to be sealed.
type caseworker struct {
	dir     *referrals.Directory
	seal    fileSealer
	shelf   shelf
	clients map[byte]*Client
	now     func() time.Time
	keep    Retention
	log     *slog.Logger
	// sealing holds a place for each file being sealed: slow files must leave workers for people.
	sealing chan struct{}
}

// How many files are sealed at once, how long one may take, and when to look again for a place.
const (
	mostSealing = workerCount / 2
	sealWithin  = 3 * time.Minute
	placeAgain  = time.Second
)

// mostTries is how often a file is tried before its defender is told that it did not arrive: with
// the pauses between, about two hours.
const mostTries = 130

// take applies what happened to a case, in order, and seals one waiting file.
func (cw *caseworker) take(ctx context.Context, w referrals.Work) (referrals.Commit, error) {
	var out referrals.Commit
	for _, e := range w.Inbox {
		out.Done = append(out.Done, e.ID)
	}
	if w.State == nil {
		return out, nil // the case is over and forgotten
	}
	var c referrals.Case
	if err := json.Unmarshal(w.State, &c); err != nil {
		return referrals.Commit{}, errors.New("a case's record cannot be read; was it written by a newer version?")
	}
	for _, entry := range w.Inbox {
		var e referrals.Event
		if json.Unmarshal(entry.Body, &e) != nil {
			continue
		}
		var errands []referrals.Errand
		c, errands = c.Happen(e, cw.dir)
		out.Errands = append(out.Errands, errands...)
		if e.Kind == referrals.WasWithdrawn { // also what was sealed after its defender took it back
			out.Drops = append(out.Drops, referrals.Drop{Case: c.Code})
		}
	}
	if len(c.Waiting) > 0 {
		cw.sealNext(ctx, &c, &out)
	}
	return cw.written(c, out)
}

// written puts the case's record into the commit.
func (cw *caseworker) written(c referrals.Case, out referrals.Commit) (referrals.Commit, error) {
	var err error
	if out.State, err = json.Marshal(c); err != nil {
		return referrals.Commit{}, fmt.Errorf("write a case's record: %w", err)
	}
	out.Keep = cw.keep.Sealed
	if len(c.Waiting) > 0 && out.Again.IsZero() {
		out.Again = cw.now()
	}
	return out, nil
}

// sealNext seals the first waiting file for every desk consented to, or puts it off.
func (cw *caseworker) sealNext(ctx context.Context, c *referrals.Case, out *referrals.Commit) {
	select {
	case cw.sealing <- struct{}{}:
		defer func() { <-cw.sealing }()
	default:
		out.Again = cw.now().Add(placeAgain)
		return
	}
	f := c.Waiting[0]
	headers, err := cw.sealFile(ctx, *c, f)
	state := referrals.FileSealed
	switch {
	case err == nil:
		for desk, head := range headers {
			out.Documents = append(out.Documents, referrals.Document{Case: c.Code, Desk: desk, Name: f.Name, Body: head, Keep: cw.keep.Sealed})
		}
	case passing(err) && f.Tries < mostTries:
		c.Waiting[0].Tries++
		out.Again = cw.now().Add(pause(err, c.Waiting[0].Tries))
		return
	default:
		state = referrals.FileFailed
		cw.log.Warn("a file could not be sealed", "err", err)
	}
	c.Waiting = c.Waiting[1:]
	if state == referrals.FileSealed {
		out.Errands = append(out.Errands, c.Announce(f.Name, cw.now(), cw.dir)...)
	}
	out.Errands = append(out.Errands, c.Tell(referrals.News{State: state, At: cw.now(), Message: f.Message})...)
}

// errNobody is returned when a file could be sealed for nobody.
var errNobody = errors.New("no desk of the case has a usable key")

// sealFile streams one file from Telegram through the seal onto the shelf. A file that makes sealing fail in
// a way nobody foresaw is one that could not be sealed.
func (cw *caseworker) sealFile(ctx context.Context, c referrals.Case, f referrals.WaitingFile) (headers map[string][]byte, err error) {
	defer func() {
		if recover() != nil {
			headers, err = nil, errPanic
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, sealWithin)
	defer cancel()
	var desks []string
	for _, s := range c.Shares {
		if s.Stage == referrals.Recalled {
			continue
		}
		if err := cw.seal.Usable(s.Desk); err != nil {
			cw.log.Error("a file is not sealed for a desk", "desk", s.Desk, "err", err)
			continue
		}
		desks = append(desks, s.Desk)
	}
	if len(desks) == 0 {
		return nil, errNobody
	}
	src, err := cw.clients[lineBot].Download(ctx, f.Ref)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	dst, err := cw.shelf.FileWriter(ctx, c.Slot, c.Code, f.Name, cw.keep.Sealed)
	if err != nil {
		return nil, err
	}
	headers, err = cw.seal.SealFile(desks, f.Given, src, dst)
	if err != nil {
		return nil, errors.Join(err, dst.Abort(context.WithoutCancel(ctx)))
	}
	if err := dst.Close(); err != nil {
		return nil, errors.Join(err, dst.Abort(context.WithoutCancel(ctx)))
	}
	return headers, nil
}
