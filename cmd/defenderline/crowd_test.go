package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"defenderline/bot/telegramsim"
)

// crowd is many people who each walk a whole conversation at the same time, as people do: they wait for the
// screen that answers what they did last, press or write once, and never repeat anything. Only somebody who
// is shown a question again that was answered answers it again, and that is counted.
type crowd struct {
	r      *rig
	people []*caller
	desks  []*caseworker
	acts   atomic.Int64
	done   chan struct{} // closed when everybody has ended
	within time.Duration // how long one person may take
}

// caller is one person of a crowd.
type caller struct {
	crowd    *crowd
	phone    *telegramsim.Phone
	flow     string
	picks    map[string][]string // by field; of other questions the first answer is taken, or none
	messages int                 // into which the account is divided
	burst    bool                // writes them without waiting for an answer to each
	slowly   bool                // and not at once: the line has taken one when the next is written
	trace    *telegramsim.Trace

	mark    string          // is in every word this person writes, and in nobody else's
	words   []word          // what was written
	pressed map[string]bool // button with token
	newest  int             // the number of the newest screen that was shown
	wrote   map[string]int  // messages by the token of the question
	again   []string        // what had to be done again, and screens that came again
	code    string          // what the case is called; empty: never told
	stuck   string          // why it never came to an end, and the chat; empty: it did
}

// calling makes a crowd of n people who have not begun. The seed decides who walks which conversation and
// consents to what.
func calling(r *rig, n int, seed uint64) *crowd {
	r.t.Helper()
	c := &crowd{r: r, done: make(chan struct{}), within: time.Minute}
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range n {
		p, err := r.sim.AddPerson(telegramsim.User{FirstName: "Somebody", LanguageCode: "en"})
		if err != nil {
			r.t.Fatal(err)
		}
		one := &caller{crowd: c, phone: p.With(r.bot), flow: "emergency", picks: picks(), messages: 1 + random.IntN(3),
			// A press may overtake messages of the same chat when updates are delivered (Telegram keeps
			// them apart), so somebody who writes without waiting would finish an account that is not there yet.
			burst:  r.hook == "" && random.IntN(2) == 0,
			mark:   fmt.Sprintf("w%dx%d", seed, i),
			slowly: i%2 == 0, pressed: map[string]bool{}, wrote: map[string]int{}}
		var stop func()
		one.trace, stop = r.sim.Trace(mostMoments, one.phone.ID())
		r.t.Cleanup(stop)
		if k := random.IntN(5); k > 2 {
			one.flow = []string{"contact", "threat"}[k-3]
		}
		one.picks["consent"] = [][]string{{"mission"}, {"mission", "front-line-defenders"}}[random.IntN(2)]
		one.picks["need"] = []string{"relocation"} // which that NGO serves
		if one.flow == "contact" {                 // asks for nothing that an NGO serves
			one.picks["consent"] = []string{"mission"}
		}
		c.people = append(c.people, one)
	}
	return c
}

// begin lets everybody begin, and desks take what they are offered.
func (c *crowd) begin() {
	c.desks = []*caseworker{newCaseworker(c.r, lima1), newCaseworker(c.r, fldChat)}
	var wg sync.WaitGroup
	for _, p := range c.people {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(c.r.t.Context(), c.within)
			defer cancel()
			if err := p.walk(ctx); err != nil {
				p.stuck = err.Error() + "\n" + transcript(p.phone.View())
			}
		})
	}
	go func() { wg.Wait(); close(c.done) }()
}

// over says whether everybody has ended.
func (c *crowd) over() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// after waits until the crowd has done so many more acts, or has ended; false when it has ended.
func (c *crowd) after(acts int) bool {
	until := c.acts.Load() + int64(acts)
	within(c.within, func() bool { return c.over() || c.acts.Load() >= until })
	return !c.over()
}

// wait waits for everybody's end.
func (c *crowd) wait() { <-c.done }

// mostActs bounds a conversation: the longest takes about fifty.
const mostActs = 120

// walk walks the conversation until the code is read.
func (p *caller) walk(ctx context.Context) error {
	m, err := p.phone.Start("")
	if err != nil {
		return err
	}
	if _, err := p.shown(ctx, "", m.ID); err != nil {
		return fmt.Errorf("the menu was never shown: %w", err)
	}
	for range mostActs {
		s, err := p.look(ctx)
		if err != nil {
			return err
		}
		data := p.answer(s)
		p.crowd.acts.Add(1)
		if data == "" {
			err = p.write(ctx, s)
		} else {
			err = p.press(ctx, s, data)
		}
		if err != nil {
			return fmt.Errorf("after %q: %w", data, err)
		}
		if strings.HasPrefix(data, "review:send") {
			return p.receipt(ctx)
		}
	}
	return errors.New("the conversation has no end")
}

// shownMessage is what a person looks at: the newest message of the bot that shows buttons.
type shownMessage struct {
	id      int64
	buttons []string // data and label
	field   string   // the question that it asks, or that stands above it; empty: there is none
}

func shownScreen(v telegramsim.View) shownMessage {
	for i, m := range slices.Backward(v.Messages) {
		if m.Keyboard == nil || m.From == nil || !m.From.IsBot {
			continue
		}
		s := shownMessage{id: m.ID, field: fieldAsked(v.Messages[:i+1])}
		for _, row := range m.Keyboard.Rows {
			for _, b := range row {
				s.buttons = append(s.buttons, b.CallbackData+" "+b.Text)
			}
		}
		return s
	}
	return shownMessage{}
}

// print is a screen in a form to compare.
func (s shownMessage) print() string { return fmt.Sprint(s.id, s.buttons) }

