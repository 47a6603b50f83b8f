package telegramsim

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"
)

// undeletableAfter is the age at which a message can no longer be deleted.
const undeletableAfter = 48 * time.Hour

const notModified = "message is not modified: specified new message content and reply markup are exactly the same " +
	"as a current content and reply markup of the message"

// edit changes a message of the bot. The keyboard goes where the call names none, as with the real server.
func (c *call) edit(change func(*Message) *Error) (any, *Error) {
	if c.str("inline_message_id") != "" {
		return nil, badRequest("method not simulated: %s of an inline message", c.method)
	}
	t, err := c.chat("chat_id")
	if err != nil {
		return nil, err
	}
	c.about = t.info.ID
	markup, reply, err := readMarkup(c.str("reply_markup"))
	if err != nil {
		return nil, err
	}
	if reply != nil {
		return nil, badRequest("inline keyboard expected")
	}
	if err := c.throttle(t); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := c.writable(t); err != nil {
		return nil, err
	}
	old := t.find(c.int("message_id"))
	if old == nil {
		return nil, badRequest("message to edit not found")
	}
	if !c.owns(old) {
		return nil, badRequest("message can't be edited")
	}
	m := *old
	m.Keyboard = markup
	if err := change(&m); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(*old, m) {
		return nil, badRequest(notModified)
	}
	m.EditDate = c.srv.now().Unix()
	m.Edits++
	t.replace(&m)
	c.number = c.bot.sent.Add(1)
	c.srv.emit(Event{Kind: "edited", Bot: c.bot.user.Username, Chat: t.info.ID, Message: &m})
	return &m, nil
}

// owns says whether the bot sent the message.
func (c *call) owns(m *Message) bool {
	if m.From == nil {
		return m.SenderChat != nil
	}
	return m.From.ID == c.bot.user.ID
}

func (c *call) editMessageText() (any, *Error) {
	f, err := c.text()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *Message) *Error {
		if m.Text == "" {
			return badRequest("there is no text in the message to edit")
		}
		m.Text, m.Entities = f.text, f.entities
		if raw := c.raw("link_preview_options"); raw != nil {
			m.LinkPreview = raw
		}
		return nil
	})
}

func (c *call) editMessageCaption() (any, *Error) {
	f, err := c.caption()
	if err != nil {
		return nil, err
	}
	return c.edit(func(m *Message) *Error {
		if m.Media() == nil {
			return badRequest("there is no caption in the message to edit")
		}
		m.Caption, m.CaptionEntities = f.text, f.entities
		return nil
	})
}

func (c *call) editMessageReplyMarkup() (any, *Error) {
	return c.edit(func(*Message) *Error { return nil })
}

// withMessage acts on the message a call names, under its chat's lock; what says what it was wanted for.
func (c *call) withMessage(chatParam, what string, act func(*chat, *Message) *Error) (any, *Error) {
	t, err := c.chat(chatParam)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.find(c.int("message_id"))
	if m == nil {
		return nil, badRequest("message to %s not found", what)
	}
	return true, act(t, m)
}

func (c *call) deleteMessage() (any, *Error) {
	return c.withMessage("chat_id", "delete", func(t *chat, m *Message) *Error {
		if err := c.deletable(t, m); err != nil {
			return err
		}
		c.drop(t, m.ID)
		return nil
	})
}

// deleteMessages deletes all or, where one of them may not be deleted, none; ids not found are passed over.
func (c *call) deleteMessages() (any, *Error) {
	t, err := c.chat("chat_id")
	if err != nil {
		return nil, err
	}
	ids, err := c.messageIDs()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	ids = slices.DeleteFunc(ids, func(id int64) bool { return t.find(id) == nil })
	for _, id := range ids {
		if err := c.deletable(t, t.find(id)); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		c.drop(t, id)
	}
	return true, nil
}

func (c *call) messageIDs() ([]int64, *Error) {
	ids, err := readIDs(c.str("message_ids"))
	switch {
	case err != nil:
		return nil, badRequest("can't parse message_ids JSON object")
	case len(ids) == 0:
		return nil, badRequest("message identifiers are not specified")
	case len(ids) > 100:
		return nil, badRequest("too many message identifiers specified")
	}
	for _, id := range ids {
		if id <= 0 {
			return nil, badRequest("invalid message identifier specified")
		}
	}
	return ids, nil
}

// deletable says whether the bot may delete the message; the chat's lock is held.
func (c *call) deletable(t *chat, m *Message) *Error {
	switch {
	case c.srv.now().Sub(time.Unix(m.Date, 0)) > undeletableAfter:
		return badRequest("message can't be deleted for everyone")
	case t.info.Type != "private" && !c.owns(m) && !t.admins[c.bot.user.ID]:
		return badRequest("message can't be deleted")
	}
	return nil
}

// drop deletes a message; the chat's lock is held.
func (c *call) drop(t *chat, id int64) {
	if t.remove(id) {
		c.srv.emit(Event{Kind: "deleted", Bot: c.bot.user.Username, Chat: t.info.ID, ID: id})
	}
}

func (c *call) pinChatMessage() (any, *Error) {
	return c.withMessage("chat_id", "pin", func(t *chat, m *Message) *Error {
		t.pinned = m
		t.touch()
		return nil
	})
}

func readIDs(raw string) ([]int64, error) {
	var ids []int64
	err := json.Unmarshal([]byte(raw), &ids)
	return ids, err
}
