package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
)

// verdict is what became of a crowd.
type verdict struct {
	people   int
	stuck    int // never came to an end, or left something in the store that nobody works on
	lost     int // cases, words or offers that are not where they were promised to be
	doubled  int // cases of one person beyond the first, documents under one name that differ
	repeated int // messages sent twice, questions put again
	problems []string
	repeats  []string // of which some cannot be excluded
}

func (v *verdict) add(count *int, format string, args ...any) {
	*count++
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

func (v *verdict) again(format string, args ...any) {
	v.repeated++
	v.repeats = append(v.repeats, fmt.Sprintf(format, args...))
}

// String is a row's figures.
func (v *verdict) String() string {
	return fmt.Sprintf("%d people: %d lost, %d doubled, %d repeated, %d stuck", v.people, v.lost, v.doubled, v.repeated, v.stuck)
}

// must fails the test unless everything is in order. The seed is printed so that the run can be made again.
func (v *verdict) must(t testing.TB, seed uint64) {
	t.Helper()
	t.Logf("%v; -seed=%d", v, seed)
	for i, p := range v.problems {
		if i == 10 {
			t.Errorf("and %d more", len(v.problems)-i)
			break
		}
		t.Error(p)
	}
	if len(v.problems) > 0 {
		t.Errorf("to repeat: -run '^%s$' -seed=%d", t.Name(), seed)
	}
}

// judge waits until nothing is under way any more and holds what everybody has against what was promised.
func (c *crowd) judge() *verdict {
	c.r.t.Helper()
	v := &verdict{people: len(c.people)}
	c.settle(v)
	c.examine(v)
	return v
}

func (c *crowd) examine(v *verdict) {
	owners := map[string]*caller{} // by code
	for _, p := range c.people {
		if p.stuck != "" {
			v.add(&v.stuck, "%s (%s) is stuck: %s", p.mark, p.flow, p.stuck)
			continue
		}
		owners[p.code] = p
	}
	mission := c.documents(lima1)
	ngo := c.documents(fldChat)
	c.single(v, mission, owners, "lima")
	c.single(v, ngo, owners, "front-line-defenders")
	for _, p := range c.people {
		if p.stuck != "" {
			continue
		}
		c.complete(v, p, mission, "lima")
		if !p.heard() {
			v.add(&v.lost, "%s was never told that %s was read:\n%s", p.mark, p.code, transcript(p.phone.View()))
		}
		if slices.Contains(p.picks["consent"], "front-line-defenders") {
			c.complete(v, p, ngo, "front-line-defenders")
		}
	}
	c.told(v)
}

// settle waits until the store holds nothing that somebody should be working on.
func (c *crowd) settle(v *verdict) {
	var left []string
	var err error
	if within(2*patience, func() bool { left, err = c.r.vessel.unfinished(); return err == nil && len(left) == 0 && c.delivered() }) {
		return
	}
	if err != nil {
		v.add(&v.stuck, "the store cannot be read: %v", err)
	}
	for _, l := range left {
		v.add(&v.stuck, "left in the store: %s", l)
	}
}

// delivered says whether every document that must come has come.
func (c *crowd) delivered() bool {
	mission, ngo := c.documents(lima1), c.documents(fldChat)
	for _, p := range c.people {
		name := p.code + ".asc"
		if p.code != "" && (len(mission[name]) == 0 || slices.Contains(p.picks["consent"], "front-line-defenders") && len(ngo[name]) == 0 || !p.heard()) {
			return false
		}
	}
	return true
}

// heard says whether a person was told that the case was read.
func (p *caller) heard() bool {
	return slices.ContainsFunc(p.phone.View().Messages, func(m *telegramsim.Message) bool {
		return strings.Contains(m.Text, p.code+" was read by British Embassy Lima")
	})
}

// documents are those a desk's chat was sent, by name.
func (c *crowd) documents(chat int64) map[string][][]byte {
	out := map[string][][]byte{}
	for _, d := range c.desks {
		if d.phone.ID() != chat {
			continue
		}
		for _, m := range d.phone.View().Messages {
			if m.Document != nil {
				out[m.Document.FileName] = append(out[m.Document.FileName], c.r.sim.Bytes(m.Document.FileID))
			}
		}
	}
	return out
}

// single finds documents of a case that came twice, and cases nobody was told of.
func (c *crowd) single(v *verdict, got map[string][][]byte, owners map[string]*caller, desk string) {
	for name, copies := range got {
		for _, other := range copies[1:] {
			if bytes.Equal(copies[0], other) {
				v.again("%s came twice to %s", name, desk)
			} else {
				v.add(&v.doubled, "two documents called %s came to %s", name, desk)
			}
		}
		if owners[strings.TrimSuffix(name, ".asc")] != nil {
			continue
		}
		text, _, err := seal.Open(c.r.private[desk], c.r.signing, copies[0])
		if err != nil {
			v.add(&v.lost, "%s for %s cannot be opened: %v", name, desk, err)
			continue
		}
		for _, p := range c.people {
			if p.stuck == "" && strings.Contains(string(text), p.mark+".") {
				v.add(&v.doubled, "%s of %s has a second case, %s; it was told %s", p.flow, p.mark, name, p.code)
			}
		}
	}
}

// complete opens a person's document at a desk and looks for every word, below the question that it answers.
func (c *crowd) complete(v *verdict, p *caller, got map[string][][]byte, desk string) {
	copies := got[p.code+".asc"]
	if len(copies) == 0 {
		v.add(&v.lost, "%s of %s, told %s, never came to %s", p.flow, p.mark, p.code, desk)
		return
	}
	raw, signed, err := seal.Open(c.r.private[desk], c.r.signing, copies[0])
	if err != nil || !signed {
		v.add(&v.lost, "%s at %s: signed %v, %v", p.code, desk, signed, err)
		return
	}
	doc := caseJSON(c.r.t, raw)
	c.placed(v, p, string(raw), doc, desk)
	if want := fmt.Sprint(p.picks["consent"]); doc["code"] != p.code || fmt.Sprint(doc["consent"]) != want {
		v.add(&v.lost, "%s at %s says %v of itself and consent %v, not %s", p.code, desk, doc["code"], doc["consent"], want)
	}
}

// told counts what a chat was sent more than once, questions that were put again, and codes beyond the first.
func (c *crowd) told(v *verdict) {
	sent := map[string]int{}
	codes := map[int64][]string{}
	for _, call := range c.r.sim.Calls("sendMessage", "editMessageText") {
		if call.Err != nil {
			continue
		}
		for _, code := range codesIn(call.Param("text")) {
			if !slices.Contains(codes[call.Chat], code) {
				codes[call.Chat] = append(codes[call.Chat], code)
			}
		}
		if call.Method == "sendMessage" {
			sent[fmt.Sprint(call.Chat, " ", call.Param("text"), call.Param("reply_markup"))]++
		}
	}
	for what, n := range sent {
		for range n - 1 {
			v.again("sent again: %.300s", what)
		}
	}
	for _, p := range c.people {
		if got := codes[p.phone.ID()]; len(got) > 1 {
			v.add(&v.doubled, "%s was told %v", p.mark, got)
		}
		for _, again := range p.again {
			v.again("%s (%s) again: %s", p.mark, p.flow, again)
		}
	}
}

// unfinished lists what is left in the store that somebody should be working on.
func (k *vessel) unfinished() ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	keys, err := k.keys(ctx, "{*}:*")
	if err != nil {
		return nil, err
	}
	var left []string
	for _, key := range keys {
		_, rest, _ := strings.Cut(key, "}:")
		switch {
		case rest == "out" || strings.HasPrefix(rest, "i:"):
			n, err := k.db.ZCard(ctx, key).Result()
			if err != nil {
				return nil, err
			}
			left = append(left, fmt.Sprintf("%d of %s", n, key))
		case rest == "due":
			now := strconv.FormatInt(time.Now().UnixMilli(), 10)
			late, err := k.db.ZRangeByScore(ctx, key, &redis.ZRangeBy{Min: "-inf", Max: now}).Result()
			if err != nil {
				return nil, err
			}
			if len(late) > 0 {
				left = append(left, fmt.Sprintf("%d overdue of %s", len(late), key))
			}
		}
	}
	return left, nil
}

