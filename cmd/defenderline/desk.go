package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"defenderline/referrals"
)

// deskCommand is what the client of the desk API was told.
type deskCommand struct {
	host
	url, token string
	asJSON     bool
	key        string
	claim      int64
	why        string
	states     []string
	after      string
}

// newDesk is the client of the desk API: one subcommand for each thing that can be done.
func newDesk(h host) *cobra.Command {
	d := &deskCommand{host: h}
	cmd := &cobra.Command{
		Use:   "desk list|show|claim|open|accept|decline|return|complete|acknowledge|close|documents|events [CODE]",
		Short: "Work with a desk's cases through its API: list, claim, open, move on",
		Long: `Works with an organisation's cases through the desk API of a line.

An NGO has referrals, whose codes end in a number (K7QM-3XRP-2); a mission has cases (K7QM-3XRP).
Exit status: 0 done, 1 not done, 2 wrong usage, 3 the case is in another state or was claimed by somebody else,
4 the organisation has no such case.`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return usageError("desk: name what to do, like list") },
	}
	flags := cmd.PersistentFlags()
	flags.StringVar(&d.url, "url", "", "where the line's API is, like https://line.example.org")
	flags.StringVar(&d.token, "token-file", "", "the `FILE` with the organisation's token; nobody else may read it")
	flags.BoolVar(&d.asJSON, "json", false, "print JSON")
	for _, name := range []string{"url", "token-file"} {
		_ = cmd.MarkPersistentFlagRequired(name) // fails only for a flag that does not exist
	}
	cmd.AddCommand(d.list(), d.show(), d.open(), d.documents(), d.events())
	for _, kind := range []referrals.Kind{referrals.NGODesk, referrals.MissionDesk} {
		for _, a := range kind.Acts() {
			cmd.AddCommand(d.act(kind, a))
		}
	}
	return cmd
}

// sub is a subcommand that is run with a client.
func (d *deskCommand) sub(use, short string, args cobra.PositionalArgs, run func(c *deskClient, args []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: args, RunE: act(func(cmd *cobra.Command, args []string) error {
		c, err := d.client(cmd.Context())
		if err != nil {
			return err
		}
		return run(c, args)
	})}
}

func (d *deskCommand) list() *cobra.Command {
	cmd := d.sub("list", "List what waits, the most urgent first, then the oldest", cobra.NoArgs, func(c *deskClient, _ []string) error {
		items, err := c.list(d.states)
		if err != nil {
			return err
		}
		if d.asJSON {
			return printJSON(d.out, map[string]any{"items": items})
		}
		return printCases(d.out, items, c.date)
	})
	cmd.Flags().StringSliceVar(&d.states, "state", nil, "only those in this `STATE`, once for each or with commas; left out: all that can be acted on")
	return cmd
}

func (d *deskCommand) show() *cobra.Command {
	return d.sub("show CODE", "Show how one case stands", cobra.ExactArgs(1), func(c *deskClient, args []string) error {
		at, err := casePath(args[0])
		if err != nil {
			return err
		}
		body, err := c.get(at)
		if err != nil {
			return err
		}
		return c.print(body)
	})
}

func (d *deskCommand) open() *cobra.Command {
	return d.sub("open CODE [DOCUMENT]", "Write the sealed document to standard output: defenderline desk open CODE … | gpg -d", cobra.RangeArgs(1, 2),
		func(c *deskClient, args []string) error {
			at, err := casePath(args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return c.open(at+"/sealed", d.out)
			}
			return c.open(at+"/documents/"+url.PathEscape(args[1]), d.out)
		})
}

func (d *deskCommand) documents() *cobra.Command {
	return d.sub("documents CODE", "List a case's sealed documents: the first, what was added, the files", cobra.ExactArgs(1),
		func(c *deskClient, args []string) error {
			at, err := casePath(args[0])
			if err != nil {
				return err
			}
			body, err := c.get(at + "/documents")
			if err != nil {
				return err
			}
			if d.asJSON {
				return printRaw(d.out, body)
			}
			var names struct{ Items []struct{ Name string } }
			if err := json.Unmarshal(body, &names); err != nil {
				return errNotTheAPI
			}
			for _, n := range names.Items {
				fmt.Fprintln(d.out, n.Name)
			}
			return nil
		})
}

