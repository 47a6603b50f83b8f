package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"defenderline/bot/telegramsim"
)

// flood is a line at Telegram's own speed limits, with many chats that write again and again and never stop.
type flood struct {
	*rig
	chats    []*telegramsim.Phone
	every    time.Duration     // between two messages of a chat
	officers map[string]*actor // by country
	stop     context.CancelFunc
	writing  sync.WaitGroup
}

// floodCountries have a mission each, and each mission an officer of its own: one officer's chat takes one message
// a second, whatever the line does. The first screen of countries has room for these.
var floodCountries = []string{"PE", "CO", "MX", "GT", "HN", "KE", "ID", "BR"}

// soaking says that the long form of a test was asked for.
func soaking() bool { return *soak > 0 }

// newFlood starts a line for so many chats that will flood it, each writing every so often.
func newFlood(t testing.TB, chats int, every time.Duration) *flood {
	t.Helper()
	f := &flood{every: every, officers: map[string]*actor{}}
	f.rig = newRig(t, func(r *rig, config *string) {
		var more strings.Builder
		for i, country := range floodCountries[1:] {
			fmt.Fprintf(&more, "  - {id: mission%d, name: British Embassy %d, countries: [%s], languages: [en], timezone: America/Lima, keys: [%s],\n"+
				"     duty: [{chat: %d, acknowledge_within: 10m}], asks: [meeting]}\n", i, i, country, r.key(fmt.Sprintf("mission%d", i)), 900201+i)
		}
		*config = strings.Replace(*config, "headquarters:\n", more.String()+"headquarters:\n", 1)
		*config += "limits: {updates_per_chat_per_minute: 1000000}\n"
	})
	f.officers["PE"] = f.desk(lima1)
	for i, country := range floodCountries[1:] {
		f.officers[country] = f.desk(int64(900201 + i))
	}
	for range chats {
		f.chats = append(f.chats, f.person(0, "en").Phone)
	}
	return f
}

// mostPending is how many updates Telegram holds before the chats pause: how many the machine lets the line read a
// second is not the matter, and what it has not read it cannot put first.
const mostPending = 50

// begin lets every chat write until end.
func (f *flood) begin() {
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.t.Cleanup(stop)
	for i, phone := range f.chats {
		f.writing.Go(func() {
			wait := time.NewTimer(f.every * time.Duration(i) / time.Duration(len(f.chats)))
			defer wait.Stop()
			for n := 0; ; n++ {
				select {
				case <-ctx.Done():
					return
				case <-wait.C:
				}
				if f.bot.Pending() < mostPending {
					_, _ = phone.Send(fmt.Sprintf("word %d", n)) // cannot fail: a short text
				}
				wait.Reset(f.every)
			}
		})
	}
}

// end stops the flood.
func (f *flood) end() {
	f.stop()
	f.writing.Wait()
}

// unanswered counts the chats whose last message is their own.
func (f *flood) unanswered() (n int) {
	for _, phone := range f.chats {
		if m := phone.View().Last(); m != nil && !m.From.IsBot {
			n++
		}
	}
	return n
}

// settled waits until the line is flooded: of three chats, two wait for an answer.
func (f *flood) settled() {
	f.t.Helper()
	if !within(2*time.Minute, func() bool { return f.bot.Sent() > 60 && f.unanswered() > len(f.chats)*2/3 }) {
		f.t.Fatalf("the line is not flooded: %d messages, %d of %d chats wait\n%s", f.bot.Sent(), f.unanswered(), len(f.chats), f.log)
	}
}

func total(counts map[string]int64) (n int64) {
	for _, v := range counts {
		n += v
	}
	return n
}

// calmly walks an emergency like a person who does one thing a second, until it was sent.
func (f *flood) calmly(country string, consents ...string) (d *actor, code string) {
	d = f.person(0, "en")
	beat := time.NewTicker(time.Second)
	defer beat.Stop()
	d.says("/emergency")
	for _, data := range []string{"notice:understood", "safe:yes", "urgency:now", "country:" + country, "subject:self"} {
		d.offered(data)
		<-beat.C
		d.press(data)
	}
	d.reads("What is happening")
	<-beat.C
	d.says("They are at the door.")
	for _, data := range append(append([]string{"nav:done"}, consents...), "review:send") {
		d.offered(data)
		<-beat.C
		d.press(data)
	}
	return d, d.code()
}

// walkers lets so many people walk an emergency at once, not so close that one officer's chat would have
// to take more than Telegram lets it, and gives the codes of their cases by chat. Officers acknowledge
// as soon as they see a case, and the defender hears of it.
func (f *flood) walkers(people int) map[int64]string {
	f.t.Helper()
	var mu sync.Mutex
	codes := map[int64]string{}
	var all sync.WaitGroup
	for i := range people {
		all.Go(func() {
			<-time.After(time.Duration(i) * 400 * time.Millisecond)
			country := floodCountries[i%len(floodCountries)]
			consents := []string{"consent:mission"}
			if i%4 == 0 {
				consents = append(consents, "consent:front-line-defenders")
			}
			d, code := f.calmly(country, consents...)
			mu.Lock()
			codes[d.ID()] = code
			mu.Unlock()
			officer := &actor{Phone: f.officers[country].Phone, r: f.rig, ctx: d.ctx}
			officer.press("ack:" + code)
			d.reads("was read by")
			officer.without("ack:" + code)
		})
	}
	all.Wait()
	if len(codes) != people {
		f.t.Fatalf("%d of %d emergencies were sent", len(codes), people)
	}
	return codes
}

