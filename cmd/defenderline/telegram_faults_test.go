package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// weather is one way in which Telegram, or the way to it, is not as it should be while a crowd walks.
type weather struct {
	name  string
	begin func(*rig, *crowd) (end func())
	// polling and webhook say where it makes sense; the short form of the test takes one of them.
	polling, webhook bool
	// repeats says that what was done and not answered is done again, because nobody can know.
	repeats bool
	// slow says that acts take seconds: without -soak few people walk, and the shortest conversation.
	slow bool
	// came says that the weather came: without it the test proves nothing. nil: some call failed.
	came func(*rig, []telegramsim.Moment) bool
}

// calls is weather in which calls of the line fail.
func calls(f telegramsim.Fault) func(*rig, *crowd) func() {
	return func(r *rig, _ *crowd) func() { return r.sim.Inject(f) }
}

// deliveries is weather in which deliveries to the line are disturbed.
func deliveries(f telegramsim.WebhookFault) func(*rig, *crowd) func() {
	return func(r *rig, _ *crowd) func() {
		r.bot.DisturbWebhook(f)
		return func() { r.bot.DisturbWebhook(telegramsim.WebhookFault{}) }
	}
}

// weathers is every kind of it.
func weathers() []weather {
	fault := func(name string, repeats bool, f telegramsim.Fault) weather {
		return weather{name: name, begin: calls(f), polling: true, webhook: true, repeats: repeats}
	}
	slow := func(name string, f telegramsim.Fault) weather {
		return weather{name: name, begin: calls(f), polling: true, webhook: true, slow: true}
	}
	hook := func(name string, came func(*rig, []telegramsim.Moment) bool, f telegramsim.WebhookFault) weather {
		return weather{name: name, begin: deliveries(f), webhook: true, came: came}
	}
	return []weather{
		slow("429 on every 2nd call", telegramsim.Fault{Kind: telegramsim.FaultTooMany, Every: 2, RetryAfter: 1}),
		slow("429 on every 5th call", telegramsim.Fault{Kind: telegramsim.FaultTooMany, Every: 5, RetryAfter: 2}),
		slow("429 on every 50th call", telegramsim.Fault{Kind: telegramsim.FaultTooMany, Every: 50, RetryAfter: 5}),
		slow("2 s for every call", telegramsim.Fault{Kind: telegramsim.FaultLatency, Latency: 2 * time.Second}),
		slow("ten calls that hang", telegramsim.Fault{Kind: telegramsim.FaultHang, Every: 20, Times: 10}),
		{name: "getUpdates cut, refused and answered 502", polling: true, begin: unfetched},
		fault("502 on every 4th call", false, telegramsim.Fault{Kind: telegramsim.FaultStatus, Every: 4}),
		fault("an HTML page on every 4th call", false, telegramsim.Fault{Kind: telegramsim.FaultHTML, Every: 4, Status: 504}),
		fault("every 4th call cut before it was done", false, telegramsim.Fault{Kind: telegramsim.FaultCutBefore, Every: 4}),
		fault("every 4th answer cut after the act", true, telegramsim.Fault{Kind: telegramsim.FaultCutAfter, Every: 4}),
		fault("50 ms for every call", false, telegramsim.Fault{Kind: telegramsim.FaultLatency, Latency: 50 * time.Millisecond}),
		{name: "a second poller for a while", polling: true, begin: stolen, came: logged("second_reader")},
		{name: "poison among the updates", polling: true, webhook: true, begin: poisoned, came: metered("defenderline_updates_unread_total")},
		hook("every update delivered three times", handedAgain, telegramsim.WebhookFault{Repeat: 2}),
		hook("every update again a second later", handedAgain, telegramsim.WebhookFault{Echo: time.Second}),
		hook("every 3rd answer to a delivery lost", handedAgain, telegramsim.WebhookFault{Lose: 3}),
		hook("the newest of a chat first, 100 ms late", always, telegramsim.WebhookFault{Reverse: true, Delay: 100 * time.Millisecond}),
		{name: "deliveries with a wrong secret", webhook: true, begin: forged, came: metered(`defenderline_refused_total{reason="secret"}`)},
	}
}

