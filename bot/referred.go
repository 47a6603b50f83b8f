package bot

import (
	"bytes"
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	tg "github.com/go-telegram/bot"

	"defenderline/referrals"
)

// What a desk is told of its wish that an organisation gets a case too.

// keys hands out the public keys of desks, for whoever is to seal to them.
type keys interface {
	PublicKeys(desk string) (armored []byte, fingerprints []string, err error)
}

// mostNamed is how many of an organisation's keys fit into a caption.
const mostNamed = 3

// referred tells a desk what became of its wish; a yes that needs a document brings the key to seal it to.
func (p *post) referred(ctx context.Context, d *referrals.Desk, chat int64, n referrals.Notice, e *effort) time.Duration {
	if n.Kind == referrals.NoticeReferKey {
		armored, fingerprints, err := p.keys.PublicKeys(n.About)
		if err == nil {
			return p.keyFile(ctx, d, chat, n, e, armored, fingerprints)
		}
		p.log.Error("an organisation's key cannot be handed out", "desk", n.About, "err", err)
		n.Kind = referrals.NoticeReferGone
	}
	params := tg.SendMessageParams{ChatID: chat, Text: p.referText(d, n, nil), LinkPreviewOptions: noPreview}
	if n.Kind == referrals.NoticeReferUnfit {
		params.ReplyMarkup = p.referKeyboard(d, n)
	}
	_, again, _ := p.attempt(ctx, address{p.deskBot, chat}, "sendMessage", e, func(ctx context.Context, c *Client) (jsontext.Value, error) {
		return c.Call(ctx, "sendMessage", encode(params))
	})
	return again
}

// keyFile sends the key of an organisation, how to seal to it, and the button after which the document is awaited.
func (p *post) keyFile(ctx context.Context, d *referrals.Desk, chat int64, n referrals.Notice, e *effort, armored []byte, fingerprints []string) time.Duration {
	fields := map[string]string{"chat_id": strconv.FormatInt(chat, 10), "caption": p.referText(d, n, fingerprints),
		"disable_content_type_detection": "true", "reply_markup": string(encode(p.referKeyboard(d, n)))}
	_, again, _ := p.attempt(ctx, address{p.deskBot, chat}, "sendDocument", e, func(ctx context.Context, c *Client) (jsontext.Value, error) {
		return c.Upload(ctx, fields, keyName(n.About), bytes.NewReader(armored))
	})
	return again
}

// keyName is the name of the file with an organisation's public key.
func keyName(desk string) string { return desk + ".asc" }

// referText is what is told: the organisation's name, what for, and never more of the case than its code and how urgent it is.
func (p *post) referText(d *referrals.Desk, n referrals.Notice, fingerprints []string) string {
	lang := p.language(d)
	why := "desk.refer_why." + n.Why
	if n.Kind == referrals.NoticeReferUnfit && !p.texts.Has(lang, why) {
		why = "desk.refer_why." + whyOther
	}
	args := map[string]any{"Lane": p.texts.Text(lang, "desk.lane."+string(n.Lane), nil), "Code": n.Code, "Org": p.orgName(n.About),
		"For": p.texts.Text(lang, "value.need."+n.For, nil), "In": n.Code + ".txt"}
	if n.Kind == referrals.NoticeReferUnfit {
		args["Why"] = p.texts.Text(lang, why, nil)
	}
	text := p.texts.Text(lang, "desk."+string(n.Kind), args)
	if len(fingerprints) == 0 {
		return text
	}
	out := n.Code + "." + keyName(n.About)
	return text + "\n" + sealingLines(n, out, fingerprints[:min(len(fingerprints), mostNamed)]) + "\n\n" +
		p.texts.Text(lang, "desk.refer_key_then", map[string]any{"Out": out})
}

// sealingLines are the fingerprints of an organisation's keys and what to have gpg do with them. They are in no language, and are to be
// copied as they are: a text from the catalogue sets words of another direction apart, by marks that gpg takes for part of a name.
func sealingLines(n referrals.Notice, out string, fingerprints []string) string {
	return strings.Join(fingerprints, "\n") + "\n\ngpg --import " + keyName(n.About) + "\ngpg --armor --trust-model always --encrypt --recipient " +
		strings.Join(fingerprints, " --recipient ") + " --output " + out + " " + n.Code + ".txt"
}

// orgName is an organisation's name, or its id when it was taken out of the configuration.
func (p *post) orgName(desk string) string {
	if d := p.dir.Desk(desk); d != nil {
		return d.Name
	}
	return desk
}

// referKeyboard is the button after which a document for an organisation is awaited.
func (p *post) referKeyboard(d *referrals.Desk, n referrals.Notice) *keyboard {
	return &keyboard{Rows: [][]button{{{Text: p.texts.Text(p.language(d), "desk.button.refer_send", nil), Data: "refer:" + n.Code + "#" + sendsTo + n.About}}}}
}
