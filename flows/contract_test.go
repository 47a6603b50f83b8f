package flows

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// contract are the fields and values that people and programs rely on behind the buttons. The values of
// country, language, consent and case come from the configuration or the chat.
const contract = `
menu emergency threat contact cases missions about safety language hours wipe
notice understood leave
safe yes no
subject self other organisation
knows yes no
peaceful yes no
urgency now today week ongoing
harm death_threat attack killing detention disappearance prosecution raid surveillance intimidation smear stigmatisation job_loss regulation travel_ban exile eviction digital sexual_violence reprisal other
work journalist women land lgbt indigenous business religion lawyer labour minority children other
actor state company armed_group private unknown
uk_company yes no unsure
need funding relocation legal medical digital accompaniment training family transport advocacy equipment other
applicant individual family organisation community
reach here signal phone email person none
alias name alias anonymous
public no ask_me
review send edit discard
caseact status add withdraw close
wipe yes no
hours 22-7 20-8 none never
clock 0 60 120 180 240 300 360 420 480 540 600 660 720 -660 -600 -540 -480 -420 -360 -300 -240 -180 -120 -60
nav back skip cancel done more
consent mission headquarters front-line-defenders lifeline none
ask meeting trial raise_private uk_company nothing_yet
language en es
country PE CL MX CO
case TEST-2222
`

// promised is the contract by field.
func promised() map[string][]string {
	values := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(contract), "\n") {
		words := strings.Fields(line)
		values[words[0]] = words[1:]
	}
	return values
}

// TestContract walks through every state of every conversation: each button is one that is promised, and
// each that is promised is found.
func TestContract(t *testing.T) {
	e := newEngine(t, fakeDirectory{languages: []string{"en", "es"}})
	want, found := promised(), map[string]bool{}
	for _, s := range everyState(e) {
		for _, b := range shown(e.Show(s).Screen) {
			value, _, _ := strings.Cut(b.Value, ":")
			if !slices.Contains(want[b.Field], value) {
				t.Errorf("%s/%s has the button %s:%s, which is not promised", s.Draft.Flow, s.Draft.At, b.Field, b.Value)
			}
			found[b.Field+":"+value] = true
		}
	}
	found["nav:more"] = true // a long list has it: see the script pages_of_countries
	for field, values := range want {
		for _, v := range values {
			if !found[field+":"+v] {
				t.Errorf("%s:%s is promised and nowhere to be found", field, v)
			}
		}
	}
}

// everyState is a session at each state of each table.
func everyState(e *Engine) []Session {
	var all []Session
	for _, flow := range e.Flows() {
		for _, step := range e.machines[flow].table.Steps {
			d := Draft{Flow: flow, At: step.At, Case: "TEST-2222", Trail: []string{"safe"}, Answers: map[string][]string{
				"country": {"PE"}, "applicant": {"organisation"}}}
			all = append(all, Session{Chosen: true, Draft: d, Cases: []Case{{Code: "TEST-2222", State: "sent"}}})
		}
	}
	return all
}