// metered says that a metric of the line is not zero.
func metered(name string) func(*rig, []telegramsim.Moment) bool {
	return func(r *rig, _ []telegramsim.Moment) bool {
		for l := range strings.Lines(r.get("/metrics")) {
			if value, found := strings.CutPrefix(strings.TrimSpace(l), name+" "); found {
				return value != "0"
			}
		}
		return false
	}
}

// logged says that the line's log holds a word.
func logged(word string) func(*rig, []telegramsim.Moment) bool {
	return func(r *rig, _ []telegramsim.Moment) bool { return strings.Contains(r.log.String(), word) }
}

func always(*rig, []telegramsim.Moment) bool { return true }

// handedAgain says that some press was handed to the line twice.
func handedAgain(_ *rig, moments []telegramsim.Moment) bool {
	seen := map[string]bool{}
	for _, m := range moments {
		if m.Update != "callback_query" {
			continue
		}
		if key := fmt.Sprint(m.Chat, m.Text); seen[key] {
			return true
		} else {
			seen[key] = true
		}
	}
	return false
}

// unfetched lets polls fail in three ways.
func unfetched(r *rig, _ *crowd) func() {
	var ends []func()
	for i, kind := range []telegramsim.FaultKind{telegramsim.FaultCutAfter, telegramsim.FaultTooMany, telegramsim.FaultStatus} {
		ends = append(ends, r.sim.Inject(telegramsim.Fault{Kind: kind, Method: "getUpdates", Every: 9 + i}))
	}
	return func() {
		for _, end := range ends {
			end()
		}
	}
}

// while does something again and again until it is ended.
func while(every time.Duration, do func(n int)) (end func()) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				do(n)
			}
		}
	})
	return func() { close(stop); wg.Wait() }
}

// stolen lets another program poll with the same token until the line says so and for ten seconds at least, if the crowd
// takes so long: each of its polls ends one of the line's that waits, and on a busy machine none may. It confirms nothing: what it
// confirmed would be gone.
func stolen(r *rig, _ *crowd) func() {
	thief := &http.Client{Timeout: 10 * time.Second}
	return while(100*time.Millisecond, func(n int) {
		if n >= 100 && strings.Contains(r.log.String(), "second_reader") {
			return
		}
		resp, err := thief.Post(r.api.URL+"/bot"+r.bot.Token()+"/getUpdates", "application/json", strings.NewReader(`{"timeout":0}`))
		if err == nil {
			_ = resp.Body.Close()
		}
	})
}

// poisons stand between what people write: kinds and values no library knows, things that are no updates.
func poisons() (offered [][2]string, raw []string) {
	huge := `{"message_id":1,"date":1,"chat":{"id":77,"type":"private"},"from":{"id":77,"is_bot":false,"first_name":"x"},"text":"` +
		strings.Repeat("x", 900_000) + `"}`
	offered = [][2]string{{"message", telegramsim.UnknownOrigin}, {"message", telegramsim.BrokenMessage}, {"message", "5"}, {"message", "null"},
		{"message", "[]"}, {"callback_query", `{"id":5}`}, {"a_kind_of_tomorrow", `{"x":[1]}`}, {"", ""}, {"message", huge}}
	return offered, []string{`5`, `"text"`, `null`, `[]`, `{}`, `{"update_id":"7"}`, `{"message":{"message_id":1}}`, `{"update_id":1}`,
		`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":77,"type":"private"},"text":"twice"}}`,
		`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":77,"type":"private"},"text":"twice"}}`,
		`{"update_id":9999999999999999999999,"message":{}}`}
}

// poisoned puts one poison after another among the updates, no faster than the line reads them: on a busy machine people would wait
// behind ever more of it.
func poisoned(r *rig, c *crowd) func() {
	offered, raw := poisons()
	return while(30*time.Millisecond, func(n int) {
		if r.bot.Pending() > len(offered)+len(raw) {
			return
		}
		if k := n % (len(offered) + len(raw)); k < len(offered) {
			r.bot.Offer(offered[k][0], offered[k][1])
		} else {
			r.bot.OfferRaw(raw[k-len(offered)])
		}
	})
}

