package bot

import (
	"errors"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// parse reads JSON of Telegram, or of ours. What is unusual but not wrong is taken: half of a surrogate pair that a
// person's program cut off must not cost the message.
func parse(raw []byte, into any) error {
	return json.Unmarshal(raw, into, jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
}

// update is what the line reads of a Bot API Update; everything else is passed over, so that
// a kind of message Telegram invents tomorrow cannot stop the ones it sends today.
type update struct {
	ID       int64     `json:"update_id"`
	Message  *message  `json:"message"`
	Edited   *message  `json:"edited_message"`
	Callback *callback `json:"callback_query"`
	Member   *member   `json:"my_chat_member"`
}

type chat struct {
	ID   int64  `json:"id"`
	Type string `json:"type"`
}

type sender struct {
	Language string `json:"language_code"`
}

type message struct {
	ID       int    `json:"message_id"`
	From     sender `json:"from"`
	Chat     chat   `json:"chat"`
	Date     int64  `json:"date"`
	Text     string `json:"text"`
	Caption  string `json:"caption"`
	Location *struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
	} `json:"location"`
	Photo     []file `json:"photo"`
	Voice     *file  `json:"voice"`
	Audio     *file  `json:"audio"`
	Video     *file  `json:"video"`
	VideoNote *file  `json:"video_note"`
	Animation *file  `json:"animation"`
	Document  *file  `json:"document"`
}

type file struct {
	ID   string `json:"file_id"`
	Name string `json:"file_name"`
	Type string `json:"mime_type"`
	Size int64  `json:"file_size"`
}

type callback struct {
	ID      string   `json:"id"`
	From    sender   `json:"from"`
	Message *message `json:"message"`
	Data    string   `json:"data"`
}

type member struct {
	Chat chat `json:"chat"`
	New  struct {
		Status string `json:"status"`
	} `json:"new_chat_member"`
}

// allowedUpdates are the kinds the line asks Telegram for.
var allowedUpdates = []string{"message", "edited_message", "callback_query", "my_chat_member"}

// errUnread is returned for an update that cannot be decoded. It never quotes it.
var errUnread = errors.New("telegram: an update could not be decoded")

// decode reads one raw update.
func decode(raw []byte) (update, error) {
	var u update
	if parse(raw, &u) != nil || u.ID == 0 {
		return update{}, errUnread
	}
	return u, nil
}

// chat is the chat an update comes from; its id is zero when it comes from none.
func (u update) chat() chat {
	switch {
	case u.Message != nil:
		return u.Message.Chat
	case u.Edited != nil:
		return u.Edited.Chat
	case u.Callback != nil && u.Callback.Message != nil:
		return u.Callback.Message.Chat
	case u.Member != nil:
		return u.Member.Chat
	default:
		return chat{}
	}
}

// language is what the person's own program is set to, when it tells.
func (u update) language() string {
	switch {
	case u.Message != nil:
		return u.Message.From.Language
	case u.Callback != nil:
		return u.Callback.From.Language
	default:
		return ""
	}
}

// glance is what is read of an update before it is kept.
type glance struct {
	ID       int64    `json:"update_id"`
	Message  *chatted `json:"message"`
	Edited   *chatted `json:"edited_message"`
	Member   *chatted `json:"my_chat_member"`
	Callback *struct {
		Message *chatted `json:"message"`
	} `json:"callback_query"`
}

type chatted struct {
	Chat chat `json:"chat"`
}

// seen reads an update: its id, its chat, and all of it for who takes its turn. Of one that holds something unforeseen only
// the first two may be read, which is enough to keep it.
func seen(raw []byte) (id int64, from chat, live any, err error) {
	if u, err := decode(raw); err == nil {
		return u.ID, u.chat(), u, nil
	}
	id, from, err = peek(raw)
	return id, from, nil, err
}

// peek reads only the id of an update and of its chat, for the inbox.
func peek(raw []byte) (id int64, from chat, err error) {
	var g glance
	if parse(raw, &g) != nil || g.ID == 0 {
		return 0, chat{}, errUnread
	}
	if g.Callback != nil {
		g.Message = g.Callback.Message
	}
	for _, c := range []*chatted{g.Message, g.Edited, g.Member} {
		if c != nil {
			return g.ID, c.Chat, nil
		}
	}
	return g.ID, chat{}, nil
}
