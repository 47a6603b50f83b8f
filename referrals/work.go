package referrals

import (
	"strings"
	"time"
)

// Member names whatever is handled one act after another: a chat, a case, the files of a case. Its
// records live together in one slot of the store and change in one atomic act.
type Member struct {
	// Slot is a partition ("p07") or a desk ("desk:lima").
	Slot string `json:"s"`
	// Name is "c" and the keyed hash of a chat, "k" and a case's code, or "f" and the code for its files; at a desk
	// "h" and the code of what it holds: its clock, and the list of its cards.
	Name string `json:"n"`
}

// Post is something for a member to handle: an update, or news from another member.
type Post struct {
	To Member `json:"to"`
	// ID makes it count once, however often it is posted.
	ID string `json:"id"`
	// Order is its place in the inbox, the lowest first: update ids for updates.
	Order int64  `json:"o"`
	Body  []byte `json:"b"`
	// Live is Body as its maker has it in memory, or nil; whoever gets it only reads.
	Live any `json:"-"`
}

// Unkept says whose posts could not be kept, and why; those of others were.
type Unkept struct {
	Members []Member
	Err     error
}

// Error is why, without a word of what was posted.
func (u *Unkept) Error() string { return u.Err.Error() }

// Unwrap is why.
func (u *Unkept) Unwrap() error { return u.Err }

// Entry is a post as its member finds it in the inbox, opened. A chat's entry that nobody can open has
// an empty Body.
type Entry struct {
	ID    string
	Order int64
	Body  []byte
	// Live is that of the post, when the process that kept it takes it at once; else nil.
	Live any
}

// Work is a member taken by one worker until its lease ends: what it knows and what came.
type Work struct {
	Member
	// Number rises with each taking; a commit with an older one changes nothing.
	Number int64
	// State is the member's record, opened; nil when it has none.
	State []byte
	// Damaged says of a chat that it has a record and nobody can open it: State is nil, and what the
	// chat had begun is lost. It must be told so and begin anew.
	Damaged bool
	Inbox   []Entry
}

// Commit is everything that one worker changes for one member, all of it or nothing.
type Commit struct {
	// State is the next record; nil deletes it.
	State []byte
	// Keep is how long the record stays when nothing more happens.
	Keep time.Duration
	// Done are the ids of the inbox entries that were handled.
	Done []string
	// Again is when the member is due without anything new; zero: never.
	Again time.Time
	// Errands are to be run after the commit, in order.
	Errands []Errand
	// Births are members of the same slot that begin with this commit.
	Births []Birth
	// Documents are sealed copies to keep, and Drops the cases whose copies are deleted, at
	// all desks or at one.
	Documents []Document
	Drops     []Drop
	// Forget drops the ids of the messages sent to the member, after a wipe has used them.
	Forget bool
}

// Birth begins a member beside the one that commits.
type Birth struct {
	Name  string
	State []byte
	Keep  time.Duration
	Again time.Time
}

// Document is one sealed copy of a case for one desk. Name is its file name: CODE.asc.
type Document struct {
	Case Code
	Desk string
	Name string
	Body []byte
	Keep time.Duration
}

// Drop names sealed copies to delete: those of a case for a desk, or for all when Desk is empty.
type Drop struct {
	Case Code
	Desk string
}

// Errand is one thing that a commit leaves to be done elsewhere; exactly one field is set. It is
// kept with the commit and forgotten once it was done, so that it happens at least once; posts
// and moves carry ids that make them happen once only.
type Errand struct {
	Post   *Post   `json:"p,omitempty"`
	Move   *Move   `json:"m,omitempty"`
	Notice *Notice `json:"no,omitempty"`
	Send   *Send   `json:"s,omitempty"`
	// Line is written to the audit trail.
	Line *Line `json:"li,omitempty"`
}

// Send is a message to a chat in the form of whatever messenger carries it.
type Send struct {
	// Order keys messages that must leave one after another: the chat.
	Order string `json:"o"`
	Body  []byte `json:"b"`
	// From is the member to be told the ids of the messages sent, for a later wipe.
	From Member `json:"f"`
	// Live is Body as its maker has it in memory; nil when it comes from the store.
	Live any `json:"-"`
}

// NoticeKind says what a desk is told.
type NoticeKind string

