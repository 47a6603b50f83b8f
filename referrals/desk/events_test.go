package desk

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// event reads blocks until one tells something.
func (f *followed) event(t testing.TB) (b block, n news) {
	t.Helper()
	for {
		b, more := f.next(t)
		if !more {
			t.Fatal("the stream ended")
		}
		if b.data == "" {
			continue
		}
		if err := json.Unmarshal([]byte(b.data), &n); err != nil || b.event != string(n.State) || b.id == "" {
			t.Fatalf("%+v: %v", b, err)
		}
		return b, n
	}
}

// TestAStreamCutAgainAndAgainMissesAndRepeatsNothing proves, on a real Redis, that a stream that is cut after each few
// events, while cases go on being offered, tells each once and in order.
func TestAStreamCutAgainAndAgainMissesAndRepeatsNothing(t *testing.T) {
	l := newLine(t, redistest.Start(t).URL(), Limits{Heartbeat: time.Hour})
	const many = 60
	first := l.follow(fld, "")
	b, _ := first.next(t) // the id to go on from, before anything has happened
	first.close()
	after, done := b.id, make(chan struct{})
	go func() {
		defer close(done)
		for n := range many {
			l.offer("fld", referralCode(n), referrals.Urgent)
			l.offer("pbi", referralCode(n), referrals.Urgent)
			if n%5 == 0 {
				l.act("/referrals/"+referralCode(n)+"/claim", fld, "").item(t) // its own act: not told
			}
		}
	}()
	for n := 0; n < many; {
		s := l.follow(fld, after)
		for range 1 + n%4 {
			if n == many {
				break
			}
			b, told := s.event(t)
			if told.Code != referralCode(n) || told.State != referrals.Offered {
				t.Fatalf("event %d: %+v", n, told)
			}
			after = b.id
			n++
		}
		s.close()
	}
	<-done
	s := l.follow(fld, after)
	defer s.close()
	l.withdraw("fld", referralCode(3), referrals.Offered)
	if _, told := s.event(t); told.State != referrals.Withdrawn || told.Code != referralCode(3) {
		t.Fatalf("after all: %+v", told)
	}
}

// TestAMissionIsToldOfItsCases proves which events a mission gets.
func TestAMissionIsToldOfItsCases(t *testing.T) {
	l := newLine(t, "", Limits{})
	s := l.follow(lima, "")
	defer s.close()
	s.next(t)
	l.alert("lima", caseCode(1), referrals.Emergency)
	l.alert("lima", caseCode(2), referrals.Routine)
	l.act("/cases/"+caseCode(1)+"/acknowledge", lima, "").item(t)
	l.withdraw("lima", caseCode(2), referrals.Alerted)
	for _, want := range []string{"alerted " + caseCode(1), "alerted " + caseCode(2), "withdrawn " + caseCode(2)} {
		if b, told := s.event(t); b.event+" "+told.Code != want {
			t.Fatalf("%+v, not %s", b, want)
		}
	}
	if err := l.doc.schema(t, "/components/schemas/Event").Validate(map[string]any{"code": caseCode(1), "state": "alerted", "lane": "urgent",
		"at": "2026-11-21T09:00:00Z"}); err != nil {
		t.Error(err)
	}
}

// TestAStreamOutlivesTheServersDeadlines proves that a server that reads for a moment only and an outage of the store
// do not end a stream, and that its silence is broken.
func TestAStreamOutlivesTheServersDeadlines(t *testing.T) {
	const short = 400 * time.Millisecond
	l := newLine(t, "", Limits{Heartbeat: time.Nanosecond, Answer: short})
	server := httptest.NewUnstartedServer(l.api)
	server.Config.ReadTimeout, server.Config.WriteTimeout = short, short
	server.Start()
	defer server.Close()
	l.url, l.client = server.URL, server.Client()
	s := l.follow(fld, "")
	defer s.close()
	begun := time.Now()
	for time.Since(begun) < 2*short {
		if b, more := s.next(t); !more || b.id == "" {
			t.Fatalf("it ended after %v", time.Since(begun))
		}
	}
	l.down.Store(true)
	<-l.logged.wrote // it has noticed
	l.offer("fld", referralCode(1), referrals.Urgent)
	l.down.Store(false)
	if _, told := s.event(t); told.Code != referralCode(1) {
		t.Fatalf("%+v", told)
	}
}

// TestStreamsEndWithTheServer proves that a server which ends need not wait for streams.
func TestStreamsEndWithTheServer(t *testing.T) {
	l := newLine(t, "", Limits{Streams: 2})
	one, two := l.follow(fld, ""), l.follow(fld, "")
	defer one.close()
	defer two.close()
	l.get("/events", fld).problem(t, tooMany)
	other := l.follow(pbi, "")
	other.close()
	l.end()
	for _, s := range []*followed{one, two} {
		for {
			if _, more := s.next(t); !more {
				break
			}
		}
		if err := s.lines.Err(); err != nil {
			t.Errorf("it was cut: %v", err)
		}
	}
}

// TestAStreamGoesOnOnlyFromAnEvent proves what Last-Event-ID may be.
func TestAStreamGoesOnOnlyFromAnEvent(t *testing.T) {
	l := newLine(t, "", Limits{})
	for _, id := range []string{"$", "x", "-", "1-2-3-4", "9999999999999999999999"} {
		l.get("/events", fld, "Last-Event-ID: "+id).problem(t, unreadable)
	}
	if a := l.ask("HEAD", root+"/events", fld, ""); a.status != http.StatusOK || a.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("HEAD: %d %v", a.status, a.header)
	}
	l.offer("fld", referralCode(1), referrals.Urgent)
	s := l.follow(fld, "0-0")
	defer s.close()
	if _, told := s.event(t); told.Code != referralCode(1) {
		t.Errorf("from the beginning: %+v", told)
	}
}

// TestLimitsAreEachDesksOwn proves that a desk that asks too often is told when to come again, and hinders nobody else;
// wrong tokens do not hinder right ones.
func TestLimitsAreEachDesksOwn(t *testing.T) {
	l := newLine(t, "", Limits{PerSecond: 0.01, Burst: 3, WrongPerSecond: 0.01, WrongBurst: 2})
	status := func(token string) string {
		a := l.get("/referrals", token)
		return fmt.Sprint(a.status, " ", a.header.Get("Retry-After"))
	}
	for i, want := range []string{"401 ", "401 ", "429 100", "429 100"} {
		if got := status(nobody); got != want {
			t.Errorf("wrong token %d: %s", i, got)
		}
	}
	for i, want := range []string{"200 ", "200 ", "200 ", "429 100"} {
		if got := status(fld); got != want {
			t.Errorf("call %d: %s", i, got)
		}
	}
	if got := status(pbi); got != "200 " {
		t.Errorf("another desk: %s", got)
	}
}
