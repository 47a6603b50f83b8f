package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"defenderline/flows"
	"defenderline/referrals"
)

// call is one call of the Bot API as it waits in the outbox.
type call struct {
	Bot    byte            `json:"b"`
	Chat   int64           `json:"c"`
	Method string          `json:"m"`
	Params json.RawMessage `json:"-"`
	// Anew says that an edit of a message that is gone is sent as a new one.
	Anew bool `json:"e,omitempty"`
	// Own says that the message sent belongs to a defender's chat, so that a wipe must find it.
	Own bool `json:"o,omitempty"`
	// Rest says that what the chat was sent since the call was made is deleted before it: a wipe must not
	// leave what was still on its way.
	Rest bool `json:"r,omitempty"`
	// Gone are messages that are deleted with the call. Sweep says that the line's own from this one on are too: a
	// conversation has ended, and its screens repeat what was answered. Stays says that the message is no such
	// screen, but news.
	Gone  []int `json:"go,omitempty"`
	Sweep int   `json:"sw,omitempty"`
	Stays bool  `json:"st,omitempty"`
	// Screen says that the call shows the conversation's current screen. Edits is the message that showed the
	// one before, when it is known; Notes are the keys of what it tells beside what it asks.
	Screen bool     `json:"s,omitempty"`
	Edits  int      `json:"ed,omitempty"`
	Notes  []string `json:"no,omitempty"`
	// Tells is what they say, if a screen that comes late would still have to say it.
	Tells string `json:"te,omitempty"`
	// Asks says that the screen is a question of a conversation, and no page that somebody may want to read again.
	Asks bool `json:"as,omitempty"`
	// Short says that the screen does not repeat its question, which stands above it.
	Short bool `json:"sh,omitempty"`
	// Shows names what an officer is to confirm by the call's buttons: it is sent only while that would be sent.
	Shows string `json:"sf,omitempty"`
	// Made is when the call was made for a chat whose record tells whether it still has a place, in Unix milliseconds; 0 for others.
	Made int64 `json:"ma,omitempty"`
	// Born is that of the chat's record then: a wipe ends it. 0: of an earlier version, or the record had none.
	Born int64 `json:"bo,omitempty"`
	// Turn is the screen's number: one of the same number asks the same question.
	Turn int `json:"tu,omitempty"`
	// Card is the message at a desk that the call edits; 0 when it edits none.
	Card int `json:"ca,omitempty"`
	// Top is the newest message that was known when the call was made: what a late call sweeps is not newer. 0: any.
	Top int `json:"to,omitempty"`
	// Receipt is who is told whether the call was taken. Fetch is the file that goes with it, when another bot has it.
	Receipt *receipt `json:"rc,omitempty"`
	Fetch   *fetch   `json:"fe,omitempty"`
	// Lane is how urgent it is; conversation when it names none.
	Lane lane `json:"l,omitempty"`
	// Until is when the call has lost its meaning: an answer to a press.
	Until time.Time `json:"u,omitzero"`
}

// button is an inline button. The library's own always carries an empty copy_text beside
// its data, which makes two actions of one button.
type button struct {
	Text string `json:"text"`
	Data string `json:"callback_data,omitempty"`
	URL  string `json:"url,omitempty"`
}

type keyboard struct {
	Rows [][]button `json:"inline_keyboard"`
}

// pair adds a button beside the last one, or below two.
func (k *keyboard) pair(b button) {
	if n := len(k.Rows); n > 0 && len(k.Rows[n-1]) < 2 {
		k.Rows[n-1] = append(k.Rows[n-1], b)
		return
	}
	k.Rows = append(k.Rows, []button{b})
}

// noPreview keeps Telegram from fetching links: a preview tells its server who asked.
var noPreview = &models.LinkPreviewOptions{IsDisabled: tg.True()}

// markup is the keyboard of a view; nil when it has no buttons.
func markup(v flows.View) models.ReplyMarkup {
	if len(v.Rows) == 0 {
		return nil
	}
	k := keyboard{Rows: make([][]button, len(v.Rows))}
	for i, row := range v.Rows {
		for _, b := range row {
			k.Rows[i] = append(k.Rows[i], button{Text: b.Label, Data: b.Data, URL: b.URL})
		}
	}
	return k
}

