package referrals

import (
	"encoding/json"
	"time"
)

// Reply is what a desk writes to a case's defender, on its way from the desk through the case to the chat. It goes through the case
// because only that knows both, and neither side learns the other's account. It holds content, and is sealed wherever it waits.
type Reply struct {
	// ID makes it count once.
	ID string `json:"i"`
	// Ask names a question that the line has words for; otherwise there are Words, File, or both.
	Ask   string     `json:"a,omitempty"`
	Words string     `json:"w,omitempty"`
	File  *ReplyFile `json:"f,omitempty"`
	// Sender is told what became of it. Note is the sender's own, and comes back with that.
	Sender Member `json:"s"`
	Note   []byte `json:"n,omitempty"`
}

// ReplyFile is a file by the messenger's own reference, as the desk's bot knows it.
type ReplyFile struct {
	Ref  string `json:"r"`
	Kind string `json:"k"`
	Name string `json:"n,omitempty"`
	Size int64  `json:"s,omitempty"`
}

// Fate is what became of a reply.
type Fate string

// The fates. After the first two and a half more follows: what is held or kept is delivered when it may be.
const (
	FateDelivered Fate = "delivered"
	FateHeld      Fate = "held"       // until the end of the defender's silent hours
	FateKept      Fate = "kept"       // until the defender comes: they asked not to be written to first
	FateElsewhere Fate = "kept_reach" // the same: they asked to be reached in another way
	FateEnded     Fate = "ended"      // the defender took the case back, or ended it
	FateGone      Fate = "gone"       // the case is not with the desk any more
	FateWiped     Fate = "wiped"      // nothing leads from the case to its chat any more
	FateBlocked   Fate = "blocked"    // the defender does not want to hear from the line's bot
	FateFailed    Fate = "failed"     // the messenger did not take it
)

// Told is a reply's fate as its sender learns of it.
type Told struct {
	Fate Fate   `json:"f"`
	Desk string `json:"d"`
	// Code is the case as the desk knows it.
	Code string    `json:"c"`
	At   time.Time `json:"at"`
	// Until is when what is held is delivered.
	Until time.Time `json:"u,omitzero"`
	Note  []byte    `json:"n,omitempty"`
}

// ToldMark is the first byte of a post that tells of a reply's fate; the rest is JSON.
const ToldMark = 't'

// Tells is the errand by which the sender learns of a fate, once.
func (r Reply) Tells(t Told) Errand {
	t.Note = r.Note
	body, err := json.Marshal(t)
	if err != nil { // strings and times only: cannot fail
		body = nil
	}
	return Errand{Post: &Post{To: r.Sender, ID: "told:" + r.ID + ":" + string(t.Fate), Order: newsOrder + t.At.UnixMilli(),
		Body: append([]byte{ToldMark}, body...)}}
}

// replied brings a desk's reply to the defender, if the desk has the case and the defender's consent still.
func (c Case) replied(e Event) (Case, []Errand) {
	if e.Reply == nil {
		return c, nil
	}
	told := Told{Desk: e.Desk, Code: e.Holding, At: e.At}
	switch {
	case c.Ended:
		told.Fate = FateEnded
	case c.holding(e, Released, Taken, Unheeded) < 0: // what an NGO claimed may not have been heard of yet
		told.Fate = FateGone
	case c.Chat.Name == "":
		told.Fate = FateWiped
	default:
		out := c.Tell(News{State: "reply", Desk: e.Desk, At: e.At, Reply: e.Reply, Holding: e.Holding})
		return c, out
	}
	return c, []Errand{e.Reply.Tells(told)}
}
