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
	SealFileNamed(desks []string, name, given string, src io.Reader, body io.Writer) (headers map[string][]byte, err error)
	examiner
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

// fileworker fetches and seals the files of cases, apart from the cases themselves.
type fileworker struct {
	seal    fileSealer
	shelf   shelf
	copies  copies
	dir     *referrals.Directory
	deskBot byte // which bot serves desks
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

// fileJobs is the record of a case's files: those still to be sealed, in order.
type fileJobs struct {
	Jobs []referrals.FileJob `json:"j"`
}

// take seals the first file that waits for every desk consented to, tells the case, and comes again for the next.
func (fw *fileworker) take(ctx context.Context, w referrals.Work) (referrals.Commit, error) {
	var files fileJobs
	if w.State != nil && json.Unmarshal(w.State, &files) != nil {
		return referrals.Commit{}, errors.New("the record of a case's files cannot be read; was it written by a newer version?")
	}
	out := referrals.Commit{Keep: fw.keep.Sealed}
	for _, e := range w.Inbox {
		out.Done = append(out.Done, e.ID)
		var j referrals.FileJob
		if json.Unmarshal(e.Body, &j) == nil {
			files.Jobs = append(files.Jobs, j)
		}
	}
	if len(files.Jobs) > 0 {
		fw.next(ctx, w.Slot, &files, &out)
	}
	if len(files.Jobs) == 0 {
		return out, nil
	}
	var err error
	if out.State, err = json.Marshal(files); err != nil {
		return referrals.Commit{}, fmt.Errorf("write the record of a case's files: %w", err)
	}
	if out.Again.IsZero() {
		out.Again = fw.now()
	}
	return out, nil
}

// next seals the first file, or puts it off.
func (fw *fileworker) next(ctx context.Context, slot string, files *fileJobs, out *referrals.Commit) {
	select {
	case fw.sealing <- struct{}{}:
		defer func() { <-fw.sealing }()
	default:
		out.Again = fw.now().Add(placeAgain)
		return
	}
	j := files.Jobs[0]
	if j.Refer != nil {
		fw.examine(ctx, slot, files, out)
		return
	}
	headers, err := fw.sealFile(ctx, slot, j)
	e := referrals.Event{Kind: referrals.WasSealed, At: fw.now(), File: j.File.Name, Message: j.File.Message}
	switch {
	case err == nil:
		for desk, head := range headers {
			out.Documents = append(out.Documents, referrals.Document{Case: j.Case, Desk: desk, Name: j.File.Name, Body: head, Keep: fw.keep.Sealed})
		}
	case passing(err) && j.File.Tries < mostTries:
		files.Jobs[0].File.Tries++
		out.Again = fw.now().Add(pause(err, files.Jobs[0].File.Tries))
		return
	default:
		e.Kind = referrals.WasUnsealed
		fw.log.Warn("a file could not be sealed", "err", err)
	}
	files.Jobs = files.Jobs[1:]
	post := referrals.EventPost(slot, j.Case, string(e.Kind)+":"+j.File.Name, e)
	out.Errands = append(out.Errands, referrals.Errand{Post: &post})
}

// errNobody is returned when a file could be sealed for nobody.
var errNobody = errors.New("no desk of the case has a usable key")

// sealFile streams one file from Telegram through the seal onto the shelf. A file that makes sealing fail in
// a way nobody foresaw is one that could not be sealed.
func (fw *fileworker) sealFile(ctx context.Context, slot string, j referrals.FileJob) (headers map[string][]byte, err error) {
	defer func() {
		if recover() != nil {
			headers, err = nil, errPanic
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, sealWithin)
	defer cancel()
	var desks []string
	for _, d := range j.Desks {
		if err := fw.seal.Usable(d); err != nil {
			fw.log.Error("a file is not sealed for a desk", "desk", d, "err", err)
			continue
		}
		desks = append(desks, d)
	}
	if len(desks) == 0 {
		return nil, errNobody
	}
	src, err := fw.clients[lineBot].Download(ctx, j.File.Ref)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	dst, err := fw.shelf.FileWriter(ctx, slot, j.Case, j.File.Name, fw.keep.Sealed)
	if err != nil {
		return nil, err
	}
	headers, err = fw.seal.SealFileNamed(desks, j.File.Name, j.File.Given, src, dst)
	if err != nil {
		return nil, errors.Join(err, dst.Abort(context.WithoutCancel(ctx)))
	}
	if err := dst.Close(); err != nil {
		return nil, errors.Join(err, dst.Abort(context.WithoutCancel(ctx)))
	}
	return headers, nil
}
