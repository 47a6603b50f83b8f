package bot

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"defenderline/flows"
	"defenderline/i18n"
	"defenderline/referrals"
)

// A desk's reply comes to a defender's chat as a message of its own: who writes and about which case, in the line's words; then the
// desk's, unaltered and set apart, so that nobody takes them for the line's; then how to answer. It is never forwarded, which would
// tell who sent it. The desk learns what became of it by a post to its own chat, and nothing about the defender's.
//
// What may not be said yet is held as other news is. Where the defender asked to be reached in another way than in the chat, or
// not at all, it is kept, and shown when they come to the line by themselves: refusing it would lose what may be of use, and the desk is
// told to use the other way.

// mostHeldReplies is how many replies a chat holds. Further ones are refused, and the desk is told.
const mostHeldReplies = 20

// replied takes what a desk wrote.
func (tn *turn) replied(n referrals.News) {
	c, known := caseOf(tn.state.Session.Cases, string(n.Code))
	switch until, quiet := tn.quiet(n); {
	case tn.state.Chat == 0 || !known:
		tn.fate(n, referrals.FateWiped, time.Time{})
	case unwanted(c, n.Desk):
		tn.fate(n, referrals.FateEnded, time.Time{})
	case tn.state.Blocked:
		tn.fate(n, referrals.FateBlocked, time.Time{})
	case quiet && tn.heldReplies() >= mostHeldReplies:
		tn.fate(n, referrals.FateFailed, time.Time{})
	case quiet:
		tn.hold(n)
		tn.fate(n, tn.waits(c, until), until)
	default:
		tn.utter(n)
	}
}

// unwanted says that a person took a case back, from all or from one desk: what that wrote before it heard of it is not shown.
func unwanted(c flows.Case, desk string) bool {
	return c.State == "withdrawn" || slices.Contains(c.Refused, desk) && !slices.Contains(c.Desks, desk)
}

// waits is the fate of a reply that may not be said yet.
func (tn *turn) waits(c flows.Case, until time.Time) referrals.Fate {
	switch {
	case !until.IsZero():
		return referrals.FateHeld
	case !tn.state.Session.Quiet.Never && c.Reach != "none":
		return referrals.FateElsewhere
	default:
		return referrals.FateKept
	}
}

func (tn *turn) heldReplies() (count int) {
	for _, h := range tn.state.Held {
		if h.News.Reply != nil {
			count++
		}
	}
	return count
}

// fate tells the desk what became of a reply.
func (tn *turn) fate(n referrals.News, f referrals.Fate, until time.Time) {
	tn.out.Errands = append(tn.out.Errands, n.Reply.Tells(referrals.Told{Fate: f, Desk: n.Desk, Code: n.Holding, At: tn.at, Until: until}))
}

// unheld tells the desks of replies that will not be shown any more: of one case, or of all when code is empty.
func (tn *turn) unheld(code string, f referrals.Fate) {
	tn.state.Held = slices.DeleteFunc(slices.Clone(tn.state.Held), func(h heldNews) bool {
		if code != "" && string(h.News.Code) != code {
			return false
		}
		if h.News.Reply != nil {
			tn.fate(h.News, f, time.Time{})
		}
		return true
	})
}

// receipt has the desk told whether a call was taken.
type receipt struct {
	Reply referrals.Reply `json:"r"` // without its content
	Desk  string          `json:"d"`
	Code  string          `json:"c"`
}

// unwanted says it of the reply that a call brings, by what its chat is now.
func (r *receipt) unwanted(now chatState) bool {
	if r == nil {
		return false
	}
	code, _ := referrals.CaseOf(r.Code)
	c, known := caseOf(now.Session.Cases, string(code))
	return known && unwanted(c, r.Desk)
}

// fetch is a file that another bot knows: it is fetched by that one and sent anew, since what names a file holds for one bot only.
type fetch struct {
	Bot   byte   `json:"b"`
	Ref   string `json:"r"`
	Field string `json:"f"` // the parameter that takes it
	Name  string `json:"n"`
}

// deliverReply sends a reply to the chat.
func (tn *turn) deliverReply(n referrals.News) {
	c := tn.replyCall(n)
	c.Stays = true
	c.Receipt = &receipt{Reply: referrals.Reply{ID: n.Reply.ID, Sender: n.Reply.Sender, Note: n.Reply.Note}, Desk: n.Desk, Code: n.Holding}
	tn.sendOwn(c)
}

