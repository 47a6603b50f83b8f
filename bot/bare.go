package bot

import (
	"context"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	tg "github.com/go-telegram/bot"

	"defenderline/referrals"
)

// longWithdrawn is how long a desk has had a case at least before a missing document means that its time is over. A case that was
// taken back has lost its documents, too, and leaves the desk in moments.
const longWithdrawn = time.Hour

// bare alerts a rung of a case whose sealed copies have come to their end, because it was handed over or climbed its ladder for
// longer than they are kept: the officer must know of it all the same, and whom to ask.
func (p *post) bare(ctx context.Context, d *referrals.Desk, chat int64, n referrals.Notice, e *effort) time.Duration {
	h, err := p.holding.Holding(ctx, n.Desk, n.Code)
	if err != nil && !errors.Is(err, referrals.ErrUnknown) {
		e.tries++
		return pause(err, e.tries)
	}
	if err != nil || h.State != referrals.Alerted || p.now().Sub(h.Since) < longWithdrawn {
		return 0
	}
	lang := p.language(d)
	k := deskKeyboard(p.texts, lang, referrals.Holding{Code: n.Code, State: referrals.Alerted}, d)
	params := tg.SendMessageParams{ChatID: chat, Text: p.caption(d, n) + "\n\n" + p.texts.Text(lang, "desk.no_document", nil),
		LinkPreviewOptions: noPreview, ReplyMarkup: k}
	result, again, err := p.attempt(ctx, address{p.deskBot, chat}, "sendMessage", e, func(ctx context.Context, c *Client) (jsontext.Value, error) {
		return c.Call(ctx, "sendMessage", encode(params))
	})
	e.card = card{message: messageID(result)}
	return max(again, e.fails(err))
}
