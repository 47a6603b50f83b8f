package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"defenderline/configs"
)

func newKeys(h host) *cobra.Command {
	var path string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keys --config FILE",
		Short: "List each desk's keys: fingerprint, algorithm, expiry, usable or why not",
		Args:  cobra.NoArgs,
		RunE: act(func(*cobra.Command, []string) error {
			c, findings := configs.Inspect(path, configs.Options{Offline: true})
			if c == nil || len(c.Desks) == 0 {
				_ = printFindings(h.err, findings, false)
				return fmt.Errorf("%s names no key", path)
			}
			list := newKeyring(c, h.now()).list()
			if asJSON {
				return printJSON(h.out, list)
			}
			return printKeys(h.out, list)
		}),
	}
	needConfig(cmd, &path)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the keys as JSON")
	return cmd
}

// listedKey is a key as the command prints it.
type listedKey struct {
	Desk        string `json:"desk"`
	Fingerprint string `json:"fingerprint"`
	Algorithm   string `json:"algorithm,omitempty"`
	// Expires is RFC 3339; empty: never.
	Expires string   `json:"expires,omitempty"`
	Usable  bool     `json:"usable"`
	Why     string   `json:"why,omitempty"`
	Warns   []string `json:"warnings,omitempty"`
}

func (r *keyring) list() []listedKey {
	out := []listedKey{}
	for _, k := range r.keys {
		l := listedKey{Desk: k.desk.ID, Fingerprint: k.of.Fingerprint, Usable: k.err == nil}
		if k.err != nil {
			f := sealFinding(configs.Error, "", k.err)
			l.Why = f.Problem + "; " + f.Remedy
		}
		if k.of.Armored == nil {
			l.Why = "its file cannot be read; see: defenderline check"
		}
		if k.key != nil {
			l.Algorithm = k.key.Algorithm()
			if at, ends := k.key.Expires(r.now); ends {
				l.Expires = at.UTC().Format(time.RFC3339)
			}
			for _, w := range k.key.Warnings(r.now) {
				l.Warns = append(l.Warns, w.Problem+"; "+w.Remedy)
			}
		}
		out = append(out, l)
	}
	return out
}

func printKeys(out io.Writer, list []listedKey) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "DESK\tFINGERPRINT\tALGORITHM\tEXPIRES\tUSABLE")
	for _, l := range list {
		usable := "yes"
		for _, text := range l.Warns {
			usable += ", but " + text
		}
		if !l.Usable {
			usable = "NO: " + l.Why
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.Desk, l.Fingerprint, orDash(l.Algorithm), orNever(l), usable)
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// orNever is the day a key ends.
func orNever(l listedKey) string {
	switch {
	case l.Expires != "":
		return l.Expires[:len(time.DateOnly)]
	case l.Algorithm == "":
		return "-"
	default:
		return "never"
	}
}
