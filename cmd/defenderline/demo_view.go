package main

import (
	"context"
	"encoding/json"
	"time"

	"defenderline/bot/telegramsim"
	"defenderline/referrals"
)

// What the page is told, one section at a time. Every section is whole: a page that comes back after a cut
// connection needs nothing of what it missed.

// chatView is one chat.
type chatView struct {
	ID       string        `json:"id"`
	Messages []messageView `json:"messages"`
	Deleted  []int64       `json:"deleted"`
}

// messageView is one message as a phone shows it.
type messageView struct {
	ID     int64          `json:"id"`
	Mine   bool           `json:"mine"` // written by the person whose chat it is
	At     int64          `json:"at"`   // seconds since 1970
	Edited bool           `json:"edited,omitempty"`
	Text   string         `json:"text,omitempty"`
	File   *fileView      `json:"file,omitempty"`
	Place  string         `json:"place,omitempty"`
	Rows   [][]buttonView `json:"rows,omitempty"`
}

// fileView is a file by what a phone shows of it.
type fileView struct {
	Kind   string `json:"kind"`
	Name   string `json:"name,omitempty"`
	Size   int64  `json:"size"`
	Sealed bool   `json:"sealed,omitempty"` // an OpenPGP message, to be opened with the desk's key
}

// buttonView is one button of an inline keyboard.
type buttonView struct {
	Text string `json:"text"`
	Data string `json:"data,omitempty"`
	URL  string `json:"url,omitempty"`
}

// lineView is who takes part, and where cases stand.
type lineView struct {
	Person    string        `json:"person"`
	PersonID  int64         `json:"person_id"`
	Codes     []string      `json:"codes"` // of the cases this person was told of
	Language  string        `json:"language"`
	Direction string        `json:"direction"`
	About     string        `json:"about"` // what Telegram shows of the bot before anybody presses Start
	Signer    string        `json:"signer"`
	Seats     []seatView    `json:"seats"`
	Holdings  []holdingView `json:"holdings"`
}

// seatView is a seat without its key.
type seatView struct {
	ID          string `json:"id"`
	Desk        string `json:"desk"`
	Kind        string `json:"kind"`
	Title       string `json:"title"`
	Who         string `json:"who"`
	Fingerprint string `json:"fingerprint"`
}

// holdingView is a case at a desk.
type holdingView struct {
	Desk  string `json:"desk"`
	Code  string `json:"code"`
	State string `json:"state"`
	Lane  string `json:"lane"`
	Rung  int    `json:"rung"`
	Due   int64  `json:"due,omitempty"` // milliseconds since 1970; 0: silence has no consequence
}

// section is one part of the page's state as JSON.
type section struct {
	name string
	body []byte
}

// sections are the whole state of the page.
func (w *world) sections(ctx context.Context) []section {
	out := []section{encodeSection("line", w.viewLine(ctx)), encodeSection("chat", viewChat("defender", w.defender().phone))}
	for _, s := range w.seats {
		out = append(out, encodeSection("chat", viewChat(s.id, w.phones[s.id])))
	}
	return append(out, encodeSection("left", w.departures()), encodeSection("store", w.stored(ctx)))
}

func encodeSection(name string, v any) section {
	body, err := json.Marshal(v)
	if err != nil { // plain values only: cannot fail
		body = []byte("null")
	}
	return section{name, body}
}

func viewChat(id string, p *telegramsim.Phone) chatView {
	v := p.View()
	out := chatView{ID: id, Messages: []messageView{}, Deleted: v.Deleted}
	for _, m := range v.Messages {
		out.Messages = append(out.Messages, viewMessage(m))
	}
	return out
}

func viewMessage(m *telegramsim.Message) messageView {
	out := messageView{ID: m.ID, Mine: m.From != nil && !m.From.IsBot, At: m.Date, Edited: m.EditDate != 0, Text: m.Text}
	if f := m.Media(); f != nil {
		out.Text = m.Caption
		out.File = &fileView{Kind: kindOfFile(m), Name: f.FileName, Size: f.FileSize, Sealed: sealedName(f.FileName)}
	}
	if m.Location != nil {
		out.Place = placeText(m.Location.Latitude, m.Location.Longitude)
	}
	if m.Keyboard == nil {
		return out
	}
	for _, row := range m.Keyboard.Rows {
		var buttons []buttonView
		for _, b := range row {
			buttons = append(buttons, buttonView{Text: b.Text, Data: b.CallbackData, URL: b.URL})
		}
		out.Rows = append(out.Rows, buttons)
	}
	return out
}

func kindOfFile(m *telegramsim.Message) string {
	switch {
	case m.Document != nil:
		return "document"
	case len(m.Photo) > 0:
		return "photo"
	case m.Voice != nil:
		return "voice"
	case m.Video != nil:
		return "video"
	}
	return "sticker"
}

// everyState is asked for so that the page also shows how a case ended.
func everyState() []referrals.State {
	return []referrals.State{referrals.Alerted, referrals.Acknowledged, referrals.Closed, referrals.Silent, referrals.Offered,
		referrals.Claimed, referrals.Accepted, referrals.Completed, referrals.Declined, referrals.Expired, referrals.Returned,
		referrals.Withdrawn}
}

// mostHoldings is how many cases the page shows of a desk.
const mostHoldings = 20

func (w *world) viewLine(ctx context.Context) lineView {
	p := w.defender()
	v := lineView{Person: p.user.FirstName, PersonID: p.user.ID, Codes: p.codes, Language: p.language, Direction: p.direction(),
		About: w.texts.Text(p.language, "bot.description", nil), Signer: w.fingerprint, Holdings: []holdingView{}}
	for _, s := range w.seats {
		v.Seats = append(v.Seats, seatView{s.id, s.desk, string(s.kind), s.title, s.who, s.fingerprint})
	}
	for _, d := range w.parts.desks.Desks() {
		found, _, err := w.parts.store.Holdings(ctx, d.ID, everyState(), mostHoldings, "")
		if err != nil { // it ends; the next look shows it
			continue
		}
		for _, h := range found {
			v.Holdings = append(v.Holdings, holdingView{h.Desk, h.Code, string(h.State), string(h.Lane), h.Rung, milliseconds(h.Due)})
		}
	}
	return v
}

func milliseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
