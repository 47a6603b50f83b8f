package flows

// Table is one conversation: its questions, and where each answer leads. Tables are data
// that a caseworker can read: no functions and no conditions. Where it depends on
// something, that is another answer ("found" beside "chosen", "nobody" beside "review:send").
type Table struct {
	Flow  string
	Begin string
	Steps []Step
}

// Step is one question, or a page when its only answers are ways on.
type Step struct {
	// At is the state, named for what is asked.
	At string
	// Field is what the answer is kept as; empty: At.
	Field string
	// Ask is the key of the question's text; empty: "ask." and At.
	Ask string
	// Takes says how the question is answered.
	Takes Takes
	// From says where buttons come from that the table cannot know.
	From Source
	// Options of a multiple choice, each of which stays at the question.
	Options []string
	// Part says that the question belongs to the one before it and is asked again with it.
	Part bool
	// Apart says that no answer leads here: it is opened by a command or from the review.
	Apart bool
	// Default is the answer until another is given.
	Default string
	// Say is the key of a note that is said when an answer leads here.
	Say  string
	Next []Answer
}

// Answer is one line of a table: what was answered, and where it leads.
type Answer struct {
	// On is a value of the step's field ("now"), a button of another field ("nav:skip",
	// "review:send") or one of the words below.
	On string
	// To is the next state, or End.
	To string
	// Do is what the caller must do for it.
	Do EffectKind
	// Say is the key of a note that is said with the next screen.
	Say string
	// Begin is the conversation that this answer starts.
	Begin string
}

// End is where a conversation is over.
const End = "end"

// Answers that are not the press of one particular button.
const (
	Chosen  = "chosen"  // one of the buttons that From brought
	Found   = "found"   // one of those found for what was written or shared
	Written = "written" // words, a file or a place that the question asked for
	Known   = "known"   // need not be asked: the answer is known already
	Nobody  = "nobody"  // send was pressed, and nobody may read it
	Newest  = "newest"  // the button of the chat's newest open case
	Reader  = "reader"  // the button of one of those who may read the case
	Enough  = "enough"  // nav:done where it ends no answer: the rest of the questions is left out
)

// Takes says how a question is answered.
type Takes string

// The ways to answer.
const (
	OneButton  Takes = ""         // the first press leads on
	Several    Takes = "several"  // presses mark and unmark; nav:done leads on
	OneMessage Takes = "message"  // one message leads on
	Messages   Takes = "messages" // any number of messages; nav:done leads on
)

// Source says where buttons come from that the table cannot know.
type Source string

// The sources of buttons.
const (
	FromCountries  Source = "countries"
	FromLanguages  Source = "languages"
	FromRecipients Source = "recipients"
	FromAsks       Source = "asks"
	FromCases      Source = "cases"
	FromFields     Source = "fields" // the answers that may be opened from the review
	FromClock      Source = "clock"  // what time it may be where the person is
)

// The names of the conversations.
const (
	FlowHome      = "home"
	FlowEmergency = "emergency"
	FlowAfter     = "after"
	FlowThreat    = "threat"
	FlowContact   = "contact"
	FlowAdd       = "add"
)

// States that several conversations have and that are treated alike in all of them.
const (
	atLanguage = "language"
	atNotice   = "notice"
	atMenu     = "menu"
	atCancel   = "cancel"
	atWipe     = "wipe"
)

// field is what the step's answers are kept as.
func (s *Step) field() string {
	if s.Field != "" {
		return s.Field
	}
	return s.At
}

// ask is the key of the question's text.
func (s *Step) ask() string {
	if s.Ask != "" {
		return s.Ask
	}
	return "ask." + s.At
}

// takesWords says whether the question is answered with messages.
func (s *Step) takesWords() bool { return s.Takes == OneMessage || s.Takes == Messages }

// answer finds the line for an answer.
func (s *Step) answer(on string) (Answer, bool) {
	for _, a := range s.Next {
		if a.On == on {
			return a, true
		}
	}
	return Answer{}, false
}

// optional says whether the question may be left without an answer.
func (s *Step) optional() bool {
	_, ok := s.answer("nav:skip")
	return ok
}

// extra says whether the question may be left out together with all that follow it.
func (s *Step) extra() bool {
	_, enough := s.answer(Enough)
	done, ends := s.answer("nav:done")
	return enough || ends && done.To == End && s.question()
}

// question says whether the step asks for something that is kept.
func (s *Step) question() bool {
	return s.takesWords() || s.Takes == Several || s.From != "" && s.From != FromFields || s.choices() > 0
}

// choices counts the buttons of the step's own field.
func (s *Step) choices() int {
	n := len(s.Options)
	for _, a := range s.Next {
		if ownValue(a.On) {
			n++
		}
	}
	return n
}

// ownValue says that an answer is a value of the step's own field.
func ownValue(on string) bool {
	switch on {
	case Chosen, Found, Written, Known, Nobody, Newest, Reader, Enough:
		return false
	}
	for i := range len(on) {
		if on[i] == ':' {
			return false
		}
	}
	return true
}