// passage is how something got from the line's ears to Telegram: how long it took, and how many messages of the
// bot left in between.
type passage struct {
	took   time.Duration
	others int64
}

// passed finds the first moment that matches from, the first after it that matches to, and what lies between.
func passed(t testing.TB, moments []telegramsim.Moment, what string, from, to func(telegramsim.Moment) bool) passage {
	t.Helper()
	i := slices.IndexFunc(moments, from)
	j := -1
	if i >= 0 {
		j = slices.IndexFunc(moments[i:], to)
	}
	if j < 0 {
		t.Errorf("%s: never", what)
		return passage{}
	}
	a, b := moments[i], moments[i+j]
	return passage{b.At.Sub(a.At), b.Sent - a.Sent}
}

// passages are those of one kind.
type passages []passage

// add follows something of a chat that was handed to the line until a call.
func (p *passages) add(t testing.TB, moments []telegramsim.Moment, chat int64, text string, to func(telegramsim.Moment) bool) {
	t.Helper()
	*p = append(*p, passed(t, moments, fmt.Sprintf("%s of %d", text, chat), func(m telegramsim.Moment) bool {
		return m.Chat == chat && m.Update != "" && strings.HasPrefix(m.Text, text)
	}, to))
}

// worst is the largest number of others.
func (p passages) worst() (others int64) {
	for _, one := range p {
		others = max(others, one.others)
	}
	return others
}

// middle is the median number of others.
func (p passages) middle() int64 {
	slices.SortFunc(p, func(a, b passage) int { return int(a.others - b.others) })
	return p[len(p)/2].others
}

// String gives the figures, without judging: how fast this machine is, is not the matter.
func (p passages) String() string {
	slices.SortFunc(p, func(a, b passage) int { return int(a.took - b.took) })
	took := []time.Duration{p[len(p)/2].took, p[len(p)*99/100].took}
	slices.SortFunc(p, func(a, b passage) int { return int(a.others - b.others) })
	return fmt.Sprintf("p50 %v, p99 %v; other messages in between p50 %d, p99 %d", took[0].Round(time.Millisecond), took[1].Round(time.Millisecond),
		p[len(p)/2].others, p[len(p)*99/100].others)
}

// fulfilled says that a call of a method to a chat was done.
func fulfilled(chat int64, method string) func(telegramsim.Moment) bool {
	return func(m telegramsim.Moment) bool { return m.Chat == chat && m.Method == method && m.Err == nil }
}

// behind is what left between the answer to the press of "send" and the alert: what the alert waited for in the line, without
// what this machine took to read the press and to seal the case.
func behind(moments []telegramsim.Moment, chat int64, code string) passage {
	i := slices.IndexFunc(moments, func(m telegramsim.Moment) bool {
		return m.Chat == chat && m.Update != "" && strings.HasPrefix(m.Text, "review:send")
	})
	alert := slices.IndexFunc(moments, func(m telegramsim.Moment) bool { return m.File == code+".asc" && m.Err == nil })
	answer := slices.IndexFunc(moments[max(i, 0):], fulfilled(chat, "answerCallbackQuery"))
	if i < 0 || alert < 0 || answer < 0 || i+answer > alert { // or never, which is judged elsewhere
		return passage{}
	}
	return passage{moments[alert].At.Sub(moments[i+answer].At), moments[alert].Sent - moments[i+answer].Sent}
}

// report measures what happened to the emergencies and their acknowledgements.
func (o *outcome) report(t testing.TB, moments []telegramsim.Moment, codes map[int64]string) {
	t.Helper()
	var offers, news passages
	for chat, code := range codes {
		o.alerts.add(t, moments, chat, "review:send", func(m telegramsim.Moment) bool { return m.File == code+".asc" && m.Err == nil })
		o.behind = append(o.behind, behind(moments, chat, code))
		i := slices.IndexFunc(moments, func(m telegramsim.Moment) bool { return m.Update != "" && m.Text == "ack:"+code })
		if i < 0 {
			t.Errorf("nobody acknowledged %s", code)
			continue
		}
		o.acks.add(t, moments, moments[i].Chat, "ack:"+code, fulfilled(moments[i].Chat, "editMessageCaption"))
		news = append(news, passed(t, moments, "news of "+code, func(m telegramsim.Moment) bool { return m.Text == "ack:"+code },
			func(m telegramsim.Moment) bool {
				return m.Chat == chat && strings.Contains(m.Text, "was read by") && m.Err == nil
			}))
		if slices.ContainsFunc(moments, func(m telegramsim.Moment) bool { return m.Chat == fldChat && strings.Contains(m.Text, code) }) {
			offers.add(t, moments, chat, "review:send", func(m telegramsim.Moment) bool {
				return m.Chat == fldChat && strings.Contains(m.Text, code) && m.Err == nil
			})
		}
	}
	t.Logf("from \"send\" to the alert: %v", o.alerts)
	t.Logf("from the answer to \"send\" to the alert: %v", o.behind)
	if len(offers) > 0 {
		t.Logf("from \"send\" to the offer: %v", offers)
	}
	t.Logf("from an acknowledgement to the officer's card: %v", o.acks)
	t.Logf("from an acknowledgement to the defender's news: %v", news)
}

