package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"defenderline/flows"
	"defenderline/i18n"
)

func newTry(h host) *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use:   "try FLOW",
		Short: "Play one conversation in the terminal and print it as a test script",
		Long: "Shows each screen as a phone would and reads an answer a line: the number of a button, a /command, or words.\n" +
			"The end of the input (Ctrl-D) ends it and prints the conversation in the form of flows/testdata.\n" +
			"Nothing is sent or kept.",
		Args: cobra.ExactArgs(1),
		RunE: act(func(_ *cobra.Command, args []string) error {
			signal.Reset(os.Interrupt) // a read from a terminal does not end with a context
			return h.try(args[0], language)
		}),
	}
	cmd.Flags().StringVar(&language, "language", i18n.Shipped()[0], "the language to play in, a BCP 47 `TAG` that is shipped")
	return cmd
}

// rehearsed is a conversation being played.
type rehearsed struct {
	player *flows.Player
	texts  *i18n.Catalogue
	script strings.Builder
	out    io.Writer
}

func (h host) try(flow, language string) error {
	if language != "" && !slices.Contains(i18n.Shipped(), language) {
		return usageError("--language: choose from " + strings.Join(i18n.Shipped(), ", "))
	}
	r, err := newRehearsed(h, language)
	if err != nil {
		return err
	}
	opening, err := r.opening(flow)
	if err != nil {
		return err
	}
	for _, answer := range opening {
		if err := r.play(answer); err != nil {
			return err
		}
	}
	if err := r.converse(h.in); err != nil {
		return err
	}
	return r.finish(flow)
}

func newRehearsed(h host, language string) (*rehearsed, error) {
	engine, err := newRehearsal()
	if err != nil {
		return nil, err
	}
	r := &rehearsed{out: h.out}
	if r.texts, err = i18n.Load(nil); err != nil {
		return nil, err
	}
	// A recorded script carries no dates; noon of one day makes what is shown the same each time.
	r.player = flows.NewPlayer(engine, flows.Session{}, time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	r.player.Find = func(words string) []string { return r.texts.FindCountries(r.language(), words, 6) }
	if language == "" {
		return r, nil
	}
	record, err := r.player.Happen("language " + language)
	r.keep(record)
	return r, err
}

// opening are the answers that lead to a conversation.
func (r *rehearsed) opening(flow string) ([]string, error) {
	switch flow {
	case flows.FlowHome:
		return []string{"/start"}, nil
	case flows.FlowEmergency, flows.FlowThreat, flows.FlowContact:
		return []string{"/start", "menu:" + flow}, nil
	case flows.FlowAfter:
		return nil, usageError("after follows an emergency that was sent: try emergency")
	case flows.FlowAdd:
		return nil, usageError("add belongs to a case that was sent: try contact, then /cases")
	default:
		return nil, usageError(fmt.Sprintf("there is no conversation %q: choose from home, emergency, threat, contact", flow))
	}
}

// converse shows a screen and reads an answer until the input ends.
func (r *rehearsed) converse(in io.Reader) error {
	lines := bufio.NewScanner(in)
	for {
		buttons := r.show()
		fmt.Fprint(r.out, "> ")
		if !lines.Scan() {
			fmt.Fprintln(r.out)
			return lines.Err()
		}
		answer := strings.TrimSpace(lines.Text())
		if answer == "" {
			continue
		}
		if err := r.play(r.read(answer, buttons)); err != nil {
			return err
		}
	}
}

// play acts and keeps the record of it.
func (r *rehearsed) play(answer string) error {
	record, err := r.player.Answer(answer)
	if err != nil {
		return err
	}
	r.keep(record)
	return nil
}

// keep adds a record to the script, an empty line between two.
func (r *rehearsed) keep(record string) {
	if r.script.Len() > 0 {
		r.script.WriteByte('\n')
	}
	r.script.WriteString(record)
}

// read turns a line into an answer: the number of a button, a command, else words.
func (r *rehearsed) read(line string, buttons []string) string {
	if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(buttons) {
		return buttons[n-1]
	}
	if strings.HasPrefix(line, "/") && len(line) > 1 {
		return line
	}
	return strconv.Quote(line)
}

// show prints the screen and returns what its numbered buttons answer.
func (r *rehearsed) show() []string {
	view := r.player.Screen().View(r.language(), r.texts)
	fmt.Fprintf(r.out, "\n%s\n\n", view.Text)
	var buttons []string
	for _, row := range view.Rows {
		var labels []string
		for _, b := range row {
			if b.URL != "" {
				labels = append(labels, fmt.Sprintf("[%s: %s]", b.Label, b.URL))
				continue
			}
			answer, _, _ := strings.Cut(b.Data, "#")
			buttons = append(buttons, answer)
			labels = append(labels, fmt.Sprintf("[%d %s]", len(buttons), b.Label))
		}
		fmt.Fprintln(r.out, "  "+strings.Join(labels, "  "))
	}
	return buttons
}

// language is the one the person sees.
func (r *rehearsed) language() string {
	if l := r.player.Session().Language; l != "" {
		return l
	}
	return r.texts.Languages()[0]
}

// finish prints the script, for a person to say why it is kept.
func (r *rehearsed) finish(flow string) error {
	_, err := fmt.Fprintf(r.out, "\nSay here what this conversation proves.\n-- directory --\nlanguages %s\n-- %s --\n%s",
		strings.Join(r.texts.Languages(), " "), flow, r.script.String())
	return err
}
