package telegramsim

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Limits of keyboards: callback data in bytes, all markup of a message in bytes of JSON.
const (
	MaxCallbackData = 64
	MaxMarkup       = 10 << 10
)

// readMarkup reads a reply_markup that the table has accepted. Inline keyboards are given as such; a reply
// keyboard, its removal and a forced reply stay JSON. An inline keyboard without buttons is none.
func readMarkup(raw string) (*Keyboard, json.RawMessage, *Error) {
	if raw == "" {
		return nil, nil, nil
	}
	if len(raw) > MaxMarkup {
		return nil, nil, badRequest("reply markup is too long")
	}
	if !strings.Contains(raw, `"inline_keyboard"`) {
		return nil, json.RawMessage(raw), nil
	}
	var k Keyboard
	if err := json.Unmarshal([]byte(raw), &k); err != nil {
		return nil, nil, badRequest("can't parse reply keyboard markup JSON object")
	}
	rows := k.Rows[:0]
	for _, row := range k.Rows {
		for i := range row {
			if err := row[i].check(); err != nil {
				return nil, nil, err
			}
		}
		if len(row) > 0 {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, nil, nil
	}
	return &Keyboard{Rows: rows}, nil, nil
}

// check refuses a button without a text or without exactly one action. An empty copy_text is dropped, as the
// real server lets it pass beside another action.
func (b *Button) check() *Error {
	if b.CopyText != nil && b.CopyText.Text == "" {
		b.CopyText = nil
	}
	if strings.TrimSpace(b.Text) == "" {
		return badRequest("BUTTON_TEXT_INVALID")
	}
	if len(b.CallbackData) > MaxCallbackData || !utf8.ValidString(b.CallbackData) {
		return badRequest("BUTTON_DATA_INVALID")
	}
	switch b.actions() {
	case 0:
		return badRequest("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
	case 1:
		return b.checkURL()
	}
	return badRequest("can't parse inline keyboard button: exactly one action is allowed in a button")
}

func (b *Button) checkURL() *Error {
	if b.URL == "" {
		return nil
	}
	for _, scheme := range []string{"https://", "http://", "tg://"} {
		if strings.HasPrefix(b.URL, scheme) && len(b.URL) > len(scheme) && !strings.ContainsAny(b.URL, " \n") {
			return nil
		}
	}
	return badRequest("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
}

func (b *Button) actions() int {
	n := 0
	for _, set := range []bool{b.URL != "", b.CallbackData != "", b.WebApp != nil, b.LoginURL != nil,
		b.SwitchInline != nil, b.SwitchInlineHere != nil, b.SwitchInlineOther != nil, b.CopyText != nil,
		b.CallbackGame != nil, b.Pay} {
		if set {
			n++
		}
	}
	return n
}

// find gives the first button whose callback data is want, continues it after '#', or starts with it, or
// whose label is want: in this order, so that the exact match wins.
func (k *Keyboard) find(want string) *Button {
	if k == nil {
		return nil
	}
	matches := []func(*Button) bool{
		func(b *Button) bool { return b.CallbackData == want },
		func(b *Button) bool { return strings.HasPrefix(b.CallbackData, want+"#") },
		func(b *Button) bool { return b.Text == want },
		func(b *Button) bool { return b.CallbackData != "" && strings.HasPrefix(b.CallbackData, want) },
	}
	for _, match := range matches {
		for _, row := range k.Rows {
			for i := range row {
				if match(&row[i]) {
					return &row[i]
				}
			}
		}
	}
	return nil
}
