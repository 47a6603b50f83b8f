package main

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"defenderline/bot"
	"defenderline/configs"
	"defenderline/referrals/mail"
)

// newMail joins the configuration with the package that mails; nil without a mail server.
func newMail(c *configs.Config) (*bot.Mail, error) {
	if c.SMTP == nil {
		return nil, nil
	}
	s, err := mail.New(mail.Options{Host: c.SMTP.Host, Port: c.SMTP.Port, From: c.SMTP.From, Username: c.SMTP.Username,
		Password: c.SMTP.Password.Reveal(), TLS: c.SMTP.TLS, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return nil, err
	}
	m := &bot.Mail{Letters: postman{s}, Entity: func(document []byte) []byte { return mail.Entity(document, "") }}
	if c.Operator != nil {
		m.Operator = c.Operator.Email
	}
	return m, nil
}

// postman is the package that mails in the bot's own words.
type postman struct{ sender *mail.Sender }

// Send sends one mail.
func (p postman) Send(ctx context.Context, l bot.Letter) (bot.Verdict, error) {
	err := p.sender.Send(ctx, mail.Alert{To: l.To, Kind: mail.Kind(l.Kind), Lane: l.Lane, Case: l.Code, Due: l.Due,
		Sealed: l.Sealed, Entity: l.Entity, File: l.File, Local: l.Local})
	if err == nil {
		return bot.MailSent, nil
	}
	return bot.Verdict(mail.ReasonOf(err)), err
}

// mailFindings are what the package that mails would refuse when serving.
func mailFindings(c *configs.Config) []configs.Finding {
	_, err := newMail(c)
	refused, ok := errors.AsType[*mail.Error](err)
	if !ok {
		return nil
	}
	return []configs.Finding{refuse("smtp", refused.Problem, refused.Remedy)}
}
