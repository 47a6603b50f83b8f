package referrals

import (
	"encoding/json"
	"strconv"
	"time"
)

// Case is what the line remembers of a case that was sent: who may have it and how far it has
// come. It holds none of its content. It is kept sealed, beside the chat that sent it.
type Case struct {
	Code Code   `json:"c"`
	Lane Lane   `json:"l"`
	Slot string `json:"s"` // where its documents are kept
	// Chat is told the news; the zero Member after a wipe.
	Chat   Member    `json:"ch,omitzero"`
	SentAt time.Time `json:"at"`
	// Shares are the desks consented to, in the order in which their turn comes.
	Shares []Share `json:"sh"`
	// Referrals counts the offers made; Documents and Files what was sealed for its desks.
	Referrals int `json:"r,omitempty"`
	Documents int `json:"d"`
	Files     int `json:"f,omitempty"`
	// Added are the numbers of the documents whose addition was heard of, so that each counts once.
	Added []int `json:"ad,omitempty"`
	// Waiting are files that came with the case and were not yet handed on to be sealed.
	Waiting []WaitingFile `json:"w,omitempty"`
	// Paged says that the operator was told that nobody answers.
	Paged bool `json:"p,omitempty"`
	Ended bool `json:"e,omitempty"`
	// Refers are what desks asked for and is not settled.
	Refers []Refer `json:"rf,omitempty"`
	// Noes are the organisations that the defender said no to, when a desk suggested them, and At when: they are not asked again within
	// AskedFor.
	Noes []Refer `json:"no,omitempty"`
	// Look is when to look again whether an organisation takes cases that did not when its turn came; Looks counts how often it
	// was looked.
	Look  time.Time `json:"lo,omitzero"`
	Looks int       `json:"ls,omitempty"`
	// Touched is when something happened to it last.
	Touched time.Time `json:"to,omitzero"`
	// News counts the news posted, so that each has its own id and the chat knows which is newer.
	News int `json:"n,omitempty"`
}

// WaitingFile is a file to be sealed: the messenger's reference to it and the name it will have.
type WaitingFile struct {
	Name  string `json:"n"` // CODE.f1.pgp
	Ref   string `json:"r"`
	Size  int64  `json:"s,omitempty"`
	Given string `json:"g,omitempty"` // the name it had, kept inside the seal
	// Message is the message that brought it, erased once it is sealed.
	Message int `json:"m,omitempty"`
	// Tries counts failed attempts.
	Tries int `json:"t,omitempty"`
}

// Share is one organisation's part in a case.
type Share struct {
	Desk string `json:"d"`
	Kind Kind   `json:"k"`
	// Stage tells how far its turn has come.
	Stage Stage `json:"s"`
	// Holding is the code under which the desk knows it: the case's, or the referral's.
	Holding string `json:"h,omitempty"`
	// Taken is when somebody had it last, as far as the case has heard, and Handed the holding's then.
	Taken  time.Time `json:"t,omitzero"`
	Handed int64     `json:"hd,omitempty"`
	// Read says that an NGO claimed it and was given the documents, whatever it did then. After
	// completion it says nothing: who completed has read.
	Read bool `json:"r,omitempty"`
	// AskAt is when the defender is asked whether the desk has reached them; Reached is what they answered, at ReachedAt.
	AskAt     time.Time `json:"aa,omitzero"`
	Reached   string    `json:"re,omitempty"`
	ReachedAt time.Time `json:"ra,omitzero"`
}

// Stage is how far a share has come.
type Stage string

// The stages of a share.
const (
	Kept     Stage = "kept"     // sealed, not released
	Released Stage = "released" // the desk was told
	Taken    Stage = "taken"    // acknowledged or accepted by a human
	Unheeded Stage = "unheeded" // a mission whose whole ladder was silent
	Passed   Stage = "passed"   // declined, returned or expired
	Finished Stage = "finished" // closed or completed
	Recalled Stage = "recalled" // withdrawn by the defender
	Awaited  Stage = "awaited"  // consented to after it was sent; a desk that has read the case seals the copy
)

// Name is the member name of a case in its slot.
func (c Code) Name() string { return "k" + string(c) }

// DocumentName is the file name of the n-th sealed document of a case, counted from 1.
func (c Code) DocumentName(n int) string {
	if n <= 1 {
		return string(c) + ".asc"
	}
	return string(c) + "." + strconv.Itoa(n) + ".asc"
}

// FileName is the file name of the n-th sealed file of a case, counted from 1.
func (c Code) FileName(n int) string { return string(c) + ".f" + strconv.Itoa(n) + ".pgp" }

// EventKind says what happened to a case.
type EventKind string

// What happens to a case. The first is its own beginning.
const (
	Sent            EventKind = "sent"
	WasAcknowledged EventKind = "acknowledged"
	WasClaimed      EventKind = "claimed"
	WasAccepted     EventKind = "accepted"
	WasPassed       EventKind = "passed" // declined, returned or expired
	WasSilent       EventKind = "silent"
	WasClosed       EventKind = "closed" // closed or completed by a desk
	WasAdded        EventKind = "added"  // the defender added documents
	WasWithdrawn    EventKind = "withdrawn"
	WasRevoked      EventKind = "revoked"  // consent for one desk was taken back
	WasEnded        EventKind = "ended"    // the defender needs no more help
	WasWiped        EventKind = "wiped"    // the chat no longer has to do with it
	WasSealed       EventKind = "sealed"   // one of its files is sealed and kept
	WasUnsealed     EventKind = "unsealed" // one of its files could not be fetched or sealed
	WasAnswered     EventKind = "answered" // the defender answered a question about it
	WasReplied      EventKind = "replied"  // a desk wrote to the defender

	WasSuggested EventKind = "suggested" // a desk would hand it on to an organisation
	WasHanded    EventKind = "handed"    // a desk sealed a document for an organisation
	WasFit       EventKind = "fit"       // that document was looked at and is kept
	WasUnfit     EventKind = "unfit"     // it was looked at and cannot be passed on
)

