package bot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"defenderline/referrals"
)

// examiner judges a document that one desk sealed for another. An error of it says why the document cannot be passed on, as one
// of a closed set.
type examiner interface {
	Handed(to, by string, document []byte) (kept []byte, err error)
}

// copies are the sealed documents that a desk has of a case.
type copies interface {
	Document(ctx context.Context, origin string, code referrals.Code, desk, name string) ([]byte, error)
}

// mostLooks is how often a document is fetched before its officer is asked to send it again: about five minutes.
const mostLooks = 12

// Why a document cannot be passed on, beside what package seal finds.
const (
	whyThere       = "there"       // another one was kept before
	whyUnreachable = "unreachable" // Telegram does not hand it over
	whyOther       = "other"
)

// readable are the reasons after which a document may hold words that anybody can read: it is deleted from the officer's chat.
var readable = []string{"not_encrypted", "not_sealed", "too_large"}

// examine looks at a document that a desk sealed for another, keeps it if it is fit, and tells the case. It is fetched by the bot
// it was sent to, and never kept before it was looked at.
func (fw *fileworker) examine(ctx context.Context, slot string, files *fileJobs, out *referrals.Commit) {
	j := files.Jobs[0]
	kept, err := fw.look(ctx, slot, j)
	r := *j.Refer
	e := referrals.Event{Kind: referrals.WasFit, At: fw.now(), Refer: &r}
	switch {
	case err == nil:
		out.Documents = append(out.Documents, referrals.Document{Case: j.Case, Desk: r.To, Name: j.File.Name, Body: kept, Keep: fw.keep.Sealed})
	case whyOf(err) == whyUnreachable && passing(err) && j.File.Tries < mostLooks:
		files.Jobs[0].File.Tries++
		out.Again = fw.now().Add(pause(err, files.Jobs[0].File.Tries))
		return
	default:
		e.Kind, r.Why = referrals.WasUnfit, whyOf(err)
		fw.unsay(slot, j, r, out)
	}
	files.Jobs = files.Jobs[1:]
	id := fmt.Sprintf("%s:%s:%s:%d:%d", e.Kind, j.Case, r.By, r.Rung, j.File.Message)
	post := referrals.EventPost(slot, j.Case, id, e)
	out.Errands = append(out.Errands, referrals.Errand{Post: &post})
}

// errThere is returned when the organisation has a first document already.
var errThere = errors.New("another document was kept before")

// look fetches and judges a document.
func (fw *fileworker) look(ctx context.Context, slot string, j referrals.FileJob) (kept []byte, err error) {
	defer func() {
		if recover() != nil {
			kept, err = nil, errPanic
		}
	}()
	switch _, err := fw.copies.Document(ctx, slot, j.Case, j.Refer.To, j.File.Name); {
	case err == nil:
		return nil, errThere
	case !errors.Is(err, referrals.ErrUnknown):
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, sealWithin)
	defer cancel()
	src, err := fw.clients[fw.deskBot].Download(ctx, j.File.Ref)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	document, err := io.ReadAll(io.LimitReader(src, referrals.MostHanded+1))
	if err != nil {
		return nil, err
	}
	defer clear(document) // it may be readable
	return fw.seal.Handed(j.Refer.To, j.Refer.By, document)
}

// whyOf is why a document was not kept, as one of a closed set.
func whyOf(err error) string {
	var judged interface{ Why() string }
	switch {
	case errors.As(err, &judged):
		return judged.Why()
	case errors.Is(err, errThere):
		return whyThere
	case isReason(err, "too_big"):
		return "too_large"
	case errors.Is(err, errPanic):
		return whyOther
	default:
		return whyUnreachable
	}
}

// unsay deletes the message that brought something readable from the officer's chat.
func (fw *fileworker) unsay(slot string, j referrals.FileJob, r referrals.Refer, out *referrals.Commit) {
	d := fw.dir.Desk(r.By)
	if !slices.Contains(readable, r.Why) || d == nil || r.Rung < 0 || r.Rung >= len(d.Ladder) || d.Ladder[r.Rung].Chat == 0 {
		return
	}
	for _, c := range deletions(fw.deskBot, d.Ladder[r.Rung].Chat, []int{j.File.Message}) {
		c.Lane = laneDesk
		out.Errands = append(out.Errands, c.errand(referrals.Member{Slot: slot, Name: j.Case.FilesName()}))
	}
}
