package bot

import (
	"defenderline/i18n"
	"defenderline/referrals"
)

// officer names whoever is at a rung: by the name they were enrolled by, else by their place in the ladder.
func officer(texts *i18n.Catalogue, lang string, d *referrals.Desk, rung int) string {
	if rung < len(d.Ladder) && d.Ladder[rung].Name != "" {
		return d.Ladder[rung].Name
	}
	return texts.Text(lang, "desk.officer", map[string]any{"Rung": rung + 1})
}

// with says who has a case or is waited for, where there are several who might.
func with(texts *i18n.Catalogue, lang string, h referrals.Holding, d *referrals.Desk) string {
	if !d.Shares() || h.State != referrals.Alerted && h.State != referrals.Acknowledged {
		return ""
	}
	return "\n" + texts.Text(lang, "desk.with", map[string]any{"Who": officer(texts, lang, d, h.Rung)})
}
