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

	"github.com/prometheus/client_golang/prometheus"

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

// files is a fileworker with everything around it.
type files struct {
	*fileworker
	glass *glass
	shelf *shelving
}

func newFiles(api server) *files {
	f := &files{glass: &glass{dead: map[string]bool{}, late: map[string]bool{}}, shelf: &shelving{}}
	f.fileworker = &fileworker{seal: f.glass, shelf: f.shelf, clients: map[byte]*Client{lineBot: clientOf(api)},
		now: func() time.Time { return noon }, keep: Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour}, log: quiet(),
		sealing: make(chan struct{}, mostSealing)}
	return f
}

func newCasework() *caseworker {
	return &caseworker{dir: testDesks(), counts: newMemory(), now: func() time.Time { return noon }, keep: Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour},
		meters: NewMeters(prometheus.NewRegistry())}
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

// fileWork is the work of a case's files as the case hands them on.
func fileWork(t testing.TB, waiting int) referrals.Work {
	t.Helper()
	got, err := newCasework().take(t.Context(), caseWithFile(t, waiting))
	if err != nil {
		t.Fatal(err)
	}
	w := referrals.Work{Member: referrals.Member{Slot: "p07", Name: "fAAAA-BBBB"}, Number: 3}
	for _, e := range got.Errands {
		if e.Post != nil && e.Post.To == w.Member {
			w.Inbox = append(w.Inbox, referrals.Entry{ID: e.Post.ID, Body: e.Post.Body})
		}
	}
	if len(w.Inbox) != waiting {
		t.Fatalf("%d files were handed on of %d", len(w.Inbox), waiting)
	}
	return w
}

// left are the files still to be sealed as a commit leaves them.
func left(t testing.TB, c referrals.Commit) (out []referrals.FileJob) {
	t.Helper()
	var files fileJobs
	if c.State != nil && json.Unmarshal(c.State, &files) != nil {
		t.Fatal("the record cannot be read")
	}
	return files.Jobs
}

// told are the events in a commit, for its case.
func told(t testing.TB, c referrals.Commit) (out []referrals.Event) {
	t.Helper()
	for _, e := range c.Errands {
		var event referrals.Event
		if e.Post == nil || e.Post.To.Name != "kAAAA-BBBB" || json.Unmarshal(e.Post.Body, &event) != nil {
			t.Fatalf("an errand that is no event: %+v", e)
		}
		out = append(out, event)
	}
	return out
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
	got, err := f.take(t.Context(), fileWork(t, 2))
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
	if e := told(t, got); len(e) != 1 || e[0].Kind != referrals.WasSealed || e[0].File != "AAAA-BBBB.f1.pgp" || e[0].Message != 11 {
		t.Errorf("the case is told %+v", e)
	}
	if jobs := left(t, got); len(jobs) != 1 || jobs[0].File.Name != "AAAA-BBBB.f2.pgp" || !got.Again.Equal(noon) {
		t.Errorf("waiting %+v, due %v", jobs, got.Again)
	}
	got, err = f.take(t.Context(), referrals.Work{Member: referrals.Member{Slot: "p07", Name: "fAAAA-BBBB"}, State: got.State})
	if err != nil || got.State != nil || !got.Again.IsZero() || got.Documents[0].Name != "AAAA-BBBB.f2.pgp" {
		t.Errorf("the last file: %+v, %v", got, err)
	}
}

