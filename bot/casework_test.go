package bot

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
)

// shelving is a shelf of one file.
type shelving struct {
	body            strings.Builder
	closed, aborted int
	broken          error
}

func (s *shelving) FileWriter(context.Context, string, referrals.Code, string, time.Duration) (Shelved, error) {
	s.body.Reset()
	return s, nil
}
func (s *shelving) Write(p []byte) (int, error)     { return s.body.Write(p) }
func (s *shelving) Close() error                    { s.closed++; return s.broken }
func (s *shelving) Abort(ctx context.Context) error { s.aborted++; return ctx.Err() }

// files is a caseworker with everything around it.
type files struct {
	*caseworker
	glass *glass
	shelf *shelving
}

func newFiles(api server) *files {
	f := &files{glass: &glass{dead: map[string]bool{}, late: map[string]bool{}}, shelf: &shelving{}}
	f.caseworker = &caseworker{dir: testDesks(), seal: f.glass, shelf: f.shelf, clients: map[byte]*Client{lineBot: clientOf(api)},
		now: func() time.Time { return noon }, keep: Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour}, log: quiet(),
		sealing: make(chan struct{}, mostSealing)}
	return f
}

// telegramFile serves a file.
func telegramFile(method string, _ []byte, _ *http.Request) (int, string) {
	if method == "getFile" {
		return 200, `{"ok":true,"result":{"file_path":"v/1"}}`
	}
	return 200, "voice of " + canary
}