// replyCall is the message that a reply is shown by.
func (tn *turn) replyCall(n referrals.News) call {
	name := tn.deskName(n.Desk)
	if name == "" {
		name = tn.texts.Text(tn.lang(), "news.some_desk", nil)
	}
	args := map[string]any{"Desk": name, "Code": string(n.Code)}
	rows := markup(flows.Screen{Ask: flows.Text{Key: "reply.answer"}, Rows: [][]flows.Button{{flows.AnswerButton(string(n.Code))}}}.View(tn.lang(), tn.texts))
	c := call{Bot: tn.state.Bot, Chat: tn.state.Chat, Method: "sendMessage"}
	answer := tn.texts.Text(tn.lang(), "reply.answer", nil)
	if f := n.Reply.File; f != nil {
		text, quoted := around(tn.texts.Text(tn.lang(), "reply.file", args), n.Reply.Words, answer)
		return tn.withFile(c, *f, text, quoted, rows)
	}
	text, quoted := around(tn.texts.Text(tn.lang(), "reply.words", args), n.Reply.Words, answer)
	if d := tn.dir.Desk(n.Desk); n.Reply.Ask != "" && d != nil {
		text, quoted = replyQuestion(tn.texts, tn.lang(), n.Reply.Ask, string(n.Code), d), nil
	}
	c.Params = encode(tg.SendMessageParams{ChatID: c.Chat, Text: text, Entities: quoted, LinkPreviewOptions: noPreview, ReplyMarkup: rows})
	return c
}

// around sets a desk's words between the line's, as a quotation.
func around(before, words, after string) (text string, quoted []models.MessageEntity) {
	if words == "" {
		return before + "\n\n" + after, nil
	}
	before += "\n\n"
	quoted = []models.MessageEntity{{Type: models.MessageEntityTypeBlockquote, Offset: units(before), Length: units(words)}}
	return before + words + "\n\n" + after, quoted
}

// withFile is the call that brings a file.
func (tn *turn) withFile(c call, f referrals.ReplyFile, text string, quoted []models.MessageEntity, rows models.ReplyMarkup) call {
	field, name := "document", f.Name
	switch flows.ItemKind(f.Kind) {
	case flows.ItemPhoto:
		field, name = "photo", "photo.jpg"
	case flows.ItemVoice:
		field, name = "voice", "voice.ogg"
	}
	if name == "" {
		name = "file"
	}
	c.Method = "send" + strings.ToUpper(field[:1]) + field[1:]
	params := map[string]any{"chat_id": c.Chat, "caption": text, "reply_markup": rows}
	if len(quoted) > 0 {
		params["caption_entities"] = quoted
	}
	if tn.ownDeskBot {
		c.Fetch = &fetch{Bot: deskBot, Ref: f.Ref, Field: field, Name: name}
	} else {
		params[field] = f.Ref
	}
	c.Params = encode(params)
	return c
}

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

// replyNote is what an officer's chat keeps with a reply, to tell of its fate: where it was written, the message that was written and the one
// that said that it was on its way.
type replyNote struct {
	Bot   byte  `json:"b"`
	Chat  int64 `json:"c"`
	Typed int   `json:"t,omitempty"`
	Shown int   `json:"s,omitempty"`
	At    int64 `json:"at"` // Unix milliseconds
}

// soon is how long the officer is taken to look at what is on its way: its fate is told there, without a further message.
const soon = time.Minute

// toldFate tells an officer what became of a reply, unless they left the desk since.
func (tn *turn) toldFate(raw []byte) {
	var told referrals.Told
	var note replyNote
	if json.Unmarshal(raw, &told) != nil || json.Unmarshal(told.Note, &note) != nil {
		return
	}
	d := tn.dir.Desk(told.Desk)
	if d == nil || !slices.ContainsFunc(tn.dir.ByChat(note.Chat), func(s referrals.Seat) bool { return s.Desk.ID == told.Desk }) {
		return
	}
	tn.desk = true
	tn.meters.Replies.WithLabelValues(string(told.Fate)).Inc()
	text := tn.fateText(told, note, d)
	if takesOver(told.Fate) && note.Typed != 0 {
		tn.send(deletions(note.Bot, note.Chat, []int{note.Typed})[0])
	}
	if told.Fate == referrals.FateDelivered && note.Shown != 0 && tn.at.Sub(time.UnixMilli(note.At)) < soon {
		tn.send(show(note.Bot, note.Chat, note.Shown, flows.View{Text: text}))
		return
	}
	if note.Shown != 0 {
		tn.send(deletions(note.Bot, note.Chat, []int{note.Shown})[0])
	}
	tn.send(show(note.Bot, note.Chat, 0, flows.View{Text: text}))
}

// takesOver says that the line has a reply and it need not lie in the officer's chat any more.
func takesOver(f referrals.Fate) bool {
	return f == referrals.FateDelivered || f == referrals.FateHeld || f == referrals.FateKept || f == referrals.FateElsewhere
}

// fateText is how a fate is told.
func (tn *turn) fateText(told referrals.Told, note replyNote, d *referrals.Desk) string {
	lang := languageOf(tn.texts, d)
	at := told.At
	if told.Fate == referrals.FateHeld {
		at = told.Until
	}
	text := tn.texts.Text(lang, "desk.reply."+string(told.Fate), map[string]any{"Code": told.Code, "Time": tn.texts.Time(lang, at, d.Zone)})
	switch {
	case note.Typed == 0 || told.Fate == referrals.FateFailed:
		return text
	case takesOver(told.Fate):
		return text + " " + tn.texts.Text(lang, "desk.reply.erased", nil)
	default:
		return text + " " + tn.texts.Text(lang, "desk.reply.erase", nil)
	}
}
