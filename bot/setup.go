package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"defenderline/i18n"
)

// setup makes the calls at start by the library. Its errors hold the token or what was sent; none
// of them leaves this file.
type setup struct {
	bot   byte
	api   *tg.Bot
	texts *i18n.Catalogue
	log   *slog.Logger
}

func newSetup(bot byte, token, server string, client *Client, texts *i18n.Catalogue, log *slog.Logger) (*setup, error) {
	api, err := tg.New(token, tg.WithSkipGetMe(), tg.WithServerURL(server), tg.WithHTTPClient(time.Minute, client.HTTP()),
		tg.WithErrorsHandler(func(error) {}), tg.WithDefaultHandler(func(context.Context, *tg.Bot, *models.Update) {}))
	if err != nil {
		return nil, errors.New("telegram: the token of the " + botName(bot) + " bot cannot be used; put the token BotFather gave into " + tokenField(bot))
	}
	return &setup{bot: bot, api: api, texts: texts, log: log}, nil
}

// receiveBy tells Telegram how updates are fetched: the webhook's url, or empty for polling.
func (s *setup) receiveBy(ctx context.Context, url, secret string) error {
	var err error
	if url == "" {
		_, err = s.api.DeleteWebhook(ctx, &tg.DeleteWebhookParams{})
	} else {
		_, err = s.api.SetWebhook(ctx, &tg.SetWebhookParams{URL: url, SecretToken: secret, AllowedUpdates: allowedUpdates})
	}
	switch {
	case errors.Is(err, tg.ErrorUnauthorized):
		return errors.New(refusedToken(s.bot, http.StatusUnauthorized))
	case errors.Is(err, tg.ErrorNotFound):
		return errors.New(refusedToken(s.bot, http.StatusNotFound))
	case err != nil:
		return fmt.Errorf("telegram: the way of receiving could not be set for the %s bot; check the network, telegram.api_url and telegram.webhook (%s)", botName(s.bot), kindOf(err))
	}
	return nil
}

// kindOf names a library error without quoting it.
func kindOf(err error) string {
	switch {
	case errors.Is(err, tg.ErrorUnauthorized):
		return "unauthorized"
	case errors.Is(err, tg.ErrorNotFound):
		return "not found"
	case errors.Is(err, tg.ErrorBadRequest):
		return "bad request"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	default:
		return "no usable answer"
	}
}

// defenderCommands are published to everybody; deskCommands to the chats of desks.
var (
	defenderCommands = []string{"start", "emergency", "cases", "help", "language", "cancel", "wipe", "privacy", "verify", "settings"}
	deskCommands     = []string{"queue", "case", "duty", "help"}
)

// publish sets commands, name and descriptions for every language. What fails is tried again at the
// next start: the line works without.
func (s *setup) publish(ctx context.Context, desk bool) {
	names, prefix := defenderCommands, "command."
	if desk {
		names, prefix = deskCommands, "desk.command."
	}
	for i, lang := range s.texts.Languages() {
		codes := []string{lang}
		if i == 0 {
			codes = []string{"", lang} // the fallback for every other language
		}
		for _, code := range codes {
			if ctx.Err() != nil {
				return
			}
			if err := s.publishOne(ctx, lang, code, names, prefix, desk); err != nil {
				s.log.Warn("commands and descriptions could not be published; the next start tries again", "kind", kindOf(err))
				return
			}
		}
	}
}

func (s *setup) publishOne(ctx context.Context, lang, code string, names []string, prefix string, desk bool) error {
	ctx, cancel := entire(ctx)
	defer cancel()
	commands := make([]models.BotCommand, len(names))
	for i, n := range names {
		commands[i] = models.BotCommand{Command: n, Description: s.texts.Text(lang, prefix+n, nil)}
	}
	_, err := s.api.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: commands, LanguageCode: code})
	if err != nil || desk {
		return err
	}
	return s.profile(ctx, lang, code)
}

// publishWithin is how long the calls for one language may take.
const publishWithin = 5 * time.Second

// entire is a context for calls that are finished although ctx ends: the library reads and writes one
// variable from two goroutines when a call of it is cut off.
func entire(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), publishWithin)
}

// profile sets name and descriptions where they differ: Telegram allows few changes a day.
func (s *setup) profile(ctx context.Context, lang, code string) error {
	name, about, short := s.texts.Text(lang, "bot.name", nil), s.texts.Text(lang, "bot.description", nil), s.texts.Text(lang, "bot.short", nil)
	if now, err := s.api.GetMyName(ctx, &tg.GetMyNameParams{LanguageCode: code}); err != nil || now.Name != name {
		if _, err := s.api.SetMyName(ctx, &tg.SetMyNameParams{Name: name, LanguageCode: code}); err != nil {
			return err
		}
	}
	if now, err := s.api.GetMyDescription(ctx, &tg.GetMyDescriptionParams{LanguageCode: code}); err != nil || now.Description != about {
		if _, err := s.api.SetMyDescription(ctx, &tg.SetMyDescriptionParams{Description: about, LanguageCode: code}); err != nil {
			return err
		}
	}
	if now, err := s.api.GetMyShortDescription(ctx, &tg.GetMyShortDescriptionParams{LanguageCode: code}); err != nil || now.ShortDescription != short {
		if _, err := s.api.SetMyShortDescription(ctx, &tg.SetMyShortDescriptionParams{ShortDescription: short, LanguageCode: code}); err != nil {
			return err
		}
	}
	return nil
}

// deskScopes publishes the desks' commands in the chats of desks that share the line's bot.
func (s *setup) deskScopes(ctx context.Context, chats map[int64]string) {
	for chat, lang := range chats {
		if ctx.Err() != nil {
			return
		}
		s.deskScope(ctx, chat, lang)
	}
}

func (s *setup) deskScope(ctx context.Context, chat int64, lang string) {
	ctx, cancel := entire(ctx)
	defer cancel()
	commands := make([]models.BotCommand, len(deskCommands))
	for i, n := range deskCommands {
		commands[i] = models.BotCommand{Command: n, Description: s.texts.Text(lang, "desk.command."+n, nil)}
	}
	_, err := s.api.SetMyCommands(ctx, &tg.SetMyCommandsParams{Commands: commands, Scope: &models.BotCommandScopeChat{ChatID: chat}})
	if err != nil { // until the officer writes to the bot once
		s.log.Info("a desk's commands could not be published: its chat has not started the bot yet", "kind", kindOf(err))
	}
}
