package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"defenderline/configs"
	"defenderline/i18n"
	"defenderline/referrals"
	"defenderline/referrals/seal"
	"defenderline/referrals/store"
)

func newCheck(h host) *cobra.Command {
	var path string
	var asJSON, offline bool
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Say whether the line could serve everyone its configuration names",
		Long: "Validates the file, every key, every text, every route, and the Redis that it names.\n" +
			"Exit status 0: it could serve everyone named; 1: it could not; 2: wrong usage.",
		Args: cobra.NoArgs,
		RunE: act(func(cmd *cobra.Command, _ []string) error {
			findings := h.check(cmd.Context(), path, offline)
			if err := printFindings(h.out, findings, asJSON); err != nil {
				return err
			}
			return refusal(path, findings)
		}),
	}
	needConfig(cmd, &path)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	cmd.Flags().BoolVar(&offline, "offline", false, "ask nothing of a network, and let placeholders of secrets pass")
	return cmd
}

// check looks for everything at once, also in a file that is refused.
func (h host) check(ctx context.Context, path string, offline bool) []configs.Finding {
	c, findings := configs.Inspect(path, configs.Options{Offline: offline})
	if c == nil {
		return findings
	}
	if !configs.Refused(findings) {
		findings = append(findings, mailFindings(c)...)
	}
	ring := newKeyring(c, h.now())
	findings = append(findings, ring.findings()...)
	findings = append(findings, textFindings(c.Languages)...)
	findings = append(findings, routeFindings(c, ring)...)
	findings = append(findings, secretFindings(c, ring, h.now)...)
	if !offline && !configs.Refused(findings) {
		findings = append(findings, h.redis(ctx, c)...)
	}
	configs.Sort(findings)
	return findings
}

// secretFindings understands the line's own keys, and seals to every desk as serving would.
func secretFindings(c *configs.Config, ring *keyring, now clock) []configs.Finding {
	var out []configs.Finding
	if c.StateKeys.Set() {
		if _, err := store.ParseStateKeys([]byte(c.StateKeys.Reveal())); err != nil {
			out = append(out, refuse("state_keys_file", "does not hold state keys", "restore it from its backup, or make it with: defenderline secrets init DIR"))
		}
	}
	if !c.SigningKey.Set() {
		return out
	}
	signing, err := seal.ParseSigningKey([]byte(c.SigningKey.Reveal()))
	if err == nil {
		err = signing.Usable(now())
	}
	if err != nil {
		return append(out, sealFinding(configs.Error, "signing_key_file", err))
	}
	return append(out, ring.trial(signing, now)...)
}

// textFindings are what is wrong with the texts of the line's languages.
func textFindings(languages []string) []configs.Finding {
	catalogue, err := i18n.Load(languages)
	if err != nil {
		return []configs.Finding{refuse("languages", err.Error(), "choose languages that are shipped")}
	}
	var out []configs.Finding
	for _, f := range i18n.Check(catalogue) {
		severity := configs.Error
		if f.Warning {
			severity = configs.Warning
		}
		out = append(out, configs.Finding{
			Severity: severity, Field: "languages", Remedy: f.Remedy,
			Problem: fmt.Sprintf("%s/%s: %s %s", f.Language, f.File, f.Key, f.Problem),
		})
	}
	return out
}

// routeFindings are countries whose cases nobody could receive, and desks that none would reach.
func routeFindings(c *configs.Config, ring *keyring) []configs.Finding {
	var out []configs.Finding
	directory := c.Directory()
	missions := 0
	for _, d := range c.Desks {
		switch d.Kind {
		case referrals.MissionDesk:
			missions++
			for i, country := range d.Countries {
				if len(directory.Recipients(referrals.Facts{Country: country}, ring.usable, nil)) == 0 {
					out = append(out, refuse(fmt.Sprintf("%s.countries[%d]", d.Field, i), "no desk could receive a case from "+country, "give the mission or headquarters a usable key"))
				}
			}
		case referrals.NGODesk:
			if !d.Accepting {
				out = append(out, warn(d.Field+".accepting", "is false: no case is offered to it", "set it to true when it takes cases again"))
			}
		}
	}
	if missions == 0 {
		out = append(out, warn("missions", "is empty: every case is headquarters'", "add the missions that take part"))
	}
	return out
}

// askRedis opens the store as serving would and closes it again.
func askRedis(ctx context.Context, c *configs.Config) []configs.Finding {
	s, err := openStore(ctx, c, nil)
	if errors.Is(err, store.ErrForeign) {
		return []configs.Finding{refuse("state_keys_file", "holds other keys than those that sealed what waits in redis",
			"put the former file back; for a new line use an empty Redis database")}
	}
	if err != nil {
		problem := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "redis: "), "redis ") // the field says it already
		return []configs.Finding{refuse("redis", problem, "mend the server, or what redis.* says of it")}
	}
	var out []configs.Finding
	for _, text := range s.Warnings() {
		out = append(out, warn("redis", text, "mend it in the server's own configuration"))
	}
	if err := s.Close(); err != nil {
		out = append(out, warn("redis", "did not close its connections", "look at the server's log"))
	}
	return out
}

func refuse(field, problem, remedy string) configs.Finding {
	return configs.Finding{Severity: configs.Error, Field: field, Problem: problem, Remedy: remedy}
}

func warn(field, problem, remedy string) configs.Finding {
	return configs.Finding{Severity: configs.Warning, Field: field, Problem: problem, Remedy: remedy}
}

// printFindings writes one line a finding, or all as JSON.
func printFindings(out io.Writer, findings []configs.Finding, asJSON bool) error {
	if asJSON {
		if findings == nil {
			findings = []configs.Finding{}
		}
		return printJSON(out, findings)
	}
	for _, f := range findings {
		if _, err := fmt.Fprintln(out, f); err != nil {
			return err
		}
	}
	return nil
}

func printJSON(out io.Writer, value any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// refusal is nil unless one of the findings is an error.
func refusal(path string, findings []configs.Finding) error {
	errors := 0
	for _, f := range findings {
		if f.Severity == configs.Error {
			errors++
		}
	}
	switch errors {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%s is refused: 1 error, as told above", path)
	default:
		return fmt.Errorf("%s is refused: %d errors, as told above", path, errors)
	}
}
