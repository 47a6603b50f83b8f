package bot

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	tg "github.com/go-telegram/bot"

	"defenderline/i18n"
	"defenderline/referrals"
)

// archive is what sending documents asks of the store.
type archive interface {
	Documents(ctx context.Context, origin string, code referrals.Code, desk string) ([]string, error)
	Document(ctx context.Context, origin string, code referrals.Code, desk, name string) ([]byte, error)
	FileReader(ctx context.Context, origin string, code referrals.Code, name string) (io.ReadCloser, error)
}

// post delivers calls to chats and notices to desks.
type post struct {
	clients map[byte]*Client // by bot
	archive archive
	keys    keys
	holding holdings
	dir     *referrals.Directory
	texts   *i18n.Catalogue
	deskBot byte                                               // which bot serves officers and NGOs
	refused func(to address, patience time.Duration, all bool) // says that Telegram asked for patience, with a chat or with all
	awake   func()                                             // says that Telegram answers again
	now     func() time.Time
	log     *slog.Logger
	meters  *Meters
	outage  atomic.Int32 // calls that failed one after another
	// refusals are messages that Telegram asked patience for in a row, by bot.
	refusals [2]atomic.Int32
	shown    shownCards
}

// How long a call waits before it is tried again, when Telegram does not say.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = time.Minute
)

// How long a call may take before it counts as failed: a server that takes a call and never
// answers must not keep a sender for ever. A document may be 50 MB on a slow line.
const (
	callWithin   = 30 * time.Second
	uploadWithin = 5 * time.Minute
)

// effort is how far the delivery of one errand has come.
type effort struct {
	tries   int
	large   bool     // a file is sent, which may take long
	sent    []string // documents that arrived: those are not sent again
	fetches int      // of a file that could not be fetched
	// refusal is why Telegram did not take it, when it never will.
	refusal error
	card    card   // the message with a case's buttons that was sent; 0: none
	lost    string // why nobody was reached by it; empty: somebody was, or nobody was to be
}

// fails notes why a call reached nobody, and says how long to wait when it was not the chat's fault.
func (e *effort) fails(err error) (again time.Duration) {
	e.lost, again = lost(err)
	return again
}

// pause is how long to wait after so many tries: twice as long each time. A
// 429 says itself how long.
func pause(err error, tries int) time.Duration {
	var refused *apiError
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		return refused.RetryAfter + 50*time.Millisecond
	}
	return min(firstPause<<min(tries, 10), longestPause)
}