// forged delivers words in the name of everybody in the crowd that would end their conversations, without the secret, and
// with one that is nearly right.
func forged(r *rig, c *crowd) func() {
	return while(20*time.Millisecond, func(n int) {
		id := c.people[n%len(c.people)].phone.ID()
		body := fmt.Sprintf(`{"update_id":%d,"message":{"message_id":1,"date":1,"chat":{"id":%d,"type":"private"},`+
			`"from":{"id":%d,"is_bot":false,"first_name":"x"},"text":"/cancel"}}`, n+1, id, id)
		req, err := http.NewRequest(http.MethodPost, r.hook, strings.NewReader(body))
		if err != nil {
			return
		}
		if n%2 == 0 {
			req.Header.Set("X-Telegram-Bot-Api-Secret-Token", "s3cret-of-the-hooK")
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			r.t.Errorf("a forged delivery was answered %d", resp.StatusCode)
		}
	})
}

// weathersAtOnce is how many of them are proved side by side: they are mostly waiting.
const weathersAtOnce = 8

// TestTelegramFaults lets a crowd walk whole conversations in every weather: nobody is stuck, nothing is lost and
// nothing doubled; the same screen comes twice only where Telegram did what it then did not answer. With -soak in
// both modes wherever that makes sense.
func TestTelegramFaults(t *testing.T) {
	beside(t, crowded)
	binary(t) // not while others wait for it
	var all sync.WaitGroup
	var mu sync.Mutex
	rows, order := map[string]*row{}, []string{}
	var tried atomic.Int32
	room := make(chan struct{}, weathersAtOnce)
	for i, w := range weathers() {
		for _, webhook := range w.modes(i) {
			name := w.name + map[bool]string{false: "/polling", true: "/webhook"}[webhook] + "/single"
			r := &row{}
			rows[name], order = r, append(order, name)
			room <- struct{}{} // in their order: those that take longest come first
			all.Go(func() {
				defer func() { <-room }()
				t.Run(name, func(t *testing.T) {
					tried.Add(1)
					seed := newSeed()
					v := w.prove(t, webhook, seed)
					mu.Lock()
					defer mu.Unlock()
					r.add(v, seed)
				})
			})
		}
	}
	all.Wait()
	mustHaveTried(t, tried.Load(), order)
	t.Logf("\n%s", table(order, rows))
}

// modes are those in which the i-th weather is proved.
func (w weather) modes(i int) (webhook []bool) {
	if w.polling && (soaking() || !w.webhook || i%2 == 0) {
		webhook = append(webhook, false)
	}
	if w.webhook && (soaking() || len(webhook) == 0) {
		webhook = append(webhook, true)
	}
	return webhook
}

// people is how many walk in it.
func (w weather) people() int {
	switch {
	case soaking():
		return *people
	case w.slow:
		return 5
	default:
		return 12
	}
}

// prove lets a crowd walk in this weather and judges.
func (w weather) prove(t *testing.T, webhook bool, seed uint64) *verdict {
	r := newRigWith(t, rigOptions{webhook: webhook, change: []func(*rig, *string){roomy}})
	c := calling(r, w.people(), seed)
	c.within = 8 * time.Minute
	for _, p := range c.people {
		if w.slow && !soaking() {
			p.flow = "emergency"
		}
	}
	trace, stop := r.sim.Trace(100_000)
	defer stop()
	came := func() bool {
		moments, _ := trace.Moments()
		return w.came == nil && len(r.sim.Failed()) > 0 || w.came != nil && w.came(r, moments)
	}
	c.begin()
	end := w.begin(r, c)
	c.wait()
	within(patience, came) // a crowd may be faster than the weather
	end()
	within(c.within, func() bool { // desks' chats have one message a second, once a limit was met
		left, err := r.vessel.unfinished()
		return err == nil && len(left) == 0
	})
	v := c.judge()
	t.Logf("failed %v, refused %v", r.sim.Failed(), r.sim.TooMany())
	if !w.repeats || int64(v.repeated) > r.sim.Failed()[telegramsim.FaultCutAfter] {
		v.problems = append(v.problems, v.repeats...)
	}
	v.must(t, seed)
	if !came() {
		t.Error("nothing of the weather came: the test proves nothing")
	}
	return v
}