// caseWithFile is the work of a case that is released to a mission, kept for an NGO, with files waiting.
func caseWithFile(t testing.TB, waiting int, events ...referrals.Event) referrals.Work {
	t.Helper()
	c := referrals.Case{Code: "AAAA-BBBB", Lane: referrals.Urgent, Slot: "p07", Chat: referrals.Member{Slot: "p07", Name: "cHASH"}, Documents: 1,
		Files: waiting, Shares: []referrals.Share{{Desk: "lima", Kind: referrals.MissionDesk, Stage: referrals.Released, Holding: "AAAA-BBBB"},
			{Desk: "fld", Kind: referrals.NGODesk, Stage: referrals.Kept}}}
	for i := range waiting {
		c.Waiting = append(c.Waiting, referrals.WaitingFile{Name: c.Code.FileName(i + 1), Ref: "ref", Given: "a.oga", Message: 11 + i})
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	w := referrals.Work{Member: referrals.Member{Slot: "p07", Name: "kAAAA-BBBB"}, Number: 3, State: raw}
	for i, e := range events {
		body, _ := json.Marshal(e)
		w.Inbox = append(w.Inbox, referrals.Entry{ID: string(rune('a' + i)), Body: body})
	}
	return w
}

// after is the case as a commit leaves it.
func after(t testing.TB, c referrals.Commit) (out referrals.Case) {
	t.Helper()
	if err := json.Unmarshal(c.State, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// newsOf are the news in a commit.
func newsOf(c referrals.Commit) (out []string) {
	for _, e := range c.Errands {
		if e.Post != nil && e.Post.Body[0] == referrals.NewsMark {
			var n referrals.News
			_ = json.Unmarshal(e.Post.Body[1:], &n)
			out = append(out, n.State)
		}
	}
	return out
}

func TestFileIsSealedForEveryDeskConsentedTo(t *testing.T) {
	f := newFiles(telegramFile)
	got, err := f.take(t.Context(), caseWithFile(t, 2))
	if err != nil {
		t.Fatal(err)
	}
	desks := desksOf(got)
	slices.Sort(desks)
	if !slices.Equal(desks, []string{"fld", "lima"}) || got.Documents[0].Name != "AAAA-BBBB.f1.pgp" || f.shelf.closed != 1 {
		t.Errorf("sealed %+v", got.Documents)
	}
	if f.shelf.body.String() != "voice of "+canary {
		t.Errorf("sealed %q", f.shelf.body.String())
	}
	if !slices.Equal(newsOf(got), []string{referrals.FileSealed}) {
		t.Errorf("news %q", newsOf(got))
	}
	if c := after(t, got); len(c.Waiting) != 1 || c.Waiting[0].Name != "AAAA-BBBB.f2.pgp" || !got.Again.Equal(noon) {
		t.Errorf("waiting %+v, due %v", c.Waiting, got.Again)
	}
	told := 0
	for _, e := range got.Errands {
		if e.Notice != nil && e.Notice.Kind == referrals.NoticeAddition && e.Notice.Desk == "lima" {
			told++
		}
		if e.Notice != nil && e.Notice.Desk == "fld" {
			t.Error("an NGO whose turn has not come is told")
		}
	}
	if told != 1 {
		t.Errorf("the mission was told %d times", told)
	}
}

func TestFileIsTriedAgainWhatPasses(t *testing.T) {
	f := newFiles(always(502, "<html>"))
	w := caseWithFile(t, 1)
	last := time.Duration(0)
	for tries := 1; tries <= mostTries; tries++ {
		got, err := f.take(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		wait := got.Again.Sub(noon)
		if c := after(t, got); len(c.Waiting) != 1 || c.Waiting[0].Tries != tries || wait < last || wait <= 0 {
			t.Fatalf("try %d: %+v, again after %v", tries, c.Waiting, wait)
		}
		last, w.State = wait, got.State
	}
	got, err := f.take(t.Context(), w)
	if err != nil || !slices.Equal(newsOf(got), []string{referrals.FileFailed}) || len(after(t, got).Waiting) != 0 {
		t.Errorf("news %q, %v", newsOf(got), err)
	}
}

func TestFileThatTelegramWillNeverGiveIsToldAtOnce(t *testing.T) {
	f := newFiles(func(string, []byte, *http.Request) (int, string) {
		return refusal(400, "Bad Request: file is too big", 0)
	})
	got, err := f.take(t.Context(), caseWithFile(t, 1))
	if err != nil || !slices.Equal(newsOf(got), []string{referrals.FileFailed}) || len(got.Documents) != 0 {
		t.Errorf("news %q, %v", newsOf(got), err)
	}
}

func TestOneDesksDeadKeyDoesNotKeepAFileFromOthers(t *testing.T) {
	f := newFiles(telegramFile)
	f.glass.dead["lima"] = true
	got, err := f.take(t.Context(), caseWithFile(t, 1))
	if err != nil || !slices.Equal(desksOf(got), []string{"fld"}) {
		t.Errorf("sealed for %q, %v", desksOf(got), err)
	}
	f.glass.dead["fld"] = true
	got, err = f.take(t.Context(), caseWithFile(t, 1))
	if err != nil || len(got.Documents) != 0 || len(after(t, got).Waiting) != 1 {
		t.Errorf("with no key at all: %+v, %v", got.Documents, err)
	}
}

func TestFileOfACaseTakenBack(t *testing.T) {
	f := newFiles(telegramFile)
	got, err := f.take(t.Context(), caseWithFile(t, 1, referrals.Event{Kind: referrals.WasWithdrawn, At: noon}))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Documents) != 0 || len(after(t, got).Waiting) != 0 || f.shelf.closed != 0 {
		t.Error("a file was sealed after its case was taken back")
	}
	if len(got.Drops) != 1 || got.Drops[0] != (referrals.Drop{Case: "AAAA-BBBB"}) {
		t.Errorf("drops %+v: a file sealed meanwhile would stay", got.Drops)
	}
}

// exploding is a seal that fails in a way nobody foresaw.
type exploding struct{ *glass }

func (exploding) SealFile([]string, string, io.Reader, io.Writer) (map[string][]byte, error) {
	panic(canary)
}

func TestWhatWasWrittenOfAFileIsForgotten(t *testing.T) {
	f := newFiles(telegramFile)
	f.glass.late["lima"] = true
	got, err := f.take(t.Context(), caseWithFile(t, 1))
	if err != nil || f.shelf.aborted != 1 || len(got.Documents) != 0 {
		t.Errorf("aborted %d times, %v", f.shelf.aborted, err)
	}
	f = newFiles(telegramFile)
	f.shelf.broken = errors.New("full")
	if got, err = f.take(t.Context(), caseWithFile(t, 1)); err != nil || f.shelf.aborted != 1 || len(got.Documents) != 0 {
		t.Errorf("a file that was not kept: aborted %d times, %v", f.shelf.aborted, err)
	}
	f = newFiles(telegramFile)
	f.caseworker.seal = exploding{f.glass}
	if got, err = f.take(t.Context(), caseWithFile(t, 1)); err != nil || after(t, got).Waiting[0].Tries != 1 {
		t.Errorf("a file that makes sealing panic: %v", err)
	}
}

// Slow files leave workers for people.
func TestNotEverybodySealsFiles(t *testing.T) {
	f := newFiles(func(string, []byte, *http.Request) (int, string) { t.Error("one more file"); return 500, "" })
	for range mostSealing {
		f.sealing <- struct{}{}
	}
	got, err := f.take(t.Context(), caseWithFile(t, 1, referrals.Event{Kind: referrals.WasAcknowledged, Desk: "lima", Holding: "AAAA-BBBB", At: noon}))
	if err != nil || len(after(t, got).Waiting) != 1 || got.Again.Sub(noon) != placeAgain {
		t.Errorf("due %v, %v", got.Again, err)
	}
	if !slices.Equal(newsOf(got), []string{"read"}) {
		t.Errorf("what happened meanwhile waits for a file: %q", newsOf(got))
	}
}

func TestCaseThatIsOver(t *testing.T) {
	f := newFiles(telegramFile)
	w := caseWithFile(t, 0, referrals.Event{Kind: referrals.WasEnded})
	w.State = nil
	got, err := f.take(t.Context(), w)
	if err != nil || got.State != nil || len(got.Done) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	w.State = []byte(canary)
	if _, err = f.take(t.Context(), w); err == nil {
		t.Error("an unreadable record was taken for a case")
	} else {
		clean(t, err)
	}
}

// slowSeal takes half a minute for a file.
type slowSeal struct{ *glass }

func (s slowSeal) SealFile(desks []string, name string, src io.Reader, body io.Writer) (map[string][]byte, error) {
	time.Sleep(30 * time.Second)
	return s.glass.SealFile(desks, name, src, body)
}
