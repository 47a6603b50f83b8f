package flows

// Text is a text by its key in the catalogue with what is to be put in. An argument is a
// string, an int, a Country, a Verbatim, a Language, an Everywhere, a time.Time, a
// time.Duration, a Text, or a []any of these (joined as a list).
type Text struct {
	Key  string
	Args map[string]any
}

// Country is an ISO 3166-1 alpha-2 code that is shown by its name.
type Country string

// Language is a BCP 47 tag that is shown by the language's own name for itself.
type Language string

// Everywhere is a text in each of some languages, side by side: for somebody whose language is not known.
type Everywhere struct {
	Key       string
	Languages []string
}

// Verbatim is text that comes from the configuration, not from the catalogue: a desk's name.
type Verbatim string

// Screen is what the person sees next: notes first, then the question, then buttons.
type Screen struct {
	// Notes are said before the question: what was kept, what was not understood.
	Notes []Text
	// Step is the number of the question and Steps how many there are; zero when it is not numbered.
	Step, Steps int
	// Optional says that the question and all that follow it may be left out.
	Optional bool
	Ask      Text
	// Lines follow the question: a summary, a list of cases.
	Lines []Text
	Rows  [][]Button
	// Turn is the session's, the token of the buttons.
	Turn int
}

// Button is one choice. Its callback data is Field:Value#token, at most 64 bytes.
type Button struct {
	Field, Value string
	Label        any // Text, Country, Language or Verbatim
	// Checked marks a chosen one of a multiple choice.
	Checked bool
	// Several says that it is one of a multiple choice. Its token says whether it marks or takes the mark away: the same
	// button pressed twice is pressed once.
	Several bool
	// URL, when set, makes the button a link instead.
	URL string
	// Case, when set, is the code behind the # in the place of the turn: the button stands below a message about a case.
	Case string
}

// EffectKind names what the caller must do beside showing the screen.
type EffectKind string

// The effects. Draft is the draft they are about, as it was when the act was done.
const (
	Submit   EffectKind = "submit"   // seal Draft as a new case
	Append   EffectKind = "append"   // seal Draft as an addition to Draft.Case
	Discard  EffectKind = "discard"  // Draft, or the part of one it holds, was thrown away: its messages may be deleted
	Withdraw EffectKind = "withdraw" // take back the consent for Case
	Revoke   EffectKind = "revoke"   // take back the consent for one desk of Case: Value is the desk's id
	Close    EffectKind = "close"    // the person needs no more help with Case
	Wipe     EffectKind = "wipe"     // erase the chat and its links
	Answered EffectKind = "answered" // Question, about Case, was answered by Value
)

// Effect is one thing the caller must do, in the order given.
type Effect struct {
	Kind  EffectKind
	Draft Draft
	Case  string
	// Question and Value are what was answered; Value of Revoke is a desk.
	Question Question
	Value    string
}

// Outcome is the result of one step.
type Outcome struct {
	Session Session
	Screen  Screen
	// Toast answers a press in a line; empty for none.
	Toast   Text
	Effects []Effect
	// Stale says that the press came from a screen that has moved on: nothing was changed.
	Stale bool
	// Past says of a stale press that its button is of a screen before the current one.
	Past bool
	// Again says that a button of a multiple choice was pressed a second time: the screen is the same as before.
	Again bool
	// Apart says that the press was of a button below a message about a case, which is none of the screens. Beside says that
	// it left those as they were: there is none to show.
	Apart, Beside bool
	// Aside says that words were kept that answer nothing that is asked.
	Aside bool
	// Says is what that message says from now on, without buttons; empty: it stays as it is.
	Says Text
}

// Recipient is an organisation that may be named in a consent question.
type Recipient struct {
	// Value is what stands behind the button: mission, headquarters or an NGO's id.
	Value string
	Name  string
	// Instead says that it stands in for a mission that takes no part or cannot be sealed to.
	Instead bool
	Web     string
}
