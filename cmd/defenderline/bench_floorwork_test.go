package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"defenderline/referrals/seal"
)

// floorFile names the environment variable that tells this process to do a workload.
const floorFile = "DEFENDERLINE_BENCH_FLOOR"

// BenchmarkFloor is the process that BenchmarkLine starts for its floor. On its own it seals and signs an
// ordinary document.
func BenchmarkFloor(b *testing.B) {
	if file := os.Getenv(floorFile); file != "" {
		raw, err := os.ReadFile(file)
		var w workload
		if err == nil {
			err = json.Unmarshal(raw, &w)
		}
		if err == nil {
			err = w.do()
		}
		if err != nil {
			b.Fatal(err)
		}
		return
	}
	signing, _, err := seal.NewSigningKey(time.Now())
	if err != nil {
		b.Fatal(err)
	}
	_, public, err := seal.Generate("desk", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	w := workload{Signing: signing, Key: public, Text: bytes.Repeat([]byte("words "), 400)}
	sealer, err := w.sealer()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := sealer.SealNamed("lima", "K7QM-3XRP.asc", w.Text); err != nil {
			b.Fatal(err)
		}
	}
}

// floorWork is a workload with its tools.
type floorWork struct {
	workload
	http   *http.Client
	db     *redis.Client
	script *redis.Script
	sealer *seal.Sealer
	heard  chan struct{} // an item for each update delivered
	offset atomic.Int64
}

// do does the workload, first a little of it to warm up, and prints what it cost.
func (w workload) do() error {
	f := &floorWork{workload: w, heard: make(chan struct{}, 1<<20), http: &http.Client{
		Transport: &http.Transport{MaxIdleConns: w.Parallel, MaxIdleConnsPerHost: w.Parallel}}}
	f.db = redis.NewClient(&redis.Options{Addr: w.Redis, Protocol: 2, MaxRetries: -1, DisableIdentity: true, ContextTimeoutEnabled: true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}})
	defer f.db.Close()
	f.script = redis.NewScript(`redis.call('SET', KEYS[1], ARGV[1]) return {'ok', string.rep('x', tonumber(ARGV[2]))}`)
	err := f.script.Load(context.Background(), f.db).Err()
	if err == nil {
		f.sealer, err = w.sealer()
	}
	if err != nil {
		return err
	}
	if w.Webhook && f.part("decode") {
		if err := f.listen(); err != nil {
			return err
		}
	}
	if err := f.work(w.warmUp()); err != nil {
		return err
	}
	cpu, mallocs := usage()
	if err := f.work(w.Conversations); err != nil {
		return err
	}
	cost := partCost{Conversations: w.Conversations}
	cost.CPU, cost.Mallocs = usage()
	cost.CPU, cost.Mallocs = cost.CPU-cpu, cost.Mallocs-mallocs
	text, err := json.Marshal(cost)
	fmt.Printf("\ncost %s\n", text)
	return err
}

// usage is this process's CPU time and allocations so far.
func usage() (time.Duration, uint64) {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for the process itself
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), m.Mallocs
}

func (f *floorWork) part(name string) bool { return f.Part == name || f.Part == "all" }

// work does so many conversations' work, as many side by side as the line has chats, while updates arrive.
func (f *floorWork) work(conversations int) error {
	var all sync.WaitGroup
	failed := make(chan error, f.Parallel+1)
	if f.part("decode") {
		all.Go(func() { failed <- f.receive(conversations) })
	}
	var next atomic.Int64
	for range f.Parallel {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < conversations; i = int(next.Add(1)) - 1 {
				if err := f.converse(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failed)
	var errs []error
	for err := range failed {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// share is how many of something the i-th conversation has, when each has so many on average.
func share(i int, each float64) (from, to int) {
	return int(float64(i) * each), int(float64(i+1) * each)
}

// converse is one conversation's round trips, calls and seal.
func (f *floorWork) converse(i int) error {
	if f.part("redis") {
		for from, to := share(i, f.TripsEach); from < to; from++ {
			if err := f.trip(from); err != nil {
				return err
			}
		}
	}
	if f.part("calls") {
		for from, to := share(i, f.CallsEach); from < to; from++ {
			c := f.Calls[from%len(f.Calls)]
			var answer struct {
				OK     bool
				Result json.RawMessage
			}
			if err := f.post(c.Method, c.Kind, c.Body, &answer); err != nil {
				return err
			}
		}
	}
	if f.part("seal") {
		_, err := f.sealer.SealNamed("lima", "K7QM-3XRP.asc", f.Text)
		return err
	}
	return nil
}

// trip is one script with as many and as large arguments, and as large an answer, as the line's have.
func (f *floorWork) trip(i int) error {
	args := []any{strings.Repeat("v", f.ArgBytes), strconv.Itoa(f.AnswerBytes)}
	for len(args) < f.Args-4 { // EVALSHA, the script, the number of keys, the key
		args = append(args, strings.Repeat("v", f.ArgBytes))
	}
	return f.script.EvalSha(context.Background(), f.db, []string{"floor" + strconv.Itoa(i%1000)}, args...).Err()
}

// post posts a body as it stands and decodes the answer's envelope.
func (f *floorWork) post(method, kind string, body []byte, answer any) error {
	resp, err := f.http.Post(f.API+"/bot1:A/"+method, kind, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, answer)
}

// floorUpdate is what anybody who answers must know of an update.
type floorUpdate struct {
	ID      int64 `json:"update_id"`
	Message *floorMessage
	Press   *struct {
		ID      string
		From    floorUser
		Message *floorMessage
		Data    string
	} `json:"callback_query"`
}

type floorMessage struct {
	ID   int64 `json:"message_id"`
	From floorUser
	Chat struct {
		ID   int64
		Type string
	}
	Text string
}

type floorUser struct {
	ID       int64
	Language string `json:"language_code"`
}

// receive polls, or waits for deliveries, until so many conversations' updates were decoded.
func (f *floorWork) receive(conversations int) error {
	if f.Webhook {
		for range f.updates(conversations) {
			<-f.heard
		}
		return nil
	}
	for range int(f.PollsEach * float64(conversations)) {
		var batch struct{ Result []floorUpdate }
		if err := f.post("getUpdates", "application/json", fmt.Appendf(nil, `{"offset":%d,"timeout":50}`, f.offset.Load()), &batch); err != nil {
			return err
		}
		if n := len(batch.Result); n > 0 {
			f.offset.Store(batch.Result[n-1].ID + 1)
		}
	}
	return nil
}

// listen takes deliveries and tells the parent where.
func (f *floorWork) listen() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_ = http.Serve(l, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { // until the process ends
			var u floorUpdate
			body, err := io.ReadAll(r.Body)
			if err == nil && json.Unmarshal(body, &u) == nil {
				f.heard <- struct{}{}
			}
		}))
	}()
	fmt.Printf("\nhook http://%s/\n", l.Addr())
	return nil
}

// sealer seals to the desk of the workload, as the line does.
func (w workload) sealer() (*seal.Sealer, error) {
	signing, err := seal.ParseSigningKey(w.Signing)
	if err != nil {
		return nil, err
	}
	fingerprint, err := seal.Fingerprint(w.Key)
	if err != nil {
		return nil, err
	}
	key, err := seal.ParseKey(w.Key, fingerprint)
	if err != nil {
		return nil, err
	}
	return seal.New(signing, []seal.Desk{{ID: "lima", Keys: []*seal.Key{key}, HideKeyIDs: true}}, time.Now)
}