// Event is one thing that happened to a case, from a desk or from its defender.
type Event struct {
	Kind EventKind `json:"k"`
	Desk string    `json:"d,omitempty"`
	// Holding is the code at the desk.
	Holding string    `json:"h,omitempty"`
	At      time.Time `json:"at"`
	// Read says of an NGO that passed that it had been given the documents.
	Read bool `json:"r,omitempty"`
	// Since is when the desk that acknowledged was first told.
	Since time.Time `json:"si,omitzero"`
	// Handed is the holding's, of who acknowledged and who was silent.
	Handed int64 `json:"hd,omitempty"`
	// Documents and Files are the new totals, Waiting the new files, of an addition.
	Documents int           `json:"dn,omitempty"`
	Files     int           `json:"fn,omitempty"`
	Waiting   []WaitingFile `json:"w,omitempty"`
	// File is the file that was sealed or not, Message the message that brought it.
	File    string `json:"fi,omitempty"`
	Message int    `json:"m,omitempty"`
	// Refer is what a desk asks for, or what became of it.
	Refer *Refer `json:"rf,omitempty"`
	// Question is what the defender was asked, Answer the value of the button.
	Question *Question `json:"q,omitempty"`
	Answer   string    `json:"an,omitempty"`
	// Reply is what a desk wrote.
	Reply *Reply `json:"re,omitempty"`
}

// FilesName is the member name of a case's files in its slot: they are fetched and sealed apart from the
// case, so that nothing that happens to it waits for a slow download.
func (c Code) FilesName() string { return "f" + string(c) }

// FileJob is one file to be sealed for the desks a case was consented to.
type FileJob struct {
	Case  Code        `json:"c"`
	Desks []string    `json:"d"`
	File  WaitingFile `json:"f"`
	// Refer says that a desk sealed the file for the only one of Desks: it is looked at, and kept as it is.
	Refer *Refer `json:"r,omitempty"`
}

// Jobs hands on the files that wait: one post each to the member that seals them.
func (c *Case) Jobs(at time.Time) []Errand {
	var desks []string
	for _, s := range c.Shares {
		if s.Stage != Recalled {
			desks = append(desks, s.Desk)
		}
	}
	var out []Errand
	for _, f := range c.Waiting {
		body, err := json.Marshal(FileJob{Case: c.Code, Desks: desks, File: f})
		if err != nil { // strings and numbers only: cannot fail
			continue
		}
		out = append(out, Errand{Post: &Post{To: Member{Slot: c.Slot, Name: c.Code.FilesName()}, ID: "file:" + f.Name,
			Order: at.UnixMilli(), Body: body}})
	}
	c.Waiting = nil
	return out
}

// News is what a chat is told of a case it sent.
type News struct {
	Code  Code      `json:"c"`
	State string    `json:"s"` // read, accepted, closed, completed, unanswered, released
	Desk  string    `json:"d,omitempty"`
	At    time.Time `json:"at"`
	// Number is the place of this news among those of the case, from 1: what is newer has a higher one, whatever the clock does.
	Number int `json:"n,omitempty"`
	// Held says of an end at one desk that another still holds the case, is asked, or may get it.
	Held bool `json:"h,omitempty"`
	// Message is the message whose file was sealed or could not be.
	Message int `json:"m,omitempty"`
	// Question is what the chat is asked, instead of being told of a state.
	Question *Question `json:"q,omitempty"`
	// Reply is what the desk wrote, and Holding the case as it knows it.
	Reply   *Reply `json:"re,omitempty"`
	Holding string `json:"ho,omitempty"`
}

// The news of a file: it was sealed, or it could not be.
const (
	FileSealed = "file_sealed"
	FileFailed = "file_failed"
)

// NewsMark is the first byte of a post that brings news to a chat; the rest is JSON.
const NewsMark = 'n'

// newsOrder places news behind all updates of a chat: update ids stay below 2^31.
const newsOrder = 1 << 40

// EventPost is the post that tells a case what happened. The id makes it count once.
func EventPost(slot string, code Code, id string, e Event) Post {
	body, err := json.Marshal(e)
	if err != nil { // strings, numbers and times only: cannot fail
		body = nil
	}
	return Post{To: Member{Slot: slot, Name: code.Name()}, ID: id, Order: e.At.UnixMilli(), Body: body}
}

// tell makes the errand that brings news to the chat; none after a wipe.
func (c *Case) tell(state, desk string, at time.Time) []Errand {
	return c.Tell(News{State: state, Desk: desk, At: at})
}

// Tell makes the errand that brings news to the chat; none after a wipe.
func (c *Case) Tell(n News) []Errand {
	if c.Chat.Name == "" {
		return nil
	}
	n.Code, n.Number = c.Code, c.News+1
	body, err := json.Marshal(n)
	if err != nil {
		return nil
	}
	c.News = n.Number
	id := "news:" + string(c.Code) + ":" + strconv.Itoa(c.News)
	post := Post{To: c.Chat, ID: id, Order: newsOrder + n.At.UnixMilli(), Body: append([]byte{NewsMark}, body...)}
	return []Errand{{Post: &post}}
}