// The notices to desks.
const (
	NoticeAlert     NoticeKind = "alert"     // a sealed case waits: document and buttons
	NoticeOffer     NoticeKind = "offer"     // a case is offered: buttons, no document
	NoticeOpened    NoticeKind = "opened"    // the documents of a claimed case
	NoticeAddition  NoticeKind = "addition"  // one more document of a case that the desk holds
	NoticeWithdrawn NoticeKind = "withdrawn" // the defender took the case back
	NoticeEnded     NoticeKind = "ended"     // the defender needs no more help with it
	NoticeExpired   NoticeKind = "expired"   // an offer or claim ended by silence
	NoticeReached   NoticeKind = "reached"   // the defender says whether a desk has reached them
	NoticePage      NoticeKind = "page"      // the operator: nobody answers
	// A colleague hands over what is open: they are told how much, and then each case of Codes that is still with From is theirs.
	NoticeHandedOver NoticeKind = "handed_over"

	// What became of a desk's wish that an organisation gets a case too. They go to the chat alone.
	NoticeReferAsked   NoticeKind = "refer_asked"   // the defender is asked
	NoticeReferAlready NoticeKind = "refer_already" // and was before
	NoticeReferBusy    NoticeKind = "refer_busy"    // about another organisation
	NoticeReferHas     NoticeKind = "refer_has"     // nothing to ask: the organisation has it
	NoticeReferGone    NoticeKind = "refer_gone"    // the organisation cannot be given it
	NoticeReferWiped   NoticeKind = "refer_wiped"   // the defender cannot be asked
	NoticeReferNo      NoticeKind = "refer_no"      // the defender said no
	NoticeReferLately  NoticeKind = "refer_lately"  // and is not asked again so soon
	NoticeReferQuiet   NoticeKind = "refer_quiet"   // and has not answered
	NoticeReferKey     NoticeKind = "refer_key"     // yes: the key to seal a document to, and a button
	NoticeReferOver    NoticeKind = "refer_over"    // no document is awaited
	NoticeReferUnfit   NoticeKind = "refer_unfit"   // the document cannot be passed on, and Why
	NoticeReferOn      NoticeKind = "refer_on"      // the organisation has it
)

// OfReferring says that a notice tells what became of a desk's wish that an organisation gets a case too.
func (k NoticeKind) OfReferring() bool { return strings.HasPrefix(string(k), "refer_") }

// ByMail is the way of a notice that goes by mail.
const ByMail = "mail"

// EveryRung, as the rung of a notice, is everybody at the desk who was told of the case so far.
const EveryRung = -1

// Notice tells one rung of a desk something about a case. It holds nothing but the case's
// name and how urgent it is.
type Notice struct {
	Kind NoticeKind `json:"k"`
	Desk string     `json:"d"`
	Rung int        `json:"r"`
	Code string     `json:"c"` // the case's or the referral's
	Lane Lane       `json:"l"`
	// Origin is the slot that keeps the documents.
	Origin string `json:"o"`
	// Document is the one document it is about; empty: the first.
	Document string    `json:"doc,omitempty"`
	At       time.Time `json:"at"`
	Due      time.Time `json:"due,omitzero"`
	// About is the organisation that a notice of referring or a defender's answer is about, For what for, Why what was wrong,
	// Answer what the defender pressed.
	About  string `json:"ab,omitempty"`
	For    string `json:"fo,omitempty"`
	Why    string `json:"w,omitempty"`
	Answer string `json:"an,omitempty"`
	// Via is the way that it goes: to the rung's chat when empty, else ByMail.
	Via string `json:"v,omitempty"`
	// From and Codes are the rung that hands over, and what: codes with a space between.
	From  int    `json:"f,omitempty"`
	Codes string `json:"cs,omitempty"`
}

// Task is an errand in hand: whoever has it may run it until Till, by their own clock. Afterwards another may have it. Mark is by what
// the store knows that it is still theirs: it goes back as it came.
type Task struct {
	Slot, ID string
	Till     time.Time
	Mark     int64
	Errand   Errand
}

// Settled says what became of a slot's errands: the ids of those that were done, and the messages
// that were sent by them, or by others that are not done yet.
type Settled struct {
	Slot string
	IDs  []string
	Sent []Delivery
}

// Delivery is a message that was sent to a member's chat.
type Delivery struct {
	To      Member
	Message int
	At      time.Time
}