// TestCrowd lets a crowd walk in fair weather: the judge finds nothing, and nobody is sent anything twice.
func TestCrowd(t *testing.T) {
	beside(t, working)
	for _, webhook := range []bool{false, true} {
		t.Run(map[bool]string{false: "polling", true: "webhook"}[webhook], func(t *testing.T) {
			r := newRigWith(t, rigOptions{webhook: webhook, replicas: 2, change: []func(*rig, *string){roomy}})
			c := calling(r, few, 1)
			c.begin()
			c.wait()
			v := c.judge()
			v.problems = append(v.problems, v.repeats...)
			v.must(t, 1)
		})
	}
}

// roomy lets desks take as many cases as come.
func roomy(_ *rig, config *string) {
	*config = strings.ReplaceAll(*config, "capacity: 20", "capacity: 100000")
	*config += "limits: {updates_per_chat_per_minute: 100000}\n"
}

// TestJudge shows the judge what it must find: a lost word, one in another field, one out of order, one that is there twice, somebody
// who was never told, every document twice, a case that nobody was told of.
func TestJudge(t *testing.T) {
	beside(t, working)
	r := newRig(t, roomy)
	c := calling(r, 3, 2)
	c.people[0].messages = 3
	c.begin()
	c.wait()
	if v := c.judge(); len(v.problems)+len(v.repeats) > 0 {
		t.Fatalf("before: %v %v", v.problems, v.repeats)
	}
	examine := func() *verdict { v := &verdict{}; c.examine(v); return v }
	known := slices.Clone(c.people[0].words)
	for what, change := range map[string]func(words []word) []word{
		"is not in the document":                    func(words []word) []word { return append(words, word{text: "never written"}) },
		"is in the document at lima as \"account\"": func(words []word) []word { words[1].below.field = "times"; return words },
		"is out of order in \"account\" at lima":    func(words []word) []word { words[0], words[1] = words[1], words[0]; return words },
	} {
		c.people[0].words = change(slices.Clone(known))
		if v := examine(); v.lost != 1 || !strings.Contains(v.problems[0], what) || !strings.Contains(v.problems[1], known[0].text) {
			t.Errorf("of a word that %s the judge found %v: %v", what, v, v.problems)
		}
	}
	c.people[0].words = known
	p := c.people[0]
	twice, v := []filedWord{{"account", known[0].text}, {"avoid", known[0].text}}, &verdict{}
	if p.place(v, known[0], twice, "lima"); v.doubled != 1 {
		t.Errorf("of a word that is there twice the judge found %v", v)
	}
	early := word{text: known[0].text, below: shownMessage{field: "times"}}
	p.words, v = []word{early, {message: 1, below: early.below, again: true}}, &verdict{}
	if p.place(v, early, twice[:1], "lima"); v.lost != 0 || len(v.repeats) != 1 {
		t.Errorf("of a word that was kept, and its question asked again, the judge found %v", v)
	}
	p.words = append(known, word{text: "never written"})
	c.people[1].code, c.people[1].stuck = "", "never told"
	c.desks = append(c.desks, c.desks[0])
	if v := examine(); v.lost != 1 || v.stuck != 1 || v.repeated != 3 {
		t.Errorf("the judge found %v: %v", v, v.problems)
	}
	c.people[2].code = p.code
	if v := examine(); v.doubled == 0 || v.lost < 2 {
		t.Errorf("the judge found %v: %v", v, v.problems)
	}
}
