package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/language"

	"defenderline/configs"
	"defenderline/i18n"
	"defenderline/referrals"
)

func newRoute(h host) *cobra.Command {
	var path string
	var facts referrals.Facts
	cmd := &cobra.Command{
		Use:   "route --config FILE --country PE --need relocation",
		Short: "Say who would receive such a case, in order, and why",
		Args:  cobra.NoArgs,
		RunE: act(func(cmd *cobra.Command, _ []string) error {
			if err := checkFacts(&facts); err != nil {
				return err
			}
			c, err := deskConfig(path, h.err)
			if err != nil {
				return err
			}
			ring := newKeyring(c, h.now())
			return printRoute(h.out, facts, c.Directory().Route(facts, ring.usable, openCounts(cmd.Context(), c)))
		}),
	}
	needConfig(cmd, &path)
	cmd.Flags().StringVar(&facts.Country, "country", "", "where the danger is, ISO 3166-1 `CODE`")
	cmd.Flags().StringSliceVar(&facts.Needs, "need", nil, "what is needed, once for each or with commas; left out: not known")
	cmd.Flags().StringVar(&facts.Applicant, "applicant", "", strings.Join(configs.Applicants(), ", ")+"; left out: not known")
	cmd.Flags().StringVar(&facts.Language, "language", "", "what the defender writes, BCP 47 `TAG`; left out: not known")
	_ = cmd.MarkFlagRequired("country") // fails only for a flag that does not exist
	return cmd
}

// checkFacts refuses what no conversation could give.
func checkFacts(f *referrals.Facts) error {
	f.Country = strings.ToUpper(f.Country)
	if !i18n.IsCountry(f.Country) {
		return usageError("--country: give an ISO 3166-1 code of two letters, like PE")
	}
	for _, need := range f.Needs {
		if !slices.Contains(configs.Needs(), need) {
			return usageError("--need: choose from " + strings.Join(configs.Needs(), ", "))
		}
	}
	if f.Applicant != "" && !slices.Contains(configs.Applicants(), f.Applicant) {
		return usageError("--applicant: choose from " + strings.Join(configs.Applicants(), ", "))
	}
	if _, err := language.Parse(f.Language); f.Language != "" && err != nil {
		return usageError("--language: give a BCP 47 tag, like es")
	}
	return nil
}

// deskConfig reads the configuration of desks. What is wrong elsewhere, such as secrets that are not on
// this machine, does not change who receives a case and is left to the check.
func deskConfig(path string, complain io.Writer) (*configs.Config, error) {
	c, findings := configs.Inspect(path, configs.Options{Offline: true})
	wrong := slices.DeleteFunc(findings, func(f configs.Finding) bool {
		part, _, _ := strings.Cut(f.Field, ".")
		part, _, _ = strings.Cut(part, "[")
		aboutDesks := slices.Contains([]string{"", "missions", "headquarters", "ngos"}, part)
		return f.Severity != configs.Error || !aboutDesks
	})
	if len(wrong) > 0 {
		_ = printFindings(complain, wrong, false)
		return nil, refusal(path, wrong)
	}
	if c == nil {
		return nil, errors.New(path + " cannot be read; see: defenderline check")
	}
	return c, nil
}

// askWithin is how long the store is asked how many referrals are open: the route is the same without it but for who has room.
const askWithin = 3 * time.Second

// openCounts asks the store, once, how many referrals each NGO with a limit has claimed or accepted. Where it cannot be asked
// nothing is known, and the route says how many each takes.
func openCounts(ctx context.Context, c *configs.Config) func(string) (int, bool) {
	unknown := func(string) (int, bool) { return 0, false }
	var limited []string
	for _, d := range c.Desks {
		if d.Capacity > 0 {
			limited = append(limited, d.ID)
		}
	}
	if len(limited) == 0 || !c.StateKeys.Set() {
		return unknown
	}
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	s, err := openStore(ctx, c, nil)
	if err != nil {
		return unknown
	}
	defer s.Close()
	open, err := s.CountsOpen(ctx, limited)
	if err != nil {
		return unknown
	}
	return func(id string) (int, bool) {
		n, known := open[id]
		return n, known
	}
}

// printRoute writes who would be asked for, in order, and then who would not.
func printRoute(out io.Writer, f referrals.Facts, route []referrals.Choice) error {
	var b strings.Builder
	n := 0
	for _, c := range route {
		if c.Receives() {
			n++
			fmt.Fprintf(&b, "%d. ", n)
			describe(&b, c)
		}
	}
	if n == 0 {
		fmt.Fprintf(&b, "Nobody could receive a case from %s.\n", f.Country)
	}
	if n < len(route) {
		b.WriteString("\nNot offered:\n")
	}
	for _, c := range route {
		if !c.Receives() {
			b.WriteString("-  ")
			describe(&b, c)
		}
	}
	b.WriteString("\nEach receives only with the defender's consent for it.\n")
	_, err := io.WriteString(out, b.String())
	return err
}

func describe(b *strings.Builder, c referrals.Choice) {
	fmt.Fprintf(b, "%s (%s)\n", c.Desk.Name, c.Desk.ID)
	for _, r := range c.Reasons {
		sign := "+"
		if r.Against {
			sign = "-"
		}
		fmt.Fprintf(b, "     %s %s\n", sign, r)
	}
}
