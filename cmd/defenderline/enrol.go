package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"defenderline/bot"
	"defenderline/configs"
	"defenderline/referrals"
	"defenderline/referrals/store"
)

// enrolment is what the command was told.
type enrolment struct {
	host
	path, desk, name, revoke string
	list                     bool
}

func newEnrol(h host) *cobra.Command {
	e := &enrolment{host: h}
	cmd := &cobra.Command{
		Use:   `enrol --config FILE (--desk DESK --name NAME | --list | --revoke NAME)`,
		Short: "Bind a person's chat to a desk by a link that works once",
		Long: "Prints a link. Whoever presses Start behind it first, within a day, has their private chat bound to the desk, as a rung\n" +
			"behind those that the configuration names. Give it to that person only, by a way that you trust.\n" +
			"The chat must not have a case or an unsent draft of its own: its owner sends /wipe first.",
		Args: cobra.NoArgs,
		RunE: act(func(cmd *cobra.Command, _ []string) error { return e.run(cmd.Context()) }),
	}
	needConfig(cmd, &e.path)
	cmd.Flags().StringVar(&e.desk, "desk", "", "the `DESK` to bind to, by its id")
	cmd.Flags().StringVar(&e.name, "name", "", "who it is for, to list and revoke by; no two people have the same `NAME`")
	cmd.Flags().BoolVar(&e.list, "list", false, "list who is enrolled, and the links that wait")
	cmd.Flags().StringVar(&e.revoke, "revoke", "", "take the chat of `NAME` from its desk, and end a link that waits for them")
	cmd.MarkFlagsMutuallyExclusive("list", "revoke", "desk")
	cmd.MarkFlagsMutuallyExclusive("list", "revoke", "name")
	cmd.MarkFlagsRequiredTogether("desk", "name")
	cmd.MarkFlagsOneRequired("list", "revoke", "desk")
	return cmd
}

// run does what was asked with the store of the line.
func (e *enrolment) run(ctx context.Context) error {
	if e.desk != "" {
		if err := referrals.CheckName(e.name); err != nil {
			return usageError("--name: " + err.Error())
		}
	}
	c, findings := configs.Load(e.path, configs.Options{})
	if c == nil {
		_ = printFindings(e.err, findings, false)
		return refusal(e.path, findings)
	}
	if e.desk != "" && c.Directory().Desk(e.desk) == nil {
		return usageError(fmt.Sprintf("--desk: there is no desk %q; defenderline keys lists them", e.desk))
	}
	s, err := openStore(ctx, c, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	switch {
	case e.list:
		return e.print(ctx, s)
	case e.revoke != "":
		_, err := s.Enlist(ctx, func(r referrals.Roll) (referrals.Roll, error) { return r.Revoke(e.revoke) })
		return err
	default:
		return e.invite(ctx, c, s)
	}
}

// invite prints a link. It is kept only once the bot has told its name.
func (e *enrolment) invite(ctx context.Context, c *configs.Config, s *store.Store) error {
	name, err := deskBotName(ctx, c)
	if err != nil {
		return err
	}
	token, err := referrals.NewToken(e.random)
	if err != nil {
		return err
	}
	hash, _ := referrals.HashToken(token) // its form is right: it was made here
	now := s.Now()                        // the line's, which says when it ends
	l := referrals.Link{Desk: e.desk, Name: e.name, Hash: hash, Until: now.Add(referrals.LinkLife).UTC()}
	_, err = s.Enlist(ctx, func(r referrals.Roll) (referrals.Roll, error) { return r.Invite(l, now) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.out, "https://t.me/%s?start=%s\n", name, token)
	return err
}

// deskBotName asks the bot that serves desks for its name.
func deskBotName(ctx context.Context, c *configs.Config) (string, error) {
	const patience = 20 * time.Second
	token := c.Telegram.Token
	if c.Telegram.DeskToken.Set() {
		token = c.Telegram.DeskToken
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	client := bot.NewClient(c.Telegram.APIURL, token.Reveal(), 1)
	defer client.Close()
	name, err := client.UserName(ctx)
	if err != nil {
		return "", fmt.Errorf("the bot that serves desks does not tell its name; check its token, telegram.api_url and the network: %w", err)
	}
	return name, nil
}

// print lists who is enrolled and the links that wait, by desk and name, and never a chat or a token.
func (e *enrolment) print(ctx context.Context, s *store.Store) error {
	roll, err := s.Roll(ctx)
	if err != nil {
		return err
	}
	var rows []string
	for _, p := range roll.People {
		rows = append(rows, fmt.Sprintf("%s\t%s\tsince %s", p.Desk, p.Name, p.Since.UTC().Format(time.DateTime)))
	}
	for _, l := range roll.Links {
		if s.Now().Before(l.Until) {
			rows = append(rows, fmt.Sprintf("%s\t%s\tlink until %s", l.Desk, l.Name, l.Until.UTC().Format(time.DateTime)))
		}
	}
	slices.Sort(rows)
	return printRows(e.out, append([]string{"DESK\tNAME\tUTC"}, rows...))
}

func printRows(out io.Writer, rows []string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, r)
	}
	return w.Flush()
}