func (d *deskCommand) act(kind referrals.Kind, a referrals.Act) *cobra.Command {
	cmd := d.sub(string(a)+" CODE", deskShort(a), cobra.ExactArgs(1), func(c *deskClient, args []string) error {
		at, err := casePath(args[0])
		if err != nil {
			return err
		}
		said := map[string]any{}
		if d.claim != 0 {
			said["claim"] = d.claim
		}
		if whys := a.Whys(); whys != nil {
			said[whyOf(a)] = d.why
		}
		body, err := c.act(at+"/"+string(a), said, d.key)
		if err != nil {
			return err
		}
		return c.print(body)
	})
	cmd.Flags().StringVar(&d.key, "key", "", "an idempotency `KEY` of your own, to repeat this act safely; left out: a random one")
	if kind == referrals.NGODesk {
		cmd.Flags().Int64Var(&d.claim, "claim", 0, "the `NUMBER` that the claim was answered with: refused when somebody has claimed since")
	}
	if whys := a.Whys(); whys != nil {
		cmd.Flags().StringVar(&d.why, whyOf(a), "", strings.Join(whys, ", "))
		_ = cmd.MarkFlagRequired(whyOf(a)) // fails only for a flag that does not exist
	}
	return cmd
}

// whyOf is what an act's words are called.
func whyOf(a referrals.Act) string {
	if a == referrals.ActDecline || a == referrals.ActReturn {
		return "reason"
	}
	return "outcome"
}

func deskShort(a referrals.Act) string {
	switch a {
	case referrals.ActAcknowledge:
		return "Say that somebody has the case"
	case referrals.ActClose:
		return "End the mission's part in a case, with what came of it"
	case referrals.ActClaim:
		return "Take an offered referral, so that nobody else does; with --claim, keep one for longer"
	case referrals.ActAccept:
		return "Take a claimed referral on"
	case referrals.ActDecline:
		return "Say no to a referral: the next organisation gets it at once"
	case referrals.ActReturn:
		return "Give a claimed or accepted referral back"
	default:
		return "End an accepted referral, with what came of it"
	}
}

func (d *deskCommand) events() *cobra.Command {
	cmd := d.sub("events", "Print what happens to the desk's cases, one line each, until stopped", cobra.NoArgs, func(c *deskClient, _ []string) error {
		return c.follow(d.after, func(e deskEvent) error {
			if d.asJSON {
				raw, err := json.Marshal(e)
				if err == nil {
					_, err = fmt.Fprintf(d.out, "%s\n", raw)
				}
				return err
			}
			_, err := fmt.Fprintf(d.out, "%s  %-9s  %-9s  %s\n", e.At.UTC().Format(deskTime), e.State, e.Lane, e.Code)
			return err
		})
	})
	cmd.Flags().StringVar(&d.after, "after", "", "the `ID` of the last event seen; left out: what comes from now on")
	return cmd
}

// casePath is where the API has a case, by the form of its code.
func casePath(code string) (string, error) {
	if c, n, ok := referrals.ParseReferralCode(code); ok {
		return "/referrals/" + referrals.ReferralCode(c, n), nil
	}
	if c, ok := referrals.ParseCode(code); ok {
		return "/cases/" + string(c), nil
	}
	return "", usageError("desk: that is no code; a referral's is like K7QM-3XRP-2, a mission's case's like K7QM-3XRP")
}

// print prints one case.
func (c *deskClient) print(body []byte) error {
	if c.asJSON {
		return printRaw(c.out, body)
	}
	var item json.RawMessage = body
	return printCases(c.out, []json.RawMessage{item}, c.date)
}

func printRaw(out io.Writer, body []byte) error {
	w := bufio.NewWriter(out)
	_, _ = w.Write(body)
	_ = w.WriteByte('\n')
	return w.Flush()
}

var errNotTheAPI = errors.New("what answered is not the desk API; look at --url")