// A case hands its files on, and goes on without waiting for them. When one is sealed, whoever may read the case now is
// told, and the chat.
func TestCaseAndItsFiles(t *testing.T) {
	cw := newCasework()
	got, err := cw.take(t.Context(), caseWithFile(t, 1, referrals.Event{Kind: referrals.WasAcknowledged, Desk: "lima", Holding: "AAAA-BBBB", At: noon}))
	if err != nil || len(after(t, got).Waiting) != 0 || !got.Again.IsZero() || !slices.Equal(newsOf(got), []string{"read"}) {
		t.Fatalf("%+v, %v", got, err)
	}
	sealed := referrals.Event{Kind: referrals.WasSealed, File: "AAAA-BBBB.f1.pgp", Message: 11, At: noon}
	if got, err = cw.take(t.Context(), caseWithFile(t, 0, sealed)); err != nil || !slices.Equal(newsOf(got), []string{referrals.FileSealed}) {
		t.Fatalf("%+v, %v", got, err)
	}
	var desks []string
	for _, e := range got.Errands {
		if e.Notice != nil && e.Notice.Kind == referrals.NoticeAddition {
			desks = append(desks, e.Notice.Desk)
		}
	}
	if !slices.Equal(desks, []string{"lima"}) { // the NGO's turn has not come
		t.Errorf("told %q", desks)
	}
	failed := referrals.Event{Kind: referrals.WasUnsealed, File: "AAAA-BBBB.f1.pgp", Message: 11, At: noon}
	if got, err = cw.take(t.Context(), caseWithFile(t, 0, failed)); err != nil || !slices.Equal(newsOf(got), []string{referrals.FileFailed}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// A file that was sealed while its case was taken back is dropped again.
func TestFileOfACaseTakenBack(t *testing.T) {
	cw := newCasework()
	withdrawn := referrals.Event{Kind: referrals.WasWithdrawn, At: noon}
	sealed := referrals.Event{Kind: referrals.WasSealed, File: "AAAA-BBBB.f1.pgp", At: noon}
	got, err := cw.take(t.Context(), caseWithFile(t, 1, withdrawn))
	if err != nil || len(got.Drops) != 1 {
		t.Fatalf("drops %+v, %v", got.Drops, err)
	}
	for _, e := range got.Errands {
		if e.Post != nil && e.Post.To.Name == "fAAAA-BBBB" {
			t.Error("a file was handed on after its case was taken back")
		}
	}
	w := caseWithFile(t, 0, sealed)
	w.State = got.State
	got, err = cw.take(t.Context(), w)
	if err != nil || len(got.Drops) != 1 || got.Drops[0] != (referrals.Drop{Case: "AAAA-BBBB"}) || len(got.Errands) != 0 {
		t.Errorf("drops %+v, errands %+v, %v", got.Drops, got.Errands, err)
	}
}

func TestFileIsTriedAgainWhatPasses(t *testing.T) {
	f := newFiles(always(502, "<html>"))
	w := fileWork(t, 1)
	last := time.Duration(0)
	for tries := 1; tries <= mostTries; tries++ {
		got, err := f.take(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		wait := got.Again.Sub(noon)
		if jobs := left(t, got); len(jobs) != 1 || jobs[0].File.Tries != tries || wait < last || wait <= 0 {
			t.Fatalf("try %d: %+v, again after %v", tries, jobs, wait)
		}
		last, w.State, w.Inbox = wait, got.State, nil
	}
	got, err := f.take(t.Context(), w)
	if err != nil || told(t, got)[0].Kind != referrals.WasUnsealed || len(left(t, got)) != 0 {
		t.Errorf("told %+v, %v", told(t, got), err)
	}
}

func TestFileThatTelegramWillNeverGiveIsToldAtOnce(t *testing.T) {
	f := newFiles(func(string, []byte, *http.Request) (int, string) {
		return refusal(400, "Bad Request: file is too big", 0)
	})
	got, err := f.take(t.Context(), fileWork(t, 1))
	if err != nil || told(t, got)[0].Kind != referrals.WasUnsealed || len(got.Documents) != 0 {
		t.Errorf("told %+v, %v", told(t, got), err)
	}
}

// Telegram says how large a file is; that is not believed.
func TestFileThatGoesOnForEver(t *testing.T) {
	f := newFiles(func(method string, _ []byte, _ *http.Request) (int, string) {
		if method == "getFile" {
			return telegramFile(method, nil, nil)
		}
		return 200, strings.Repeat("x", largestFile+1)
	})
	got, err := f.take(t.Context(), fileWork(t, 1))
	if err != nil || told(t, got)[0].Kind != referrals.WasUnsealed || len(got.Documents) != 0 || f.shelf.aborted != 1 {
		t.Errorf("told %+v, aborted %d, %v", told(t, got), f.shelf.aborted, err)
	}
}

func TestOneDesksDeadKeyDoesNotKeepAFileFromOthers(t *testing.T) {
	f := newFiles(telegramFile)
	f.glass.dead["lima"] = true
	got, err := f.take(t.Context(), fileWork(t, 1))
	if err != nil || !slices.Equal(desksOf(got), []string{"fld"}) {
		t.Errorf("sealed for %q, %v", desksOf(got), err)
	}
	f.glass.dead["fld"] = true
	got, err = f.take(t.Context(), fileWork(t, 1))
	if err != nil || len(got.Documents) != 0 || len(left(t, got)) != 1 {
		t.Errorf("with no key at all: %+v, %v", got.Documents, err)
	}
}

// exploding is a seal that fails in a way nobody foresaw.
type exploding struct{ *glass }

func (exploding) SealFileNamed([]string, string, string, io.Reader, io.Writer) (map[string][]byte, error) {
	panic(canary)
}

func TestWhatWasWrittenOfAFileIsForgotten(t *testing.T) {
	f := newFiles(telegramFile)
	f.glass.late["lima"] = true
	got, err := f.take(t.Context(), fileWork(t, 1))
	if err != nil || f.shelf.aborted != 1 || len(got.Documents) != 0 {
		t.Errorf("aborted %d times, %v", f.shelf.aborted, err)
	}
	f = newFiles(telegramFile)
	f.shelf.broken = errors.New("full")
	if got, err = f.take(t.Context(), fileWork(t, 1)); err != nil || f.shelf.aborted != 1 || len(got.Documents) != 0 {
		t.Errorf("a file that was not kept: aborted %d times, %v", f.shelf.aborted, err)
	}
	f = newFiles(telegramFile)
	f.fileworker.seal = exploding{f.glass}
	if got, err = f.take(t.Context(), fileWork(t, 1)); err != nil || left(t, got)[0].File.Tries != 1 {
		t.Errorf("a file that makes sealing panic: %v", err)
	}
}

// Slow files leave workers for people.
func TestNotEverybodySealsFiles(t *testing.T) {
	f := newFiles(func(string, []byte, *http.Request) (int, string) { t.Error("one more file"); return 500, "" })
	for range mostSealing {
		f.sealing <- struct{}{}
	}
	got, err := f.take(t.Context(), fileWork(t, 1))
	if err != nil || len(left(t, got)) != 1 || got.Again.Sub(noon) != placeAgain {
		t.Errorf("due %v, %v", got.Again, err)
	}
}

func TestCaseThatIsOver(t *testing.T) {
	cw := newCasework()
	w := caseWithFile(t, 0, referrals.Event{Kind: referrals.WasEnded})
	w.State = nil
	got, err := cw.take(t.Context(), w)
	if err != nil || got.State != nil || len(got.Done) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	w.State = []byte(canary)
	if _, err = cw.take(t.Context(), w); err == nil {
		t.Error("an unreadable record was taken for a case")
	} else {
		clean(t, err)
	}
	if _, err = newFiles(telegramFile).take(t.Context(), w); err == nil {
		t.Error("an unreadable record was taken for files")
	} else {
		clean(t, err)
	}
}

// slowSeal takes half a minute for a file.
type slowSeal struct{ *glass }

func (s slowSeal) SealFileNamed(desks []string, name, given string, src io.Reader, body io.Writer) (map[string][]byte, error) {
	time.Sleep(30 * time.Second)
	return s.glass.SealFileNamed(desks, name, given, src, body)
}

// How long a desk took is metered once. A case that was handed over is acknowledged again, and that says nothing of how long it lay
// unread; nor does the event of an earlier version.
func TestTheFirstAcknowledgementIsMetered(t *testing.T) {
	first := referrals.Event{Kind: referrals.WasAcknowledged, Desk: "lima", Holding: "AAAA-BBBB", Since: noon.Add(-10 * time.Minute), At: noon}
	again, older, elsewhere := first, first, first
	again.At, older.Since, elsewhere.Desk = noon.Add(50*time.Hour), time.Time{}, "kyiv"
	for name, tt := range map[string]struct {
		events []referrals.Event
		count  uint64
	}{"handed over": {[]referrals.Event{first, again}, 1}, "an earlier version's": {[]referrals.Event{older, again}, 0}, "another desk's": {[]referrals.Event{elsewhere}, 0}} {
		cw, registry := newCasework(), prometheus.NewRegistry()
		cw.meters = NewMeters(registry)
		if _, err := cw.take(t.Context(), caseWithFile(t, 0, tt.events...)); err != nil {
			t.Fatal(err)
		}
		count, sum := uint64(0), 0.0
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == "defenderline_acknowledge_seconds" {
					count, sum = count+m.GetHistogram().GetSampleCount(), sum+m.GetHistogram().GetSampleSum()
				}
			}
		}
		if count != tt.count || sum != 600*float64(tt.count) {
			t.Errorf("%s: %d times, %v seconds", name, count, sum)
		}
	}
}
