package flows

import "time"

// Session is everything the conversation of one chat knows. It is a plain value: stepping
// makes a new one and never changes the one it was given.
type Session struct {
	// Language is the BCP 47 tag the person chose or was met in; empty until known.
	Language string `json:"l,omitempty"`
	// Chosen says that Language was chosen by the person, or guessed surely: it is not asked for.
	Chosen bool `json:"lc,omitempty"`
	// Noticed says that the safety notice was understood once.
	Noticed bool `json:"n,omitempty"`
	// Turn rises with every screen; it is the token behind each button, so that
	// a button of an older screen is known as such.
	Turn int `json:"t"`
	// SentTurn is the turn of the screen whose button sent something last; zero: none has.
	SentTurn int `json:"st,omitempty"`
	// Draft is the conversation under way; its Flow is Home when none is.
	Draft Draft `json:"d"`
	// Parked holds unfinished drafts that another conversation interrupted, latest last.
	Parked []Draft `json:"p,omitempty"`
	// Cases are the cases this chat has sent and may still see, latest last.
	Cases []Case `json:"c,omitempty"`
	// About is the code of the case that the line said something about last; empty when none, or when another was sent since.
	About string `json:"ab,omitempty"`
	// Quiet is when the line must not write here by itself.
	Quiet Quiet `json:"q,omitzero"`
}

// Draft is one conversation that has not been sent.
type Draft struct {
	Flow  string   `json:"f"`
	At    string   `json:"a"`
	Trail []string `json:"tr,omitempty"` // states left behind, for Back
	// Answers holds what was chosen by button, by field, in the order chosen.
	Answers map[string][]string `json:"an,omitempty"`
	// Items are the person's own words, files and places in order of arrival.
	Items []Item `json:"i,omitempty"`
	// Sent are the answers that Case has already, and SentItems counts the messages that it has, by field: both count as
	// answered and are not sent again. What the messages said is not kept.
	Sent      map[string][]string `json:"se,omitempty"`
	SentItems map[string]int      `json:"si,omitempty"`
	// Offered are the countries found for what was typed or shared, best first.
	Offered []string `json:"o,omitempty"`
	// Page is the page of a long list of buttons.
	Page int `json:"pg,omitempty"`
	// Editing says that one answer was opened from the review and the next answer returns there.
	Editing bool `json:"e,omitempty"`
	// Case is the case that this draft adds to; empty for a new one.
	Case string `json:"k,omitempty"`
	// Seen is the time of the last news that the page of a case showed.
	Seen time.Time `json:"sn,omitzero"`
	// Begun is when the draft was begun.
	Begun time.Time `json:"b,omitzero"`
}

// ItemKind says what an item is.
type ItemKind string

// The kinds of item.
const (
	ItemText  ItemKind = "text"
	ItemPlace ItemKind = "place"
	ItemVoice ItemKind = "voice"
	ItemPhoto ItemKind = "photo"
	ItemVideo ItemKind = "video"
	ItemFile  ItemKind = "file"
)

// Item is one message of the person: words, a file or a place.
type Item struct {
	// Field is the question it answers, "account" when none asked for words.
	Field string   `json:"f"`
	Kind  ItemKind `json:"k"`
	// Text is the words, or the caption of a file, unaltered.
	Text string `json:"t,omitempty"`
	File *File  `json:"fi,omitempty"`
	// Lat and Lon are degrees of a shared location (WGS 84).
	Lat float64 `json:"la,omitempty"`
	Lon float64 `json:"lo,omitempty"`
	// Message is the id of the message that brought it, for an edit and for erasing it.
	Message int       `json:"m,omitempty"`
	At      time.Time `json:"at"`
	// Aside says that it arrived while buttons were asked.
	Aside bool `json:"as,omitempty"`
	// Tried says that it is nothing but the name of a country, which is dropped when the country is pressed.
	Tried bool `json:"tr,omitempty"`
}

// File is a file a person sent, by the messenger's own reference.
type File struct {
	ID   string `json:"id"`
	Name string `json:"n,omitempty"` // as the person's device named it
	Type string `json:"ty,omitempty"`
	Size int64  `json:"s,omitempty"` // bytes, 0 when not told
}

// Case is what a chat remembers of a case it sent.
type Case struct {
	Code    string    `json:"c"`
	Flow    string    `json:"f"`
	Lane    string    `json:"l"`
	SentAt  time.Time `json:"s"`
	Country string    `json:"co,omitempty"`
	// Reach is how its defender wants to be reached, as it was answered last; empty is here, in the chat.
	Reach string `json:"re,omitempty"`
	// Desks are the ids consented to ("mission" resolved to the desk's id), in order.
	Desks []string `json:"d,omitempty"`
	// Names are the names of the desks, in the same order.
	Names []string `json:"dn,omitempty"`
	// Documents and Files count what was sealed for it.
	Documents int `json:"do,omitempty"`
	Files     int `json:"fi,omitempty"`
	// State is the last news of it: sent, read, claimed, accepted, completed, withdrawn, closed, unanswered, over.
	State string `json:"st"`
	// By is the name of the desk the state comes from.
	By string    `json:"by,omitempty"`
	At time.Time `json:"at,omitzero"`
	// News is the number of the last news of it that has one: a version that did not count them gave none.
	News int `json:"n,omitempty"`
	// Questions are those that were asked about it and not answered.
	Questions []Question `json:"q,omitempty"`
	// Marked are what questions were about whose buttons do not say so, in the order of their marks.
	Marked []string `json:"mk,omitempty"`
	// Others are the ids of organisations that could have been chosen when it was sent and were not, in the order of the route;
	// Refused are the desks that the person said no to since.
	Others  []string `json:"o,omitempty"`
	Refused []string `json:"rf,omitempty"`
}

// States of a case in which it takes no additions.
const (
	withdrawn = "withdrawn"
	closed    = "closed"
)

// Open says that the case still counts against the number of open cases.
func (c Case) Open() bool {
	return c.State != "completed" && c.State != withdrawn && c.State != closed && c.State != over
}
