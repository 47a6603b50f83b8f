package telegramsim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// chat resolves a chat_id parameter: a number or the @username of a group or channel.
func (c *call) chat(name string) (*chat, *Error) {
	text := c.str(name)
	if text == "" {
		return nil, badRequest("%s is empty", name)
	}
	if strings.HasPrefix(text, "@") {
		return c.srv.groupByName(text[1:])
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, badRequest("chat not found")
	}
	if t := c.bot.private(id); t != nil {
		return t, nil
	}
	if t := c.srv.group(id); t != nil {
		return t, nil
	}
	if c.srv.person(id) != nil {
		return nil, forbidden("bot can't initiate conversation with a user")
	}
	return nil, badRequest("chat not found")
}

// writable says whether the bot may write to the chat; the chat's lock is held.
func (c *call) writable(t *chat) *Error {
	switch {
	case t.info.Type == "private" && !t.started:
		return forbidden("bot can't initiate conversation with a user")
	case t.blocked:
		return forbidden("bot was blocked by the user")
	case !slices.Contains(t.bots, c.bot):
		return forbidden("bot is not a member of the " + t.info.Type + " chat")
	}
	return nil
}

// send completes a message with the parameters all sending methods share, and puts it into the chat.
func (c *call) send(m *Message) (any, *Error) {
	t, err := c.chat("chat_id")
	if err != nil {
		return nil, err
	}
	c.about = t.info.ID
	if m.Keyboard == nil {
		if m.Keyboard, m.ReplyKeyboard, err = readMarkup(c.str("reply_markup")); err != nil {
			return nil, err
		}
	}
	m.Silent, m.Protected = c.flag("disable_notification"), c.flag("protect_content")
	m.Date = c.srv.now().Unix()
	if m.From = &c.bot.user; t.info.Type == "channel" {
		m.From, m.SenderChat = nil, t.info
	}
	if err := c.throttle(t); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := c.writable(t); err != nil {
		return nil, err
	}
	if m.ReplyTo, err = c.replied(t); err != nil {
		return nil, err
	}
	t.add(m)
	c.number = c.bot.sent.Add(1)
	c.srv.emit(Event{Kind: "sent", Bot: c.bot.user.Username, Chat: t.info.ID, Message: m})
	return m, nil
}

// replied finds the message replied to; the chat's lock is held.
func (c *call) replied(t *chat) (*Message, *Error) {
	raw := c.str("reply_parameters")
	if raw == "" {
		return nil, nil
	}
	var p struct {
		ID      int64 `json:"message_id"`
		Without bool  `json:"allow_sending_without_reply"`
	}
	if err := json.Unmarshal([]byte(raw), &p); err != nil {
		return nil, badRequest("can't parse reply parameters JSON object")
	}
	m := t.find(p.ID)
	if m == nil && !p.Without {
		return nil, badRequest("message to be replied not found")
	}
	return m.asReply(), nil
}

// asReply is the message without what it replied to itself, as replies do not nest.
func (m *Message) asReply() *Message {
	if m == nil || m.ReplyTo == nil {
		return m
	}
	inner := *m
	inner.ReplyTo = nil
	return &inner
}

func (c *call) sendMessage() (any, *Error) {
	f, err := c.text()
	if err != nil {
		return nil, err
	}
	return c.send(&Message{Text: f.text, Entities: f.entities, LinkPreview: c.raw("link_preview_options")})
}

// text reads and measures the text parameter.
func (c *call) text() (formatted, *Error) {
	f, err := format(c.str("text"), c.str("parse_mode"), c.str("entities"))
	switch {
	case err != nil:
		return f, err
	case f.text == "":
		return f, badRequest("message text is empty")
	case utf16Length(f.text) > MaxText:
		return f, badRequest("message is too long")
	}
	return f, nil
}

// caption reads and measures the caption parameter, which may be empty.
func (c *call) caption() (formatted, *Error) {
	f, err := format(c.str("caption"), c.str("parse_mode"), c.str("caption_entities"))
	if err == nil && utf16Length(f.text) > MaxCaption {
		return f, badRequest("message caption is too long")
	}
	return f, err
}

func (c *call) raw(name string) json.RawMessage {
	if text := c.str(name); text != "" {
		return json.RawMessage(text)
	}
	return nil
}

func (c *call) sendDocument() (any, *Error) {
	return c.sendMedia("document", func(m *Message, f *File) { m.Document = f })
}

func (c *call) sendPhoto() (any, *Error) {
	return c.sendMedia("photo", func(m *Message, f *File) { m.Photo = photoSizes(f) })
}

func (c *call) sendVoice() (any, *Error) {
	return c.sendMedia("voice", func(m *Message, f *File) {
		seconds := int(c.int("duration"))
		voice := *f
		voice.FileName, voice.Duration = "", &seconds
		m.Voice = &voice
	})
}

func (c *call) sendMedia(field string, put func(*Message, *File)) (any, *Error) {
	caption, err := c.caption()
	if err != nil {
		return nil, err
	}
	f, err := c.media(field)
	if err != nil {
		return nil, err
	}
	m := &Message{Caption: caption.text, CaptionEntities: caption.entities}
	put(m, f)
	return c.send(m)
}

// photoSizes gives the one size the simulation makes of a picture, which it does not look into.
func photoSizes(f *File) []File {
	size := *f
	size.FileName, size.MimeType, size.Width, size.Height = "", "", 640, 480
	return []File{size}
}

func (c *call) sendChatAction() (any, *Error) {
	action := c.str("action")
	known := []string{"typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
		"upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note"}
	if !slices.Contains(known, action) {
		return nil, badRequest("wrong parameter action in request")
	}
	t, err := c.chat("chat_id")
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := c.writable(t); err != nil {
		return nil, err
	}
	c.srv.emit(Event{Kind: "action", Bot: c.bot.user.Username, Chat: t.info.ID, Text: action})
	return true, nil
}
