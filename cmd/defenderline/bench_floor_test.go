package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"defenderline/referrals/seal"
)

// workload is what conversations cost with nothing around it. It is written to a file for the process that
// does it; the figures are those of the line in the same run.
type workload struct {
	Part          string // what of it is done: all, calls, decode, redis or seal
	Webhook       bool
	API, Redis    string
	Conversations int
	Parallel      int

	Calls   []exchange        // as the line made them
	Updates []json.RawMessage // as Telegram gave them
	Text    []byte            // of a document, without padding

	Signing, Key []byte // armored: the line's private key, the desk's public key

	CallsEach, PollsEach, UpdatesEach, TripsEach float64 // per conversation
	Args, ArgBytes, AnswerBytes                  int     // per round trip
}

// partCost is what a process of its own needed for a workload or a part of it.
type partCost struct {
	Conversations int
	CPU           time.Duration
	Mallocs       uint64
}

func (c partCost) perConversation() float64 { return ms(c.CPU) / float64(c.Conversations) }

func (c partCost) mallocs() float64 { return float64(c.Mallocs) / float64(c.Conversations) }

// floor is the cost of the parts of a workload, each done alone.
type floor struct{ calls, decode, redis, seal partCost }

// sum is more than what all parts cost side by side in one process, which wakes up less often.
func (f floor) sum() (ms float64) {
	for _, part := range []partCost{f.calls, f.decode, f.redis, f.seal} {
		ms += part.perConversation()
	}
	return ms
}

// learn keeps a sample of what the line said and heard, and of what it sealed.
func (w *workload) learn(l *benched, sample []exchange) {
	for _, e := range sample {
		if e.Method == "getUpdates" {
			var answer struct{ Result []json.RawMessage }
			if err := json.Unmarshal(e.Answer, &answer); err != nil {
				l.t.Fatal(err)
			}
			w.Updates = append(w.Updates, answer.Result...)
			continue
		}
		w.Calls = append(w.Calls, e)
		if e.Method == "sendDocument" && w.Text == nil {
			w.Text = l.unsealed(e.Body)
		}
	}
	if len(w.Calls) == 0 || len(w.Updates) == 0 || w.Text == nil {
		l.t.Fatal("the sample lacks calls, updates or a document")
	}
}

// unsealed is the text of the document in an upload, without the padding.
func (l *benched) unsealed(upload []byte) []byte {
	l.t.Helper()
	const begin, end = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"
	from, to := bytes.Index(upload, []byte(begin)), bytes.Index(upload, []byte(end))
	if from < 0 || to < 0 {
		l.t.Fatal("the upload holds no document")
	}
	text := l.open("lima", upload[from:to+len(end)])
	return text[:bytes.LastIndex(text, []byte("padding:"))]
}

// prepare makes the workload as much as the line did. Where commands to Redis were not counted, they are as many as before.
func (w *workload) prepare(l *benched, f *figures) {
	w.Redis, w.Conversations, w.Parallel = l.redis.Addr, 600, chats
	w.Webhook = strings.HasPrefix(f.name, "webhook")
	w.CallsEach, w.PollsEach = f.apiCalls(), f.called("getUpdates")
	w.UpdatesEach = float64(len(conversation))
	if trips := f.counted.trips; trips > 0 {
		w.TripsEach = float64(trips) / float64(f.countedOver)
		w.Args, w.AnswerBytes = int(f.counted.args/trips), int(f.counted.received/trips)
		w.ArgBytes = int(f.counted.sent/trips) / max(1, w.Args)
	}
	w.keys(l)
}

// parts does the parts, each alone.
func (w *workload) parts(b *testing.B) floor {
	b.Helper()
	return floor{calls: w.process(b, "calls"), decode: w.process(b, "decode"), redis: w.process(b, "redis"), seal: w.process(b, "seal")}
}

// keys reads the line's own key and the desk's.
func (w *workload) keys(l *benched) {
	for name, to := range map[string]*[]byte{"secrets/signing.asc": &w.Signing, "lima.asc": &w.Key} {
		var err error
		if *to, err = os.ReadFile(filepath.Join(l.dir, name)); err != nil {
			l.t.Fatal(err)
		}
	}
	if _, err := seal.Fingerprint(w.Key); err != nil {
		l.t.Fatal(err)
	}
}

// api answers every call as it was answered before, and polls with batches as large as they were.
func (w *workload) api() *httptest.Server {
	answers := map[string][]byte{}
	for _, c := range w.Calls {
		answers[c.Method] = c.Answer
	}
	each := 1
	if w.PollsEach > 0 {
		each = max(1, int(w.UpdatesEach/w.PollsEach+.5))
	}
	batches := w.batches(each)
	var next atomic.Int64
	return httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer := answers[path.Base(r.URL.Path)]
		if path.Base(r.URL.Path) == "getUpdates" {
			answer = batches[int(next.Add(1))%len(batches)]
		}
		_, _ = bufio.NewReader(r.Body).WriteTo(discard{}) // a caller that is gone is no concern
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(answer)
	}))
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

func (w *workload) batches(each int) (out [][]byte) {
	for some := range slices.Chunk(w.Updates, each) {
		list, err := json.Marshal(map[string]any{"ok": true, "result": some})
		if err == nil {
			out = append(out, list)
		}
	}
	return out
}

// process does a part, or all, in a process of its own, which measures itself. Go runs it on all processors, as it does by default, unless
// the environment is given something else.
func (w *workload) process(b *testing.B, part string, environment ...string) partCost {
	b.Helper()
	api := w.api()
	defer api.Close()
	w.Part, w.API = part, api.URL
	file := filepath.Join(b.TempDir(), "workload.json")
	raw, err := json.Marshal(w)
	if err == nil {
		err = os.WriteFile(file, raw, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	run := exec.Command(os.Args[0], "-test.run", "^$", "-test.bench", "^BenchmarkFloor$", "-test.benchtime", "1x")
	run.Env = append(append(os.Environ(), floorFile+"="+file), environment...)
	run.Stderr = os.Stderr
	out, err := run.StdoutPipe()
	if err == nil {
		err = run.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	var cost partCost
	var posting sync.WaitGroup
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if hook, ok := strings.CutPrefix(lines.Text(), "hook "); ok {
			w.deliver(&posting, hook)
		}
		if text, ok := strings.CutPrefix(lines.Text(), "cost "); ok {
			if err := json.Unmarshal([]byte(text), &cost); err != nil {
				b.Fatal(err)
			}
		}
	}
	posting.Wait()
	if err := run.Wait(); err != nil || cost.Conversations == 0 {
		b.Fatalf("the floor's process failed: %v", err)
	}
	return cost
}

// deliver posts as many updates to a webhook as the workload has, side by side.
func (w *workload) deliver(posting *sync.WaitGroup, hook string) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	var next atomic.Int64
	total := int64(w.updates(w.Conversations) + w.updates(w.warmUp()))
	for range 100 {
		posting.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= total {
					return
				}
				resp, err := client.Post(hook, "application/json", bytes.NewReader(w.Updates[int(i)%len(w.Updates)]))
				if err == nil {
					resp.Body.Close()
				}
			}
		})
	}
}

func (w *workload) updates(conversations int) int { return int(w.UpdatesEach * float64(conversations)) }

// warmUp is how many conversations' work is done before measuring.
func (w *workload) warmUp() int { return w.Conversations / 10 }