// TestWordsHaveNoAnswerButtons proves that a question that takes words has no button besides nav.
func TestWordsHaveNoAnswerButtons(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	asked := 0
	for _, s := range everyState(e) {
		if !e.machines[s.Draft.Flow].steps[s.Draft.At].takesWords() {
			continue
		}
		asked++
		for _, b := range shown(e.Show(s).Screen) {
			if b.Field != "nav" {
				t.Errorf("%s/%s takes words and has the button %s:%s", s.Draft.Flow, s.Draft.At, b.Field, b.Value)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d questions take words", asked)
	}
}

// TestWayOut proves that a report and a request can be sent from the account on: each question between it and
// the one for consent is unnumbered, can be skipped, and leads to consent by one press that says so.
func TestWayOut(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for flow, least := range map[string]int{FlowThreat: 19, FlowContact: 10} {
		found := 0
		for at := range between(e.machines[flow], "account", "consent") {
			found++
			s := Session{Draft: Draft{Flow: flow, At: at, Trail: []string{"account"}, Answers: map[string][]string{"country": {"PE"}}}}
			screen := e.Show(s).Screen
			labels := map[string]any{}
			for _, b := range shown(screen) {
				labels[b.Field+":"+b.Value] = b.Label
			}
			if way, _ := labels["nav:done"].(Text); way.Key != "button.nav.enough" || labels["nav:skip"] == nil {
				t.Errorf("%s/%s offers %q for a way out, and skip %v", flow, at, way.Key, labels["nav:skip"])
			}
			if !screen.Optional || screen.Step != 0 || screen.Steps != 0 {
				t.Errorf("%s/%s is shown as question %d of %d, optional: %v", flow, at, screen.Step, screen.Steps, screen.Optional)
			}
			if out := mustStep(t, e, s, Input{Kind: Press, Field: "nav", Value: "done"}); out.Session.Draft.At != "consent" {
				t.Errorf("%s/%s leads to %s", flow, at, out.Session.Draft.At)
			}
		}
		if found < least {
			t.Errorf("%s: %d questions that can be left out, want %d", flow, found, least)
		}
	}
}

// between are the states on the ways from one to another.
func between(m *machine, from, to string) map[string]bool {
	found := map[string]bool{}
	for next := []string{from}; len(next) > 0; next = next[1:] {
		for _, a := range m.steps[next[0]].Next {
			if a.To != to && a.To != from && a.To != End && !found[a.To] {
				found[a.To] = true
				next = append(next, a.To)
			}
		}
	}
	return found
}

// TestNumberedQuestions proves that the numbers count what is asked of everybody, to the end.
func TestNumberedQuestions(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for flow, want := range map[string]int{FlowEmergency: 6, FlowThreat: 8, FlowContact: 6, FlowAfter: 0} {
		numbers := map[int]bool{}
		for _, s := range e.machines[flow].table.Steps {
			if !counted(&s) || s.Apart {
				continue
			}
			d := Draft{Flow: flow, At: s.At}
			for at := e.machines[flow].table.Begin; at != s.At; at = mainLine(e.machines[flow].steps[at]) {
				d.Trail = append(d.Trail, at)
			}
			screen := e.Show(Session{Draft: d}).Screen
			if numbers[screen.Step] = true; screen.Steps != want {
				t.Errorf("%s/%s is %d of %d, want of %d", flow, s.At, screen.Step, screen.Steps, want)
			}
		}
		if len(numbers) != want {
			t.Errorf("%s has the numbers %v, want 1 to %d", flow, numbers, want)
		}
	}
}

// TestConsentIsOffAtFirst proves that no consent is given before the person gives it.
func TestConsentIsOffAtFirst(t *testing.T) {
	e := newEngine(t, fakeDirectory{})
	for _, s := range everyState(e) {
		for _, b := range shown(e.Show(s).Screen) {
			if b.Field == "consent" && b.Checked {
				t.Errorf("%s/%s has %s:%s marked", s.Draft.Flow, s.Draft.At, b.Field, b.Value)
			}
		}
	}
}

// TestManyAtOnce proves that one engine serves many chats at a time.
func TestManyAtOnce(t *testing.T) {
	e := newEngine(t, fakeDirectory{many: true})
	var wg sync.WaitGroup
	errs := make(chan error, 8)
	for range cap(errs) {
		wg.Go(func() { errs <- sendEmergency(e) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

// sendEmergency plays one emergency to its end, with another conversation between.
func sendEmergency(e *Engine) error {
	p := NewPlayer(e, Session{Noticed: true}, noon)
	for _, answer := range []string{"/emergency", "safe:yes", "/threat", "safe:yes", "/emergency", "urgency:now", "country:PE",
		"subject:self", `"words"`, "nav:done", "consent:mission"} {
		if _, err := p.Answer(answer); err != nil {
			return err
		}
	}
	record, err := p.Answer("review:send")
	if err == nil && !strings.Contains(record, "\nsubmit emergency consent=mission ") {
		err = fmt.Errorf("not sent: %s", record)
	}
	return err
}

// ExamplePlayer_Answer plays the beginning of an emergency and prints it as a script.
func ExamplePlayer_Answer() {
	e, err := New(fakeDirectory{})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := NewPlayer(e, Session{Noticed: true}, noon)
	for _, answer := range []string{"/emergency", "safe:yes"} {
		record, err := p.Answer(answer)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record)
	}
	// Output:
	// > /emergency
	// at emergency/safe 1/6
	// ask ask.safe
	// [safe:yes] [safe:no]
	// [nav:back] [nav:cancel]
	//
	// > safe:yes
	// at emergency/urgency 2/6
	// ask ask.urgency
	// [urgency:now] [urgency:today]
	// [urgency:week] [urgency:ongoing]
	// [nav:back] [nav:cancel]
}