// attempt makes one call. again says how long to wait before it is made again, zero when it is over.
func (p *post) attempt(ctx context.Context, to address, method string, e *effort, do func(context.Context, *Client) (jsontext.Value, error)) (result jsontext.Value, again time.Duration, err error) {
	client := p.clients[to.bot]
	if client == nil {
		client = p.clients[lineBot]
	}
	within := callWithin
	if e.large {
		within = uploadWithin
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	result, err = do(limited, client)
	p.meters.called(method, err)
	p.heard(err)
	if err != nil && passing(err) {
		e.tries++
		again = pause(err, e.tries)
		if isReason(err, "too_many_requests") && !free(method) {
			p.refused(to, again, p.inRow(to.bot).Add(1) >= anyChat)
		}
		return nil, again, err
	}
	if row := p.inRow(to.bot); !free(method) && row.Load() > 0 {
		row.Store(0)
	}
	return result, 0, err
}

// anyChat is how many messages of a bot are refused in a row, none taken between them, when it is the bot that wrote too much.
// A chat that is refused rests, so that they are to several.
const anyChat = 5

// inRow counts the messages of a bot that were refused since one was taken.
func (p *post) inRow(bot byte) *atomic.Int32 {
	if bot == deskBot {
		return &p.refusals[1]
	}
	return &p.refusals[0]
}

// anOutage is how many calls fail one after another when it is not their own fault.
const anOutage = 5

// heard notes whether Telegram answers. When it does again after an outage, nothing waits for its next try.
func (p *post) heard(err error) {
	switch {
	case err != nil && passing(err) && !isReason(err, "too_many_requests"):
		p.outage.Add(1)
	case p.outage.Load() > 0 && p.outage.Swap(0) >= anOutage:
		p.awake()
	}
}

// deliver makes a call of the outbox. It returns the id of the message sent, if one was, and how long
// to wait when the call must be made again. A chat that blocked the bot is an outcome, not an error.
func (p *post) deliver(ctx context.Context, c call, e *effort) (message int, again time.Duration) {
	if !c.Until.IsZero() && p.now().After(c.Until) {
		return 0, 0
	}
	if p.shown.is(c, p.now()) {
		return 0, needless
	}
	result, again, err := p.attempt(ctx, address{c.Bot, c.Chat}, c.Method, e, func(ctx context.Context, client *Client) (jsontext.Value, error) {
		if c.Fetch != nil {
			return p.carry(ctx, client, c, e)
		}
		if !strings.HasPrefix(c.Method, "send") {
			return nil, client.Done(ctx, c.Method, c.Params)
		}
		return client.Call(ctx, c.Method, c.Params)
	})
	if again > 0 {
		return 0, again
	}
	p.shown.note(c, err == nil, p.now())
	if refused(err) {
		e.refusal = err
		return p.instead(ctx, c, err, e)
	}
	if !strings.HasPrefix(c.Method, "send") {
		return 0, 0
	}
	return messageID(result), 0
}

// instead does what can be done when a call was refused for good: a screen that cannot be edited is sent
// anew.
func (p *post) instead(ctx context.Context, c call, err error, e *effort) (message int, again time.Duration) {
	if isReason(err, "unchanged") || isReason(err, "blocked") {
		return 0, 0
	}
	if fresh, ok := c.anew(); ok {
		return p.deliver(ctx, fresh, e)
	}
	return 0, 0
}

func messageID(result jsontext.Value) int {
	var m struct {
		ID int `json:"message_id"`
	}
	if parse(result, &m) != nil {
		return 0
	}
	return m.ID
}

// notify tells a desk something about a case and returns how long to wait when it must be tried
// again. A rung without a chat, or one that cannot be reached, counts as told: its clock runs.
func (p *post) notify(ctx context.Context, n referrals.Notice, e *effort) time.Duration {
	d := p.dir.Desk(n.Desk)
	if n.Kind == referrals.NoticePage {
		p.meters.Pages.Inc()
		p.log.Error("nobody has answered a case; a person must look", "code", n.Code, "lane", n.Lane)
		return 0
	}
	chat := p.chat(n)
	if chat == 0 {
		return 0
	}
	if again, gone := p.gone(ctx, n, e); again > 0 {
		return again
	} else if gone {
		return needless
	}
	switch {
	case n.Kind.OfReferring():
		return p.referred(ctx, d, chat, n, e)
	case n.Kind == referrals.NoticeAlert, n.Kind == referrals.NoticeAddition:
		return p.document(ctx, d, chat, n, e)
	case n.Kind == referrals.NoticeOpened:
		return p.documents(ctx, d, chat, n, e)
	default:
		return p.line(ctx, d, chat, n, e)
	}
}

// chat is the chat of a notice's rung; 0 when it has none.
func (p *post) chat(n referrals.Notice) int64 {
	d := p.dir.Desk(n.Desk)
	if d == nil || n.Rung < 0 || n.Rung >= len(d.Ladder) {
		return 0
	}
	return d.Ladder[n.Rung].Chat
}

// gone says that a notice has lost its meaning while it waited its turn: the desk passed the case on, or its defender took it
// back. Consent is checked when something is released, not when it was asked for.
func (p *post) gone(ctx context.Context, n referrals.Notice, e *effort) (again time.Duration, gone bool) {
	switch n.Kind {
	case referrals.NoticeOpened, referrals.NoticeAddition, referrals.NoticeAlert, referrals.NoticeOffer, referrals.NoticeReferKey:
	default:
		return 0, false
	}
	h, err := p.holding.Holding(ctx, n.Desk, n.Code)
	switch {
	case errors.Is(err, referrals.ErrUnknown) && !early(n, p.now()):
		return 0, true
	case err != nil:
		e.tries++
		return pause(err, e.tries), false
	case n.Kind == referrals.NoticeOffer:
		return 0, h.State != referrals.Offered
	case n.Kind == referrals.NoticeAlert:
		return 0, !h.Open()
	case n.Kind == referrals.NoticeReferKey:
		return 0, h.State == referrals.Withdrawn
	default:
		return 0, !h.Readable()
	}
}

// longestEarly is for how long an addition waits for its case to reach a desk: an alert waits no longer for Telegram.
const longestEarly = 24 * time.Hour

// early says that a notice may have overtaken the alert of its case, which a killed process left behind: the desk does not
// know the case yet, and must still learn of what was added.
func early(n referrals.Notice, now time.Time) bool {
	return n.Kind == referrals.NoticeAddition && now.Sub(n.At) < longestEarly
}

// language is the one a desk is written to in.
func (p *post) language(d *referrals.Desk) string {
	return languageOf(p.texts, d)
}

// caption is what stands beside a document or an offer: how urgent, which case, until when.
func (p *post) caption(d *referrals.Desk, n referrals.Notice) string {
	lang := p.language(d)
	args := map[string]any{"Lane": p.texts.Text(lang, "desk.lane."+string(n.Lane), nil), "Code": n.Code, "Desk": d.Name}
	if !n.Due.IsZero() {
		args["Due"] = p.texts.Time(lang, n.Due, d.Zone)
	}
	key := "desk." + string(n.Kind)
	if number, ok := fileNumber(n.Document); ok && n.Kind == referrals.NoticeAddition {
		key, args["N"] = "desk.file", number
	}
	if n.Kind == referrals.NoticeReached {
		key += "_" + n.Answer
		args["About"] = n.About
		if about := p.dir.Desk(n.About); about != nil {
			args["About"] = about.Name
		}
	}
	if n.Due.IsZero() && (n.Kind == referrals.NoticeAlert || n.Kind == referrals.NoticeOffer) {
		key += "_open"
	}
	return p.texts.Text(lang, key, args)
}

// fileNumber is the number of a file in its case, by its name: 3 of K7QM-3XRP.f3.pgp.
func fileNumber(name string) (string, bool) {
	stem, ok := strings.CutSuffix(name, ".pgp")
	if !ok {
		return "", false
	}
	return stem[strings.LastIndexByte(stem, 'f')+1:], true
}

// line sends a notice without a document.
func (p *post) line(ctx context.Context, d *referrals.Desk, chat int64, n referrals.Notice, e *effort) time.Duration {
	state := referrals.State("")
	if n.Kind == referrals.NoticeOffer {
		state = referrals.Offered
	}
	params := tg.SendMessageParams{ChatID: chat, Text: p.caption(d, n), LinkPreviewOptions: noPreview}
	if k := deskKeyboard(p.texts, p.language(d), referrals.Holding{Code: n.Code, State: state}, d); k != nil {
		params.ReplyMarkup = k
	}
	result, again, err := p.attempt(ctx, address{p.deskBot, chat}, "sendMessage", e, func(ctx context.Context, c *Client) (jsontext.Value, error) {
		return c.Call(ctx, "sendMessage", encode(params))
	})
	if n.Kind == referrals.NoticeOffer {
		e.card = card{message: messageID(result)}
	}
	return max(again, e.fails(err))
}

// document sends one sealed document with a neutral caption.
func (p *post) document(ctx context.Context, d *referrals.Desk, chat int64, n referrals.Notice, e *effort) time.Duration {
	code, _ := referrals.CaseOf(n.Code)
	name := n.Document
	if name == "" {
		name = code.DocumentName(1)
	}
	body, err := p.open(ctx, n.Origin, code, d.ID, name)
	if errors.Is(err, referrals.ErrUnknown) && n.Kind == referrals.NoticeAlert {
		return p.bare(ctx, d, chat, n, e)
	}
	if errors.Is(err, referrals.ErrUnknown) {
		return 0 // withdrawn or expired meanwhile
	}
	if err != nil {
		e.tries++
		return pause(err, e.tries)
	}
	defer body.Close()
	e.large = strings.HasSuffix(name, ".pgp")
	fields := map[string]string{"chat_id": strconv.FormatInt(chat, 10), "caption": p.caption(d, n),
		"disable_content_type_detection": "true"}
	if n.Kind == referrals.NoticeAlert {
		fields["reply_markup"] = string(encode(deskKeyboard(p.texts, p.language(d), referrals.Holding{Code: n.Code, State: referrals.Alerted}, d)))
	}
	result, again, err := p.attempt(ctx, address{p.deskBot, chat}, "sendDocument", e, func(ctx context.Context, c *Client) (jsontext.Value, error) {
		return c.Upload(ctx, fields, name, body)
	})
	if n.Kind == referrals.NoticeAlert {
		e.card = card{message: messageID(result), caption: true}
	}
	return max(again, e.fails(err))
}

// documents sends every document of a case that a desk may read.
func (p *post) documents(ctx context.Context, d *referrals.Desk, chat int64, n referrals.Notice, e *effort) time.Duration {
	code, _ := referrals.CaseOf(n.Code)
	names, err := p.archive.Documents(ctx, n.Origin, code, d.ID)
	if err != nil {
		e.tries++
		return pause(err, e.tries)
	}
	for i, name := range names {
		if slices.Contains(e.sent, name) {
			continue
		}
		n.Document = name
		if again := p.document(ctx, d, chat, n, e); again > 0 {
			return again
		}
		e.sent = append(e.sent, name)
		if i < len(names)-1 {
			return time.Nanosecond // each document is a message and waits its turn
		}
	}
	return 0
}

// open opens a sealed document. A file's header of key packets is the desk's own, its body that of all desks.
func (p *post) open(ctx context.Context, origin string, code referrals.Code, desk, name string) (io.ReadCloser, error) {
	head, err := p.archive.Document(ctx, origin, code, desk, name)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, ".pgp") {
		return io.NopCloser(bytes.NewReader(head)), nil
	}
	body, err := p.archive.FileReader(ctx, origin, code, name)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), body), body}, nil
}