// outcome is what a flood came to.
type outcome struct {
	alerts, acks     passages
	behind           passages         // of alerts, from the answer to "send"
	refused          map[string]int64 // the one that was made among them
	perSecond        float64
	answeredAfterAll time.Duration // from the end of the flood until nobody's words were unanswered; 0: never
}

// run lets the chats write while twenty people walk an emergency.
func (f *flood) run(t testing.TB) outcome {
	t.Helper()
	f.desk(fldChat)
	// The line sends a chat two messages in a row; a loaded machine may delay calls, so that more arrive at once.
	f.sim.Limit(&telegramsim.Limits{ChatBurst: 5})
	// By one refusal the line learns that there are limits; it must provoke none.
	f.sim.Inject(telegramsim.Fault{Kind: telegramsim.FaultTooMany, Method: "sendMessage", Times: 1, RetryAfter: 1})
	f.begin()
	f.settled()
	var o outcome
	sent, begun := f.bot.Sent(), time.Now()
	trace, stop := f.sim.Trace(2_000_000)
	defer stop()
	codes := f.walkers(20)
	o.refused, o.perSecond = f.sim.TooMany(), float64(f.bot.Sent()-sent)/time.Since(begun).Seconds()
	f.end()
	moments, missed := trace.Moments()
	if missed > 0 {
		t.Fatalf("%d moments were missed", missed)
	}
	t.Logf("%d chats, %.1f messages/s left, refused %v", len(f.chats), o.perSecond, o.refused)
	o.report(t, moments, codes)
	ended := time.Now()
	if within(10*time.Minute, func() bool { return f.unanswered() == 0 }) {
		o.answeredAfterAll = time.Since(ended)
	}
	return o
}

// TestFlood lets 300 chats write 100 messages a second (2,000 write 2,000 with -soak), far more than Telegram lets a bot
// answer, while twenty people walk an emergency: their alerts pass everything, Telegram refuses nothing once the line knows
// that there are limits, and at the end every chat is answered.
//
// What is demanded is counted in messages, because the bot sends thirty a second on every machine: if alerts waited
// their turn, all that the flood left waiting, two hundred messages at least, would come before each. On a machine at
// rest none does in the middle; the bounds leave room for one with thirty times more to do than it can.
func TestFlood(t *testing.T) {
	beside(t, crowded)
	chats, every := 300, 3*time.Second
	if soaking() {
		chats, every = 2000, time.Second
	}
	f := newFlood(t, chats, every)
	o := f.run(t)
	if p50, most := o.behind.middle(), o.behind.worst(); p50 > 30 || most > 90 {
		t.Errorf("between the answer to \"send\" and its alert %d other messages left, %d at most", p50, most)
	}
	if p50, most := o.alerts.middle(), o.alerts.worst(); p50 > 90 || most > 150 {
		t.Errorf("between the press of \"send\" and its alert %d other messages left, %d at most", p50, most)
	}
	if n := o.acks.middle(); n > 130 {
		t.Errorf("%d other messages left between an acknowledgement and the officer's card", n)
	}
	if total(o.refused) > 1 {
		t.Errorf("Telegram refused messages after the first, which was made: %v", o.refused)
	}
	if o.answeredAfterAll == 0 {
		t.Errorf("%d of %d chats have no answer", f.unanswered(), chats)
	}
}

// BenchmarkFlood is the flood of 2,000 chats with the program as it is shipped.
func BenchmarkFlood(b *testing.B) {
	for b.Loop() {
		f := newFlood(b, 2000, time.Second)
		o := f.run(b)
		slices.SortFunc(o.alerts, func(a, c passage) int { return int(a.took - c.took) })
		b.ReportMetric(float64(o.alerts[len(o.alerts)/2].took.Milliseconds()), "p50-ms/alert")
		b.ReportMetric(float64(o.alerts[len(o.alerts)*99/100].took.Milliseconds()), "p99-ms/alert")
		b.ReportMetric(float64(o.alerts.worst()), "others/alert")
		b.ReportMetric(o.perSecond, "messages/s")
		b.ReportMetric(float64(total(o.refused)-1), "refused")
		b.ReportMetric(o.answeredAfterAll.Seconds(), "s/last-answer")
		f.kill()
	}
}