// full is the data of the button of a field and value, with its token; "" when it is not there.
func (s shownMessage) full(data string) string {
	for _, b := range s.buttons {
		d, _, _ := strings.Cut(b, " ")
		if bareData(d) == data {
			return d
		}
	}
	return ""
}

// unwished is a button's data without what a press of one of several answers is to do.
func unwished(data string) string { return strings.TrimRight(data, "+-") }

// token is the token of the question, the same as long as it is asked.
func (s shownMessage) token() string {
	for _, b := range s.buttons {
		d, _, _ := strings.Cut(b, " ")
		if _, t, ok := strings.Cut(d, "#"); ok {
			return unwished(t)
		}
	}
	return ""
}

// question is the field that is asked, "" when words are, and its values.
func (s shownMessage) question() (field string, values []string) {
	return (&walker{}).question(s.buttons)
}

// shown waits for a screen that is another than before, below what the person wrote last.
func (p *caller) shown(ctx context.Context, before string, below int64) (shownMessage, error) {
	v, err := p.phone.Wait(ctx, func(v telegramsim.View) bool {
		s := shownScreen(v)
		return s.id > below && s.print() != before
	})
	return shownScreen(v), err
}

// several are the questions with more than one answer.
var several = []string{"harm", "work", "need", "ask", "consent"}

// answer decides what to press, with its token; empty: words are asked for.
func (p *caller) answer(s shownMessage) string {
	field, values := s.question()
	switch {
	case field == "menu":
		return s.full("menu:" + p.flow)
	case field == "review":
		return s.full("review:send")
	case field == "":
		if done := s.full("nav:done"); p.wrote[s.token()] > 0 && done != "" && s.field == "account" {
			return done
		}
		return ""
	case slices.Contains(several, field):
		for _, v := range p.picks[field] {
			if full := s.full(field + ":" + v); full != "" && !p.pressed[unwished(full)] {
				return full
			}
		}
		if send := s.full("review:send"); send != "" {
			return send
		}
		return s.full("nav:done")
	case len(p.picks[field]) > 0:
		return s.full(field + ":" + p.picks[field][0])
	}
	return s.full(field + ":" + values[0])
}

// press presses a button once and waits for another screen.
func (p *caller) press(ctx context.Context, s shownMessage, data string) error {
	if p.pressed[unwished(data)] {
		p.again = append(p.again, "press "+data)
	}
	p.pressed[unwished(data)] = true
	if _, err := p.phone.Press(data); err != nil {
		return err
	}
	if strings.HasPrefix(data, "review:send") {
		return nil
	}
	if strings.HasPrefix(data, "nav:done") {
		return p.answered(ctx, s)
	}
	_, err := p.shown(ctx, s.print(), 0)
	return err
}

// answered waits for another question. The screen that answers what the person wrote before the press may come after it, and
// asks the same: nobody presses again while the first press is under way. Where it stays like that, they do.
func (p *caller) answered(ctx context.Context, s shownMessage) error {
	enough, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := p.phone.Wait(enough, func(v telegramsim.View) bool {
		now := shownScreen(v)
		return now.print() != s.print() && now.token() != s.token()
	})
	if err != nil && ctx.Err() == nil {
		_, err = p.shown(ctx, s.print(), 0)
	}
	return err
}

// write writes what is asked for, the account in several messages, and waits for the screen below.
func (p *caller) write(ctx context.Context, s shownMessage) error {
	n := 1
	if s.field == "account" {
		n = p.messages
	}
	again := p.wrote[s.token()] > 0
	if again {
		p.again = append(p.again, "write below "+s.print())
	}
	for i := range n {
		m, err := p.phone.Send(fmt.Sprintf("%s.%d. Words of one person.", p.mark, len(p.words)))
		if err != nil {
			return err
		}
		p.words = append(p.words, word{text: m.Text, message: m.ID, below: s, again: again && s.field != "account"})
		if i == n-1 || !p.burst {
			if _, err := p.shown(ctx, s.print(), m.ID); err != nil {
				return err
			}
		} else if p.slowly {
			within(p.crowd.within, func() bool { return ctx.Err() != nil || p.handed(m.Text) })
		}
	}
	p.wrote[s.token()] += n
	return nil
}

// receipt waits for the code.
func (p *caller) receipt(ctx context.Context) error {
	_, err := p.phone.Wait(ctx, func(v telegramsim.View) bool {
		for _, m := range v.Messages {
			if m.From != nil && m.From.IsBot {
				if codes := codesIn(m.Text); len(codes) > 0 {
					p.code = codes[0]
					return true
				}
			}
		}
		return false
	})
	return err
}

// codesIn are the codes of cases in a text.
func codesIn(text string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !strings.ContainsRune("ABCDEFGHJKLMNPQRSTUVWXYZ23456789-", r) }) {
		if len(w) == 9 && w[4] == '-' && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

// caseworker is somebody at a desk who claims every offer, or acknowledges every alert, once, as soon as it comes.
type caseworker struct {
	phone *telegramsim.Phone
}

func newCaseworker(r *rig, chat int64) *caseworker {
	r.t.Helper()
	w := &caseworker{phone: r.desk(chat).Phone}
	taken := map[string]bool{}
	go func() { // ends with the test
		for {
			var next string
			_, err := w.phone.Wait(r.t.Context(), func(v telegramsim.View) bool {
				for _, b := range v.Buttons() {
					if (strings.HasPrefix(b, "claim:") || strings.HasPrefix(b, "ack:")) && !taken[b] {
						next = b
						return true
					}
				}
				return false
			})
			if err != nil {
				return
			}
			taken[next] = true
			_, _ = w.phone.Press(next) // the button is there
		}
	}()
	return w
}
