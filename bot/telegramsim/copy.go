package telegramsim

import "encoding/json"

// source finds the message to copy or forward.
func (c *call) source(act, done string) (*Message, *Error) {
	var found *Message
	_, err := c.withMessage("from_chat_id", act, func(_ *chat, m *Message) *Error {
		if m.Protected {
			return badRequest("message has protected content and can't be %s", done)
		}
		found = m
		return nil
	})
	return found, err
}

// content is what a copy keeps of a message.
func (m *Message) content() *Message {
	return &Message{
		Text: m.Text, Entities: m.Entities, Caption: m.Caption, CaptionEntities: m.CaptionEntities, LinkPreview: m.LinkPreview,
		Document: m.Document, Photo: m.Photo, Voice: m.Voice, Video: m.Video, Sticker: m.Sticker,
		Location: m.Location, Contact: m.Contact,
	}
}

func (c *call) copyMessage() (any, *Error) {
	m, err := c.source("copy", "copied")
	if err != nil {
		return nil, err
	}
	copied := m.content()
	if _, given := c.req.get("caption"); given && m.Media() != nil {
		f, err := c.caption()
		if err != nil {
			return nil, err
		}
		copied.Caption, copied.CaptionEntities = f.text, f.entities
	}
	if _, err := c.send(copied); err != nil {
		return nil, err
	}
	return struct {
		ID int64 `json:"message_id"`
	}{copied.ID}, nil
}

func (c *call) forwardMessage() (any, *Error) {
	m, err := c.source("forward", "forwarded")
	if err != nil {
		return nil, err
	}
	forwarded := m.content()
	forwarded.ForwardOrigin = m.origin()
	return c.send(forwarded)
}

// origin tells where a forwarded message came from.
func (m *Message) origin() json.RawMessage {
	if m.ForwardOrigin != nil {
		return m.ForwardOrigin
	}
	origin := struct {
		Type string    `json:"type"`
		Date int64     `json:"date"`
		User *User     `json:"sender_user,omitempty"`
		Chat *ChatInfo `json:"chat,omitempty"`
		ID   int64     `json:"message_id,omitempty"`
	}{Type: "user", Date: m.Date, User: m.From}
	if m.From == nil {
		origin.Type, origin.Chat, origin.ID = "channel", m.Chat, m.ID
	}
	raw, err := json.Marshal(origin)
	if err != nil {
		return nil
	}
	return raw
}
