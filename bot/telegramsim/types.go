package telegramsim

import "encoding/json"

// User is the Bot API's User: a person or a bot.
type User struct {
	ID           int64  `json:"id"`
	IsBot        bool   `json:"is_bot"`
	FirstName    string `json:"first_name"`
	Username     string `json:"username,omitempty"`
	LanguageCode string `json:"language_code,omitempty"`
}

// ChatInfo is the Bot API's Chat.
type ChatInfo struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"` // private, supergroup, channel
	Title     string `json:"title,omitempty"`
	Username  string `json:"username,omitempty"`
	FirstName string `json:"first_name,omitempty"`
}

// Entity is the Bot API's MessageEntity; offset and length count UTF-16 units.
type Entity struct {
	Type          string `json:"type"`
	Offset        int    `json:"offset"`
	Length        int    `json:"length"`
	URL           string `json:"url,omitempty"`
	User          *User  `json:"user,omitempty"`
	Language      string `json:"language,omitempty"`
	CustomEmojiID string `json:"custom_emoji_id,omitempty"`
}

// File is one stored file as it appears in a message: document, photo size, voice, video, sticker.
// Fields that do not belong to its kind stay zero.
type File struct {
	FileID       string `json:"file_id"`
	FileUniqueID string `json:"file_unique_id"`
	FileSize     int64  `json:"file_size,omitempty"`
	FilePath     string `json:"file_path,omitempty"` // getFile only
	FileName     string `json:"file_name,omitempty"`
	MimeType     string `json:"mime_type,omitempty"`
	Width        int    `json:"width,omitempty"`
	Height       int    `json:"height,omitempty"`
	Duration     *int   `json:"duration,omitempty"`
	Type         string `json:"type,omitempty"`
	IsAnimated   *bool  `json:"is_animated,omitempty"`
	IsVideo      *bool  `json:"is_video,omitempty"`
	Emoji        string `json:"emoji,omitempty"`
}

// Location is a point a person shared, in degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Contact is a telephone contact a person shared.
type Contact struct {
	PhoneNumber string `json:"phone_number"`
	FirstName   string `json:"first_name"`
	UserID      int64  `json:"user_id,omitempty"`
}

// Button is one button of an inline keyboard; exactly one of the fields besides the text does something.
type Button struct {
	Text              string          `json:"text"`
	URL               string          `json:"url,omitempty"`
	CallbackData      string          `json:"callback_data,omitempty"`
	WebApp            json.RawMessage `json:"web_app,omitempty"`
	LoginURL          json.RawMessage `json:"login_url,omitempty"`
	SwitchInline      *string         `json:"switch_inline_query,omitempty"`
	SwitchInlineHere  *string         `json:"switch_inline_query_current_chat,omitempty"`
	SwitchInlineOther json.RawMessage `json:"switch_inline_query_chosen_chat,omitempty"`
	CopyText          *CopyText       `json:"copy_text,omitempty"`
	CallbackGame      json.RawMessage `json:"callback_game,omitempty"`
	Pay               bool            `json:"pay,omitempty"`
	Icon              string          `json:"icon_custom_emoji_id,omitempty"`
	Style             string          `json:"style,omitempty"`
}

// CopyText is what a copy button puts on the clipboard.
type CopyText struct {
	Text string `json:"text"`
}

// Keyboard is an inline keyboard.
type Keyboard struct {
	Rows [][]Button `json:"inline_keyboard"`
}

// Message is the Bot API's Message, and what the phone shows. A stored message is never changed: an edit
// puts another one in its place, so it may be read without a lock.
type Message struct {
	ID              int64           `json:"message_id"`
	From            *User           `json:"from,omitempty"`
	SenderChat      *ChatInfo       `json:"sender_chat,omitempty"`
	Chat            *ChatInfo       `json:"chat"`
	Date            int64           `json:"date"` // seconds since 1970
	EditDate        int64           `json:"edit_date,omitempty"`
	ForwardOrigin   json.RawMessage `json:"forward_origin,omitempty"`
	ReplyTo         *Message        `json:"reply_to_message,omitempty"`
	Protected       bool            `json:"has_protected_content,omitempty"`
	MediaGroupID    string          `json:"media_group_id,omitempty"`
	Text            string          `json:"text,omitempty"`
	Entities        []Entity        `json:"entities,omitempty"`
	LinkPreview     json.RawMessage `json:"link_preview_options,omitempty"`
	Caption         string          `json:"caption,omitempty"`
	CaptionEntities []Entity        `json:"caption_entities,omitempty"`
	Document        *File           `json:"document,omitempty"`
	Photo           []File          `json:"photo,omitempty"`
	Voice           *File           `json:"voice,omitempty"`
	Video           *File           `json:"video,omitempty"`
	Sticker         *File           `json:"sticker,omitempty"`
	Location        *Location       `json:"location,omitempty"`
	Contact         *Contact        `json:"contact,omitempty"`
	Keyboard        *Keyboard       `json:"reply_markup,omitempty"`

	Silent        bool            `json:"-"` // sent with disable_notification
	Edits         int             `json:"-"` // times it was edited
	ReplyKeyboard json.RawMessage `json:"-"` // reply keyboard, its removal, or forced reply, as sent
}

// Media gives the file a message carries, or nil.
func (m *Message) Media() *File {
	switch {
	case m.Document != nil:
		return m.Document
	case len(m.Photo) > 0:
		return &m.Photo[len(m.Photo)-1]
	case m.Voice != nil:
		return m.Voice
	case m.Video != nil:
		return m.Video
	}
	return m.Sticker
}

// body is the text of the message or the caption of its media.
func (m *Message) body() string {
	if m.Media() != nil {
		return m.Caption
	}
	return m.Text
}
