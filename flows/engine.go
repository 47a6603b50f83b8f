package flows

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// places tells what the line covers.
type places interface {
	// Countries lists country codes to offer as buttons, the most likely first for a language.
	Countries(language string) []string
	// Mission is the mission that takes part for a country and can be sealed to.
	Mission(country string) (Recipient, bool)
	// Languages lists the languages that texts exist in; the first is the fallback.
	Languages() []string
}

// desks tells who may be written to.
type desks interface {
	// Consents lists who may be offered in a consent question, in order. The language is the one that the person writes.
	Consents(flow, country, language string, answers map[string][]string) []Recipient
	// Asks lists the kinds of contact that the country's mission offers.
	Asks(country string) []string
}

// directory is what the conversations must know of the configuration. Its methods may be
// called at the same time and must not change what they are given.
type directory interface {
	places
	desks
}

// Engine steps through the conversations. It keeps nothing between steps and may be used by any number of
// goroutines once its fields are set.
type Engine struct {
	// Facts are arguments for the texts of the pages and of the question for consent: see
	// FactNames. A fact that is not set is shown as not known.
	Facts map[string]any
	// OpenCases is how many open cases a chat may have before another that is not an
	// emergency is refused; zero: no limit.
	OpenCases int

	directory directory
	machines  map[string]*machine
	order     []string
}

// FactNames lists the facts that the texts mention: the operator's mail address and the fingerprint of
// the signing key (strings), and how long an unfinished draft and a
// sealed copy are kept (time.Duration).
func FactNames() []string {
	return []string{"Operator", "Fingerprint", "DraftKept", "SealedKept"}
}

// New checks all tables and makes an engine of them. Its errors name what is wrong in which table.
func New(d directory) (*Engine, error) {
	all := tables()
	if err := checkAll(all); err != nil {
		return nil, err
	}
	e := &Engine{directory: d, machines: map[string]*machine{}}
	for _, t := range all {
		e.machines[t.Flow] = newMachine(t)
		e.order = append(e.order, t.Flow)
	}
	return e, nil
}

// Flows lists the conversations.
func (e *Engine) Flows() []string { return append([]string(nil), e.order...) }

// Step answers one input. The session given is not changed. An error means that a table
// is broken or a session is of another making; nothing of the person is in it, and the
// session given still holds.
func (e *Engine) Step(s Session, in Input) (Outcome, error) {
	t := e.turn(s, in)
	var err error
	switch in.Kind {
	case Press:
		err = t.press()
	case Words, Attachment, Location:
		err = t.message()
	case Edited:
		t.edited()
	case Command:
		err = t.command()
	default:
		t.note("note.unsupported", nil)
	}
	if err != nil {
		return Outcome{}, err
	}
	return t.outcome(), nil
}

// Show is the current screen again. Nothing moves: the session is the same and the buttons keep their token.
func (e *Engine) Show(s Session) Outcome {
	return e.turn(s, Input{}).outcome()
}

// turn is one step under way: the session as it becomes, and what is said.
type turn struct {
	e       *Engine
	in      Input
	s       Session
	before  Draft
	notes   []Text
	toast   Text
	doing   []Effect
	stale   bool
	past    bool // the stale press was of an earlier screen
	again   bool // the press did what an earlier one had done
	apart   bool // the press was of a button below a message about a case
	beside  bool // and left the screens as they are
	unasked bool // words were kept that nobody asked for
	says    Text // what that message says from now on, without buttons
	// closing replaces the screen: nothing is left to ask.
	closing *Text
}

// same says that two drafts are asked the same question: the buttons of the one fit the other.
func same(a, b Draft) bool {
	return a.Flow == b.Flow && a.At == b.At && a.Case == b.Case && a.Page == b.Page && a.Editing == b.Editing &&
		slices.Equal(a.Offered, b.Offered)
}

// turn begins a step, with a session that has its place in a table.
func (e *Engine) turn(s Session, in Input) *turn {
	t := &turn{e: e, in: in, s: s}
	t.settle()
	t.before = t.s.Draft
	return t
}

// settle puts a session without a place in the tables (a new one, or one kept by another
// release) at the beginning of its conversation. Words and answers stay.
func (t *turn) settle() {
	d := &t.s.Draft
	if t.e.machines[d.Flow] == nil || d.Case == "" && (d.Flow == FlowAfter || d.Flow == FlowAdd) {
		*d = Draft{Flow: FlowHome, At: atMenu, Items: d.Items}
		return
	}
	if t.step() == nil || d.Editing && t.machine().review == "" {
		d.At, d.Trail, d.Page, d.Offered, d.Editing = t.machine().table.Begin, nil, 0, nil, false
		if d.Flow == FlowHome {
			d.At = atMenu
		}
	}
	if t.home() && t.caseShown() && t.theCase().State == "" {
		d.At, d.Trail = "cases", nil
	}
}

// outcome closes the step and draws the screen.
func (t *turn) outcome() Outcome {
	if !t.stale && (!same(t.s.Draft, t.before) || t.closing != nil) {
		t.s.Turn++
	}
	return Outcome{
		Session: t.s, Screen: t.screen(), Toast: t.toast, Effects: t.doing, Stale: t.stale, Past: t.past, Again: t.again,
		Apart: t.apart, Beside: t.beside, Aside: t.unasked, Says: t.says,
	}
}

func (t *turn) machine() *machine { return t.e.machines[t.s.Draft.Flow] }

// step is the question being asked.
func (t *turn) step() *Step { return t.machine().steps[t.s.Draft.At] }

func (t *turn) home() bool { return t.s.Draft.Flow == FlowHome }

func (t *turn) note(key string, args map[string]any) {
	t.notes = append(t.notes, Text{Key: key, Args: args})
}

func (t *turn) do(kind EffectKind, d Draft) {
	t.doing = append(t.doing, Effect{Kind: kind, Draft: d, Case: d.Case})
}

// set keeps an answer without changing the map that the session given shares.
func (d *Draft) set(field string, values ...string) {
	answers := maps.Clone(d.Answers)
	if answers == nil {
		answers = map[string][]string{}
	}
	answers[field] = values
	if len(values) == 0 {
		delete(answers, field)
	}
	d.Answers = answers
}

// first is the first answer to a field, or empty.
func (d *Draft) first(field string) string {
	if v := d.Answers[field]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// count is how many messages answer a field, sent or not.
func (d *Draft) count(field string) int {
	n := d.SentItems[field]
	for _, it := range d.Items {
		if it.Field == field {
			n++
		}
	}
	return n
}

// next asks the machine where an answer leads.
func (t *turn) next(event string) (string, error) {
	return t.machine().next(context.Background(), t.s.Draft.At, event)
}

// token is what stands behind # on the buttons of a turn.
func token(turn int) string { return strconv.FormatInt(int64(turn), 36) }

// What follows the turn in the token of a button of a multiple choice: what a press of it is to do.
const (
	mark   = "+"
	unmark = "-"
)

// turnOf takes a token apart. It reports false when it is none of ours.
func turnOf(token string) (turn int, wish string, ok bool) {
	number := strings.TrimRight(token, mark+unmark)
	wish = token[len(number):]
	n, err := strconv.ParseInt(number, 36, 32)
	return int(n), wish, err == nil && n >= 0 && len(wish) <= 1
}
