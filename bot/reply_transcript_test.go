package bot

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

var rewrite = flag.Bool("update", false, "write transcripts anew")

// shownAs is what calls show, as a phone does.
func shownAs(who string, calls []call) string {
	var b strings.Builder
	for _, c := range calls {
		var p struct {
			Markup keyboard `json:"reply_markup"`
		}
		if c.text() == "" || json.Unmarshal(c.Params, &p) != nil {
			continue
		}
		fmt.Fprintf(&b, "%s, %s:\n%s\n", who, c.Method, c.text())
		for _, row := range p.Markup.Rows {
			for _, k := range row {
				fmt.Fprintf(&b, "[%s]", k.Text)
			}
			b.WriteString("\n")
		}
		b.WriteString("\n")
	}
	return b.String()
}

// A reply and its answer as both sides read them, in each language: look at testdata/replies.txt after a change.
func TestRepliesAsTheyAreRead(t *testing.T) {
	var all strings.Builder
	for _, lang := range []string{"en", "es", "ar"} {
		words := map[string]string{"en": "Please come to the side gate at six.", "es": "Venga, por favor, a la puerta lateral a las seis.",
			"ar": "يرجى الحضور إلى الباب الجانبي عند السادسة."}[lang]
		fmt.Fprintf(&all, "===== %s =====\n\n", lang)
		r := newReplying(t, flows.Case{Lane: "urgent", Desks: []string{"lima", "fld"}, Names: []string{"British Embassy Lima", "Front Line Defenders"}, Documents: 1}, flows.Quiet{})
		for _, b := range []*bench0{r.officer, r.defender} {
			b.dir.Desk("lima").Languages, b.dir.Desk("lima").Web = []string{lang}, "https://www.gov.uk/world/peru"
		}
		s := r.defender.state()
		s.Session.Language = lang
		r.defender.record(s)
		all.WriteString(shownAs("officer", r.officer.take(atLima(pressOn(9, "reply:AAAA-BBBB")))))
		shown := r.officer.take(atLima(say(20, words)))
		all.WriteString(shownAs("officer", shown))
		all.WriteString(shownAs("officer", r.officer.take(atLima(pressOn(21, shown[0].buttons()[0])))))
		all.WriteString(shownAs("defender", r.passes()))
		for _, ask := range replyAsks {
			r.writes(pressOn(22, "reply:AAAA-BBBB#"+ask))
			all.WriteString(shownAs("defender", r.passes()))
		}
		for _, f := range replyFates {
			note, _ := json.Marshal(replyNote{Bot: lineBot, Chat: limaChat, Typed: 20})
			e := referrals.Reply{ID: "l1", Sender: r.officer.work.Member, Note: note}.Tells(referrals.Told{Fate: f, Desk: "lima", Code: "AAAA-BBBB", At: noon, Until: noon.Add(19 * time.Hour)})
			r.officer.work.Inbox = postsOf([]referrals.Errand{e}, r.officer.work.Member)
			all.WriteString(shownAs("officer is told "+string(f), r.officer.taken()))
		}
		all.WriteString(shownAs("defender", r.defender.take(pressOn(77, "case:AAAA-BBBB#AAAA-BBBB"))))
		all.WriteString(shownAs("defender", r.defender.take(say(78, words))))
		all.WriteString(shownAs("defender", r.defender.take(pressOn(79, "nav:done"))))
		all.WriteString(shownAs("defender", r.defender.take(pressOn(80, "review:send"))))
	}
	if strings.Contains(all.String(), "…") {
		t.Error("a text is missing or lacks an argument")
	}
	file := filepath.Join("testdata", "replies.txt")
	if *rewrite {
		if err := os.WriteFile(file, []byte(all.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, lines := strings.Split(all.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(got), len(lines)) {
		if i >= len(got) || i >= len(lines) || got[i] != lines[i] {
			t.Fatalf("%s differs from line %d on; look at it and run go test ./bot -run RepliesAsTheyAreRead -update", file, i+1)
		}
	}
}
