package bot

import (
	"unicode/utf16"

	"defenderline/i18n"
	"defenderline/referrals"
)

// replyQuestion is a question that the line has words for, as a defender reads it.
func replyQuestion(texts *i18n.Catalogue, lang, ask string, code string, d *referrals.Desk) string {
	text := texts.Text(lang, "reply."+ask, map[string]any{"Desk": d.Name, "Code": code})
	if d.Web != "" {
		text += "\n\n" + texts.Text(lang, "reply.page", map[string]any{"Web": d.Web})
	}
	return text
}

// units counts UTF-16 units, as Telegram does.
func units(s string) int { return len(utf16.Encode([]rune(s))) }