// encode is json.Marshal of a parameter struct of the library: strings, numbers and flags
// only, which cannot fail.
func encode(params any) json.RawMessage {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil
	}
	return raw
}

// show sends a view as a new message, or edits the message with the given id into it.
func show(bot byte, chat int64, edit int, v flows.View) call {
	c := call{Bot: bot, Chat: chat, Method: "sendMessage", Params: messageParams(chat, edit, v)}
	if edit != 0 {
		c.Method, c.Anew = "editMessageText", true
	}
	return c
}

// anew is an edit as a new message: the two methods share their parameters but for the message's id.
func (c call) anew() (call, bool) {
	var params map[string]json.RawMessage
	if !c.Anew || json.Unmarshal(c.Params, &params) != nil {
		return call{}, false
	}
	delete(params, "message_id")
	c.Method, c.Anew, c.Params = "sendMessage", false, encode(params)
	return c, true
}

// bare takes the buttons off a message.
func bare(bot byte, chat int64, message int) call {
	return call{Bot: bot, Chat: chat, Method: "editMessageReplyMarkup",
		Params: encode(tg.EditMessageReplyMarkupParams{ChatID: chat, MessageID: message})}
}

// answerWithin is how long Telegram waits for the answer to a press, with a margin.
const answerWithin = 5 * time.Minute

// answer answers a press, with a line of text or silently.
func answer(bot byte, chat int64, press, text string, at time.Time) call {
	return call{Bot: bot, Chat: chat, Method: "answerCallbackQuery", Until: at.Add(answerWithin), Params: pressParams(press, text)}
}

// mostDeleted is how many messages one deleteMessages call takes.
const mostDeleted = 100

// deletions are the calls that delete messages.
func deletions(bot byte, chat int64, ids []int) []call {
	var out []call
	for len(ids) > 0 {
		n := min(len(ids), mostDeleted)
		out = append(out, call{Bot: bot, Chat: chat, Method: "deleteMessages",
			Params: encode(tg.DeleteMessagesParams{ChatID: chat, MessageIDs: ids[:n]})})
		ids = ids[n:]
	}
	return out
}

// deleting makes the call that deletes up to a hundred messages.
func deleting(chat int64, ids []int) func(context.Context, *Client) (jsontext.Value, error) {
	return func(ctx context.Context, client *Client) (jsontext.Value, error) {
		return client.Call(ctx, "deleteMessages", encode(tg.DeleteMessagesParams{ChatID: chat, MessageIDs: ids}))
	}
}

// lane is the lane a call leaves in.
func (c call) lane() lane {
	if c.Rest { // whoever wipes is in a hurry
		return max(c.Lane, laneUrgent)
	}
	return max(c.Lane, laneConversation)
}

// free says that a call is no message and does not count against Telegram's limits.
func (c call) free() bool { return free(c.Method) }

func free(method string) bool {
	switch method {
	case "", "answerCallbackQuery", "deleteMessages", "leaveChat":
		return true
	default:
		return false
	}
}

// String hides the chat and what it is sent from %v.
func (c call) String() string { return "a call of " + c.Method }

// GoString hides them from %#v.
func (c call) GoString() string { return c.String() }

// errand makes a call an errand of a member. Answers to presses keep no order with messages.
func (c call) errand(from referrals.Member) referrals.Errand {
	order := string(c.Bot) + strconv.FormatInt(c.Chat, 10)
	if c.Method == "answerCallbackQuery" {
		order = ""
	}
	return referrals.Errand{Send: &referrals.Send{Order: order, Body: c.body(), From: from, Live: c}}
}

// body is a call as it is kept: how it is made, a line break, its parameters as they are sent.
func (c call) body() []byte {
	return append(append(c.head(make([]byte, 0, 256+len(c.Params))), '\n'), c.Params...)
}

// callOf is the call of an errand: as it was made by this process, or as it was kept.
func callOf(s referrals.Send) (call, bool) {
	if c, ok := s.Live.(call); ok {
		return c, true
	}
	var c call
	head, params, ok := bytes.Cut(s.Body, []byte{'\n'})
	if !ok || parse(head, &c) != nil {
		return call{}, false
	}
	c.Params = params
	return c, true
}
