package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"defenderline/bot/telegramsim"
	"defenderline/configs"
)

// newRehearse is a Telegram for trying a configuration.
func newRehearse(h host) *cobra.Command {
	var path string
	c := &cobra.Command{
		Use:   "rehearse --config FILE",
		Short: "Be a simulated Telegram at telegram.api_url, to try serve with a configuration",
		Long: "Listens where telegram.api_url says, which must be http on this machine, knows the bots of the configuration, and lets\n" +
			"every officer and caseworker it names have pressed Start. Run serve beside it, and be a defender by its /sim/ calls.\n" +
			"Nothing reaches Telegram.",
		Args: cobra.NoArgs,
		RunE: act(func(cmd *cobra.Command, _ []string) error { return rehearse(cmd.Context(), path, h) }),
	}
	needConfig(c, &path)
	return c
}

// rehearse simulates until ctx ends.
func rehearse(ctx context.Context, path string, h host) error {
	c, findings := configs.Load(path, configs.Options{})
	if c == nil {
		return errors.Join(printFindings(h.err, findings, false), refusal(path, findings))
	}
	at, err := url.Parse(c.Telegram.APIURL)
	if err != nil || at.Scheme != "http" {
		return errors.New("telegram.api_url: names no server of this machine; write http://127.0.0.1:8081 while you rehearse")
	}
	l, err := net.Listen("tcp", at.Host)
	if err != nil {
		return fmt.Errorf("telegram.api_url: %s cannot be listened on; is it in use?", at.Host)
	}
	sim := telegramsim.New(telegramsim.Options{})
	defer sim.Close()
	if err := cast(sim, c); err != nil {
		return errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/", sim)
	mux.Handle("/sim/", sim.Control())
	fmt.Fprintf(h.out, "A simulated Telegram listens on %s; the bot is called %s. Stop it with Ctrl-C.\n", at.Host, lineName)
	return server{at.Host, "telegram.api_url", mux}.serve(ctx, l)
}

// The bots' names in a rehearsal.
const lineName, deskName = "the_line_bot", "the_desk_bot"

// cast adds the bots of a configuration, and everybody whom its desks name.
func cast(sim *telegramsim.Server, c *configs.Config) error {
	line, err := sim.AddBot(c.Telegram.Token.Reveal(), lineName)
	desks := line
	if err == nil && c.Telegram.DeskToken.Set() {
		desks, err = sim.AddBot(c.Telegram.DeskToken.Reveal(), deskName)
	}
	if err != nil {
		return errors.New("telegram.desk_token_file: holds the token of telegram.token_file; give the second bot one of its own, or take the field out")
	}
	known := map[int64]bool{}
	for _, d := range c.Desks {
		for _, r := range d.Ladder {
			if r.Chat <= 0 || known[r.Chat] { // a group, or none; one officer of two desks
				continue
			}
			known[r.Chat] = true
			p, err := sim.AddPerson(telegramsim.User{ID: r.Chat, FirstName: d.ID})
			if err == nil {
				_, err = p.With(desks).Start("")
			}
			if err != nil {
				return fmt.Errorf("%s: %w", d.Field, err)
			}
		}
	}
	return nil
}
