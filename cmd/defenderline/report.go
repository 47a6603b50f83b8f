package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"defenderline/configs"
	"defenderline/referrals"
	"defenderline/referrals/outcomes"
	"defenderline/referrals/store"
)

// reporting is what the command was told.
type reporting struct {
	host
	path, from, to      string
	csv, asJSON, asHTML bool
}

func newReport(h host) *cobra.Command {
	r := &reporting{host: h}
	cmd := &cobra.Command{
		Use:   "report --config FILE --from DATE --to DATE [--csv|--json|--html]",
		Short: "Count cases, times and outcomes, with small counts hidden",
		Long: "Counts what became of cases, from the audit trail: by desk, lane and week, with times, outcomes and reasons.\n" +
			"A case belongs to the period in which a desk was first told of it, and is told as it stood at the period's end.\n\n" +
			"Days are of UTC, and both are part of the period: --from 2026-11-01 --to 2026-11-30 is November.\n\n" +
			"A count under five is shown as <5. A larger one that would tell it, by subtraction, is shown as 5+. Make reports of\n" +
			"whole months: two that overlap may tell what each hides. Without one of the last three flags it is text.",
		Args: cobra.NoArgs,
		RunE: act(func(cmd *cobra.Command, _ []string) error { return r.run(cmd.Context()) }),
	}
	needConfig(cmd, &r.path)
	cmd.Flags().StringVar(&r.from, "from", "", "the first `DATE` of the period, like 2026-11-01")
	cmd.Flags().StringVar(&r.to, "to", "", "the last `DATE` of the period, itself included, like 2026-11-30")
	cmd.Flags().BoolVar(&r.csv, "csv", false, "print one line for each number, for spreadsheets")
	cmd.Flags().BoolVar(&r.asJSON, "json", false, "print JSON, for programs")
	cmd.Flags().BoolVar(&r.asHTML, "html", false, "print a page with plots, one file without scripts, to read and to print")
	cmd.MarkFlagsMutuallyExclusive("csv", "json", "html")
	for _, flag := range []string{"from", "to"} {
		_ = cmd.MarkFlagRequired(flag) // fails only for a flag that does not exist
	}
	return cmd
}

// run reads the trail of the line's store and prints the report.
func (r *reporting) run(ctx context.Context) error {
	p, err := r.period()
	if err != nil {
		return err
	}
	c, findings := configs.Load(r.path, configs.Options{})
	if c == nil {
		_ = printFindings(r.err, findings, false)
		return refusal(r.path, findings)
	}
	s, err := openStore(ctx, c, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	made, err := readTrail(ctx, s, c, p)
	if err != nil {
		return err
	}
	page := &reportPage{Report: made, Made: r.now().UTC(), Notes: reportNotes(made, c.Retention.Audit, r.now())}
	return r.printer()(r.out, page)
}

// printer writes a report in the form that was asked for.
func (r *reporting) printer() func(io.Writer, *reportPage) error {
	switch {
	case r.csv:
		return printReportCSV
	case r.asJSON:
		return printReportJSON
	case r.asHTML:
		return printReportHTML
	default:
		return printReportText
	}
}

// period is what --from and --to say.
func (r *reporting) period() (p outcomes.Period, err error) {
	for _, flag := range []struct {
		name, value string
		to          *time.Time
	}{{"--from", r.from, &p.From}, {"--to", r.to, &p.To}} {
		if *flag.to, err = time.Parse(time.DateOnly, flag.value); err != nil {
			return p, usageError(fmt.Sprintf("%s: %q is no day; write it like 2026-11-30", flag.name, flag.value))
		}
	}
	if p.To.Before(p.From) {
		return p, usageError("--to: it is before --from; give the first day and the last")
	}
	p.To = p.To.AddDate(0, 0, 1)
	return p, nil
}

// reportPage is a report with what is to be said beside it.
type reportPage struct {
	*outcomes.Report
	Made  time.Time
	Notes []string
}

// First and Last are the days of the period.
func (p *reportPage) First() time.Time { return p.Period.From }

// Last is described at [reportPage.First].
func (p *reportPage) Last() time.Time { return p.Period.To.AddDate(0, 0, -1) }

// trail is what a report asks of the store.
type trail interface {
	Trail(ctx context.Context, desk string, from, to time.Time, each func(referrals.Line)) (unread int, err error)
	Refusals(ctx context.Context, desk string, from, to time.Time) ([]referrals.Refusal, error)
	TrailDesks(ctx context.Context) ([]string, error)
}

var _ trail = (*store.Store)(nil)

// readTrail counts the lines of every desk that there is or was.
func readTrail(ctx context.Context, s trail, c *configs.Config, p outcomes.Period) (*outcomes.Report, error) {
	var desks []outcomes.Desk
	ids := []string{""} // and what is about no desk
	for _, d := range c.Desks {
		desks, ids = append(desks, outcomes.Desk{ID: d.ID, Name: d.Name, Kind: d.Kind}), append(ids, d.ID)
	}
	were, err := s.TrailDesks(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range were {
		if !slices.Contains(ids, id) {
			desks, ids = append(desks, outcomes.Desk{ID: id, Name: id + " (no longer configured)", Kind: referrals.MissionDesk, Gone: true}), append(ids, id)
		}
	}
	count := outcomes.New(p, desks)
	for _, id := range ids {
		unread, err := s.Trail(ctx, id, p.From, p.To, count.Line)
		if err != nil {
			return nil, err
		}
		count.Unread(unread)
		refused, err := s.Refusals(ctx, id, p.From, p.To)
		if err != nil {
			return nil, err
		}
		for _, one := range refused {
			count.Refusal(one)
		}
	}
	return count.Report(), nil
}

// reportNotes are what limits a report.
func reportNotes(r *outcomes.Report, kept time.Duration, now time.Time) []string {
	var notes []string
	if now.Before(r.Period.To) {
		notes = append(notes, "The period is not over: this is how things stand on "+now.UTC().Format(reportTime)+" UTC.")
	}
	if gone := now.Add(-kept); r.Period.From.Before(gone) {
		notes = append(notes, "Lines of the audit trail from before "+gone.UTC().Format(time.DateOnly)+" are gone (retention.audit): what is counted of those days is not complete.")
	}
	if r.Unread > 0 {
		notes = append(notes, fmt.Sprintf("%d lines could not be read and are missing here, or their reason is: they are of a newer version, or sealed with other state keys.", r.Unread))
	}
	return notes
}

// reportTime is how a report writes a moment.
const reportTime = "2 January 2006, 15:04"
