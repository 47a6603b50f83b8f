package telegramsim

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const withButton = `{"chat_id":CHAT,"text":"x","reply_markup":{"inline_keyboard":[[{"text":"Yes","callback_data":"safe:yes#k1"},{"text":"No","callback_data":"safe:no#k1"}]]}}`

func TestPress(t *testing.T) {
	s := newScene(t, Options{})
	m := s.sent("sendMessage", s.fill(withButton, 0))
	for _, want := range []string{"safe:yes", "safe:yes#k1", "Yes", "safe"} {
		p := must(s.phone.Press(want))
		a := fmt.Sprintf(`{"callback_query_id":%q,"text":"noted","show_alert":true}`, p.ID)
		s.done("answerCallbackQuery", a)
		if toast := must(p.Wait(t.Context())); toast != (Toast{Text: "noted", Alert: true}) {
			t.Errorf("%s: %+v", want, toast)
		}
		if again := s.call("answerCallbackQuery", a); !strings.Contains(again.Description, queryTooOld) {
			t.Errorf("a second answer: %+v", again)
		}
	}
	got := s.updates(`{}`)
	if last := got[len(got)-1]; len(got) != 5 || last.Callback.Data != "safe:yes#k1" || last.Callback.Message.ID != m.ID {
		t.Errorf("updates %+v", got)
	}
	s.done("editMessageReplyMarkup", s.fill(`{"chat_id":CHAT,"message_id":MSG}`, m.ID))
	if _, err := s.phone.Press("safe:yes"); err == nil {
		t.Error("a button that is gone was pressed")
	}
	must(s.phone.PressStale(m, "safe:yes#k1"))
	if got := s.updates(`{}`); got[len(got)-1].Callback.Data != "safe:yes#k1" {
		t.Errorf("a late phone's press did not arrive")
	}
}

