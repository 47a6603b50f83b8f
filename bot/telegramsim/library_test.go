package telegramsim

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
)

// The library the line is built on, over a real connection: its piped multipart forms are understood.
func TestLibrary(t *testing.T) {
	s := newScene(t, Options{WebhookTransport: roundTrip(noNetwork)})
	server := httptest.NewUnstartedServer(s.srv)
	server.Config.ConnState = s.srv.ConnState
	server.Start()
	defer server.Close()
	ctx := t.Context()
	b := must(bot.New(token, bot.WithServerURL(server.URL), bot.WithHTTPClient(0, http.DefaultClient)))
	defer http.DefaultClient.CloseIdleConnections()

	keyboard := models.InlineKeyboardMarkup{InlineKeyboard: [][]models.InlineKeyboardButton{{
		{Text: "Emergency", CallbackData: "menu:emergency"}, {Text: "Page", URL: "https://example.org"},
	}}}
	m := must(b.SendMessage(ctx, &bot.SendMessageParams{
		ChatID: s.phone.ID(), Text: "<b>What</b> happened?", ParseMode: models.ParseModeHTML, ReplyMarkup: keyboard,
	}))
	shown := s.phone.View().Last()
	if shown.Text != "What happened?" || shown.Entities[0].Type != "bold" || shown.Keyboard.Rows[0][0].CopyText != nil {
		t.Errorf("the phone shows %+v", shown)
	}
	press := must(s.phone.Press("menu:emergency"))
	if !must(b.AnswerCallbackQuery(ctx, &bot.AnswerCallbackQueryParams{CallbackQueryID: press.ID, Text: "One moment"})) {
		t.Error("the answer was not taken")
	}
	if toast := must(press.Wait(ctx)); toast.Text != "One moment" {
		t.Errorf("toast %+v", toast)
	}
	libraryEdits(ctx, t, s, b, m.ID)
	libraryFiles(ctx, t, s, b)
	libraryProfile(ctx, t, s, b)
	if s.srv.Connections() == 0 {
		t.Error("no connection was counted")
	}
}

func libraryEdits(ctx context.Context, t *testing.T, s *scene, b *bot.Bot, id int) {
	edit := &bot.EditMessageTextParams{ChatID: s.phone.ID(), MessageID: id, Text: "Where?"}
	must(b.EditMessageText(ctx, edit))
	if _, err := b.EditMessageText(ctx, edit); !errors.Is(err, bot.ErrorBadRequest) {
		t.Errorf("the same edit again: %v", err)
	}
	if shown := s.phone.View().Last(); shown.Text != "Where?" || shown.Keyboard != nil || shown.Edits != 1 {
		t.Errorf("the phone shows %+v", shown)
	}
	must(b.DeleteMessages(ctx, &bot.DeleteMessagesParams{ChatID: s.phone.ID(), MessageIDs: []int{id, 999_999}}))
	if gone := s.phone.View().Deleted; len(gone) != 1 || gone[0] != int64(id) {
		t.Errorf("deleted %v", gone)
	}
	must(b.SendChatAction(ctx, &bot.SendChatActionParams{ChatID: s.phone.ID(), Action: models.ChatActionTyping}))
	s.srv.Limit(&Limits{ChatBurst: 1})
	defer s.srv.Limit(nil)
	say := &bot.SendMessageParams{ChatID: s.phone.ID(), Text: "x"}
	must(b.SendMessage(ctx, say))
	_, err := b.SendMessage(ctx, say)
	var tooMany *bot.TooManyRequestsError
	if !errors.As(err, &tooMany) || tooMany.RetryAfter != 1 {
		t.Errorf("too fast: %v", err)
	}
}

func libraryFiles(ctx context.Context, t *testing.T, s *scene, b *bot.Bot) {
	sealed := []byte("-----BEGIN PGP MESSAGE-----")
	must(b.SendDocument(ctx, &bot.SendDocumentParams{
		ChatID: s.phone.ID(), Caption: "K7QM-3XRP", ProtectContent: true,
		Document: &models.InputFileUpload{Filename: "K7QM-3XRP.asc", Data: bytes.NewReader(sealed)},
	}))
	shown := s.phone.View().Last()
	if !bytes.Equal(s.srv.Bytes(shown.Document.FileID), sealed) || shown.Document.FileName != "K7QM-3XRP.asc" || !shown.Protected {
		t.Errorf("the phone shows %+v", shown.Document)
	}
	photo := must(s.phone.SendFile(Attachment{Kind: "photo", Data: []byte("jpeg")}))
	f := must(b.GetFile(ctx, &bot.GetFileParams{FileID: photo.Media().FileID}))
	response := must(http.Get(b.FileDownloadLink(f)))
	defer func() { _ = response.Body.Close() }()
	var got bytes.Buffer
	must(got.ReadFrom(response.Body))
	if got.String() != "jpeg" {
		t.Errorf("downloaded %q", got.String())
	}
}

func libraryProfile(ctx context.Context, t *testing.T, s *scene, b *bot.Bot) {
	must(b.SetMyCommands(ctx, &bot.SetMyCommandsParams{
		Commands: []models.BotCommand{{Command: "start", Description: "Begin"}},
		Scope:    &models.BotCommandScopeAllPrivateChats{}, LanguageCode: "es",
	}))
	if got := s.bot.Commands(`{"type":"all_private_chats"}`, "es"); len(got) != 1 || got[0].Command != "start" {
		t.Errorf("commands %v", got)
	}
	must(b.SetMyDescription(ctx, &bot.SetMyDescriptionParams{Description: "The line"}))
	must(b.SetChatMenuButton(ctx, &bot.SetChatMenuButtonParams{MenuButton: &models.MenuButtonCommands{Type: "commands"}}))
	if me := must(b.GetMe(ctx)); me.ID != 4242 || me.Username != "line_bot" {
		t.Errorf("getMe %+v", me)
	}
	chat := must(b.GetChat(ctx, &bot.GetChatParams{ChatID: s.phone.ID()}))
	if chat.FirstName != "Ann" {
		t.Errorf("getChat %+v", chat)
	}
	must(b.SetWebhook(ctx, &bot.SetWebhookParams{URL: "https://line.example.org/telegram", SecretToken: "s-1"}))
	must(b.DeleteWebhook(ctx, &bot.DeleteWebhookParams{DropPendingUpdates: true}))
	info := must(b.GetWebhookInfo(ctx))
	if info.URL != "" || info.PendingUpdateCount != 0 {
		t.Errorf("webhook info %+v", info)
	}
}
