package bot

import (
	"net/http"
	"sync/atomic"
	"time"

	"defenderline/flows"
)

// Words may have been written before the question that is asked when they are read could be seen: after an outage many
// inputs come at once. They are no answer to it and are kept as an addition, said so. Two things show it: the question was
// first asked in this very turn, or Telegram's date of the message is of an earlier second than the question. Within the same second nobody
// can tell, and an answer that was given at once must be one.

// telegramClock reckons what Telegram's clock says: the date of its last answer, and how long ago that was by this machine's own. So it
// goes on when the line's clock, or this machine's, is wrong or jumps.
type telegramClock struct {
	now  func() time.Time
	last atomic.Pointer[dateHeard]
}

// dateHeard is a date of Telegram's, and when it was heard by this machine's clock.
type dateHeard struct{ said, at time.Time }

// tolerance is what a clock may be wrong by unnoticed: dates are whole seconds, and answers take their time.
const tolerance = 2 * time.Second

// heard takes the date of an answer.
func (c *telegramClock) heard(h http.Header) {
	if said, err := http.ParseTime(h.Get("Date")); err == nil {
		c.last.Store(&dateHeard{said, c.now()})
	}
}

// second is now by Telegram's clock, in Unix seconds. at is now by the line's, which is finer and believed as far as it can be right; by a
// nil clock, and before Telegram has answered, it is.
func (c *telegramClock) second(at time.Time) int64 {
	if c == nil {
		return at.Unix()
	}
	if h := c.last.Load(); h != nil {
		if theirs := h.said.Add(c.now().Sub(h.at)); at.Sub(theirs).Abs() > tolerance {
			return theirs.Unix()
		}
	}
	return at.Unix()
}

// moved says that the question is another than the one at the beginning of the turn.
func (tn *turn) moved() bool { return tn.state.Session.Turn != tn.first }

// unseen says that a message was written before the question that is asked now could be seen.
func (tn *turn) unseen(m *message) bool {
	return m != nil && (tn.moved() || m.Date < tn.state.Asked && tn.dated(m))
}

// oldest is how old an update of Telegram's can be (Bot API, getUpdates: kept for no longer than 24 hours), and a little.
const oldest = 25 * time.Hour

// dated says that the date of a message tells something: it is later than that of the one before, and no older than an
// update can be. A Bot API server whose dates stand still must not keep people from answering.
func (tn *turn) dated(m *message) bool {
	before := int64(0)
	for _, s := range tn.state.Theirs {
		if s.ID != m.ID {
			before = max(before, s.At)
		}
	}
	return before > 0 && m.Date > before && tn.clock.second(tn.at)-m.Date < int64(oldest.Seconds())
}

// asked notes when the question that stands now was asked first.
func (tn *turn) asked() {
	if tn.moved() {
		tn.state.Asked = tn.clock.second(tn.at)
	}
}

// settling is how long a question counts as new: whoever presses a button of the one before has not seen it yet.
const settling = 60

// twice says that a button was pressed again whose press was taken: its question is answered and the present one is on its
// way, or there already. Nothing need be shown but a line that says so. Later it is, because it may not have come.
func (tn *turn) twice(u update, out flows.Outcome) bool {
	if !out.Past && !out.Again || u.Callback.Message == nil {
		return false
	}
	if id := u.Callback.Message.ID; id == 0 || id != tn.state.Screen && id != tn.state.Pressed {
		return false
	}
	return tn.moved() || tn.clock.second(tn.at)-tn.state.Asked < settling
}

// input reads an update. I am in danger is taken from any menu, however old: in a chat of which nothing is known it begins as the
// command does.
func (tn *turn) input(u update, unknown bool) flows.Input {
	in := read(u, tn.state.Session.Language, tn.texts, tn.at)
	in.Unseen = tn.unseen(u.Message)
	if unknown && in.Kind == flows.Press && in.Field == "menu" && in.Value == flows.FlowEmergency {
		return flows.Input{Kind: flows.Command, Value: flows.FlowEmergency, At: in.At}
	}
	return in
}

// closed answers a press in a chat of which nothing is known, because it was wiped or its time is over. Whoever holds the
// phone may be somebody else: nothing of the line is written into the chat. It reports false for the buttons of a menu, which stands
// there to be read already and may be all that somebody in danger finds.
func (tn *turn) closed(u update) bool {
	if u.Callback == nil || tn.state.Chat != 0 || tn.work.Damaged {
		return false
	}
	field, value, _ := splitData(u.Callback.Data)
	if field == "menu" && value != "wipe" {
		return false
	}
	text := ""
	if field != "wipe" && field != "menu" {
		lang, _ := tn.texts.Match(u.language())
		text = tn.texts.Text(lang, "toast.over", nil)
	}
	tn.send(answer(tn.bot, u.chat().ID, u.Callback.ID, text, tn.at))
	return true
}