func TestPressAges(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	s.done("sendMessage", s.fill(withButton, 0))
	p := must(s.phone.Press("safe:yes"))
	c.forward(pressLife + time.Second)
	if a := s.call("answerCallbackQuery", `{"callback_query_id":"`+p.ID+`"}`); !strings.Contains(a.Description, queryTooOld) {
		t.Errorf("%+v", a)
	}
	must(s.phone.Press("safe:yes"))
	if n := len(s.bot.presses.open); n != 1 {
		t.Errorf("%d presses are kept", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Wait(ctx); err == nil {
		t.Error("a press that nobody answers was answered")
	}
}

func TestDeletions(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	old := must(s.phone.Send("old"))
	c.forward(49 * time.Hour)
	own, hers := s.sent("sendMessage", s.fill(`{"chat_id":CHAT,"text":"own"}`, 0)), must(s.phone.Send("hers"))
	for params, says := range map[string]string{
		fmt.Sprintf(`{"chat_id":CHAT,"message_ids":[%d,%d]}`, old.ID, own.ID): "message can't be deleted for everyone",
	} {
		if a := s.call("deleteMessages", s.fill(params, 0)); !strings.Contains(a.Description, says) {
			t.Errorf("%s: %+v", params, a)
		}
	}
	if a := s.call("deleteMessage", s.fill(`{"chat_id":CHAT,"message_id":MSG}`, old.ID)); !strings.Contains(a.Description, "can't be deleted for everyone") {
		t.Errorf("%+v", a)
	}
	s.done("deleteMessages", s.fill(fmt.Sprintf(`{"chat_id":CHAT,"message_ids":[%d,%d,999999]}`, own.ID, hers.ID), 0))
	if v := s.phone.View(); !slices.Equal(v.Deleted, []int64{own.ID, hers.ID}) || v.Last().ID != old.ID {
		t.Errorf("deleted %v", v.Deleted)
	}
	s.phone.Delete(old.ID)
	if a := s.call("deleteMessage", s.fill(`{"chat_id":CHAT,"message_id":MSG}`, old.ID)); !strings.Contains(a.Description, "message to delete not found") {
		t.Errorf("%+v", a)
	}
}

func TestBlock(t *testing.T) {
	s := newScene(t, Options{})
	s.phone.Block()
	a := s.call("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0))
	if a.Code != 403 || a.Description != "Forbidden: bot was blocked by the user" {
		t.Errorf("%+v", a)
	}
	if _, err := s.phone.Send("x"); err == nil {
		t.Error("a person wrote to a bot she blocked")
	}
	s.phone.Unblock()
	s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0))
	got := s.updates(`{}`)
	if len(got) != 3 || !strings.Contains(string(got[1].Member), `"status":"kicked"`) {
		t.Errorf("updates %+v", got)
	}
}

func TestPersonSends(t *testing.T) {
	s := newScene(t, Options{})
	start := must(s.phone.Start("desk_lima-2"))
	if e := start.Entities; len(e) != 1 || e[0] != (Entity{Type: "bot_command", Offset: 0, Length: 6}) {
		t.Errorf("entities %+v", e)
	}
	for _, kind := range []string{"document", "photo", "voice", "video", "sticker"} {
		m := must(s.phone.SendFile(Attachment{Kind: kind, Name: "a.pdf", Data: []byte(kind)}))
		if string(s.srv.Bytes(m.Media().FileID)) != kind {
			t.Errorf("%s: %+v", kind, m.Media())
		}
	}
	must(s.phone.SendLocation(-12.05, -77.04))
	must(s.phone.SendContact("+51 1", "Ann"))
	album := must(s.phone.SendAlbum(Attachment{Kind: "photo", Data: []byte("1"), Caption: "both"}, Attachment{Kind: "video", Data: []byte("2")}))
	edited := must(s.phone.Edit(start.ID, "changed"))
	must(s.phone.Edit(album[0].ID, "a caption"))
	got := s.updates(`{}`)
	if len(got) != 13 || got[9].Message.MediaGroupID == "" || got[9].Message.MediaGroupID != got[10].Message.MediaGroupID {
		t.Fatalf("%d updates", len(got))
	}
	if last := got[12]; got[11].Edited.Text != "changed" || edited.Edits != 1 || last.Edited.Caption != "a caption" {
		t.Errorf("edits %+v", last)
	}
	for name, err := range map[string]error{
		"long text":   second(s.phone.Send(strings.Repeat("😀", 2049))),
		"payload":     second(s.phone.Start("a b")),
		"other's":     second(s.phone.Edit(999999, "x")),
		"one album":   second(s.phone.SendAlbum(Attachment{Kind: "photo", Data: []byte("1")})),
		"empty file":  second(s.phone.SendFile(Attachment{Kind: "photo"})),
		"odd kind":    second(s.phone.SendFile(Attachment{Kind: "hologram", Data: []byte("1")})),
		"same id":     second(s.srv.AddPerson(User{ID: 5_000_000_001, FirstName: "Eve"})),
		"same token":  second(s.srv.AddBot(token, "other_bot")),
		"no username": second(s.srv.AddBot("1:x", "")),
	} {
		if err == nil {
			t.Errorf("%s was not refused", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestDownloads(t *testing.T) {
	c := newClock()
	s := newScene(t, Options{Now: c.Now})
	big := must(s.phone.SendFile(Attachment{Kind: "document", Data: make([]byte, MaxDownload+1)}))
	if a := s.call("getFile", `{"file_id":"`+big.Document.FileID+`"}`); a.Description != "Bad Request: file is too big" {
		t.Errorf("%+v", a)
	}
	small := must(s.phone.SendFile(Attachment{Kind: "document", Name: "a.pdf", Data: []byte("pdf")}))
	var f File
	if err := json.Unmarshal(s.done("getFile", `{"file_id":"`+small.Document.FileID+`"}`), &f); err != nil {
		t.Fatal(err)
	}
	link := "http://sim/file/bot" + token + "/" + f.FilePath
	if response := must(s.srv.Client().Get(link)); response.StatusCode != 200 {
		t.Errorf("a fresh link: %d", response.StatusCode)
	}
	c.forward(linkLife + time.Second)
	if response := must(s.srv.Client().Get(link)); response.StatusCode != 404 {
		t.Errorf("a link after an hour: %d", response.StatusCode)
	}
}

func TestCopyAndForward(t *testing.T) {
	s := newScene(t, Options{})
	from := must(s.phone.SendFile(Attachment{Kind: "document", Name: "a", Data: []byte("1"), Caption: "hers"}))
	s.done("copyMessage", s.fill(`{"chat_id":CHAT,"from_chat_id":CHAT,"message_id":MSG,"caption":"ours"}`, from.ID))
	if m := s.phone.View().Last(); m.Caption != "ours" || m.Document.FileID != from.Document.FileID || m.ForwardOrigin != nil {
		t.Errorf("copy %+v", m)
	}
	s.done("forwardMessage", s.fill(`{"chat_id":CHAT,"from_chat_id":CHAT,"message_id":MSG}`, from.ID))
	if m := s.phone.View().Last(); !strings.Contains(string(m.ForwardOrigin), `"type":"user"`) {
		t.Errorf("forward %+v", m)
	}
	kept := s.sent("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x","protect_content":true}`, 0))
	if a := s.call("forwardMessage", s.fill(`{"chat_id":CHAT,"from_chat_id":CHAT,"message_id":MSG}`, kept.ID)); a.OK {
		t.Error("protected content was forwarded")
	}
	s.done("pinChatMessage", s.fill(`{"chat_id":CHAT,"message_id":MSG}`, kept.ID))
	if p := s.phone.View().Pinned; p == nil || p.ID != kept.ID {
		t.Errorf("pinned %+v", p)
	}
	if a := s.call("editMessageText", s.fill(`{"chat_id":CHAT,"message_id":MSG,"text":"x"}`, from.ID)); a.Description != "Bad Request: message can't be edited" {
		t.Errorf("a person's message: %+v", a)
	}
}

func TestGroups(t *testing.T) {
	s := newScene(t, Options{})
	g := s.srv.AddGroup("Desk", "desk_room")
	phone := s.ann.In(g)
	if a := s.call("sendMessage", `{"chat_id":"@desk_room","text":"x"}`); a.Code != 403 {
		t.Errorf("a bot outside: %+v", a)
	}
	g.AddBot(s.bot, false)
	s.updates(`{"offset":-1}`)
	m := s.sent("sendMessage", `{"chat_id":"@desk_room","text":"ours"}`)
	must(phone.Send("among us"))
	must(phone.Send("/queue"))
	must(phone.Send("/queue@other_bot"))
	must(phone.Send("hello @line_bot"))
	must(phone.Reply(m, "a reply"))
	var heard []string
	for _, u := range s.updates(`{}`)[1:] {
		heard = append(heard, u.Message.Text)
	}
	if !slices.Equal(heard, []string{"/queue", "hello @line_bot", "a reply"}) {
		t.Errorf("heard %q", heard)
	}
	g.AddBot(s.bot, true)
	must(phone.Send("now heard"))
	if got := s.updates(`{}`); got[len(got)-1].Message.Text != "now heard" {
		t.Error("an administrator did not hear")
	}
	s.done("leaveChat", `{"chat_id":"@desk_room"}`)
	if a := s.call("sendMessage", `{"chat_id":"@desk_room","text":"x"}`); a.Code != 403 {
		t.Errorf("after leaving: %+v", a)
	}
	channel := s.srv.AddChannel("News", "")
	channel.AddBot(s.bot, true)
	post := s.sent("sendMessage", fmt.Sprintf(`{"chat_id":%d,"text":"post"}`, channel.ID()))
	if post.From != nil || post.SenderChat == nil {
		t.Errorf("a channel's post %+v", post)
	}
}

// Many devices, bots' calls and readers at once; the race detector watches. Nothing is lost on the way.
func TestConcurrent(t *testing.T) {
	s := newScene(t, Options{})
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 20 {
				_, _ = s.phone.Send("in")
				s.call("sendMessage", s.fill(`{"chat_id":CHAT,"text":"out"}`, 0))
			}
		})
	}
	view, err := s.phone.Wait(t.Context(), func(v View) bool { return len(v.Messages) == 321 })
	work.Wait()
	if err != nil || s.bot.Pending() != 161 || s.srv.Counts()["sendMessage"] != 160 {
		t.Errorf("%v: %d messages, %d updates", err, len(view.Messages), s.bot.Pending())
	}
	if !slices.IsSortedFunc(view.Messages, func(a, b *Message) int { return int(a.ID - b.ID) }) {
		t.Error("the messages are out of order")
	}
}

func TestLoadIsBounded(t *testing.T) {
	s := newScene(t, Options{Load: true})
	for range 300 {
		s.done("sendMessage", s.fill(`{"chat_id":CHAT,"text":"x"}`, 0))
		must(s.phone.SendFile(Attachment{Kind: "photo", Data: []byte("1")}))
		s.phone.Delete(s.phone.View().Last().ID)
	}
	for range 1000 {
		must(s.phone.SendFile(Attachment{Kind: "photo", Data: []byte("1")}))
	}
	v := s.phone.View()
	if len(v.Messages) > 100 || len(v.Deleted) > 100 || len(s.srv.files.byID) != 1000 || len(s.srv.Calls()) != 0 {
		t.Errorf("kept %d messages, %d deletions, %d files", len(v.Messages), len(v.Deleted), len(s.srv.files.byID))
	}
}
