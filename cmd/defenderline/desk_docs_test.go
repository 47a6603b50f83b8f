package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"defenderline/referrals"
)

// example is a command of the page and what the page says that it prints.
type example struct {
	command string
	prints  []string
}

// examples are the commands in a page's console blocks.
func examples(t *testing.T, page string) []example {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	inside := false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case inside && isCommand:
			all = append(all, example{command: command})
		case inside:
			last := &all[len(all)-1]
			last.prints = append(last.prints, line)
		}
	}
	if len(all) < 10 {
		t.Fatalf("%s has %d examples", page, len(all))
	}
	return all
}

var (
	shellWord = regexp.MustCompile(`'([^']*)'|"([^"]*)"|(\S+)`)
	// What differs between two runs: times, cursors, ids of events.
	varying = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z|"next_cursor":"[\w-]+"|\d{13}-\d+`)
)

// curl makes the request of a command line, with what of curl's options the page uses.
func curl(t *testing.T, command string, variables *strings.Replacer) *http.Response {
	t.Helper()
	words := shellWord.FindAllStringSubmatch(command, -1)
	if words[0][0] != "curl" {
		t.Fatalf("%s is no curl", command)
	}
	method, url, body, header := http.MethodGet, "", "", http.Header{}
	for i := 1; i < len(words); i++ {
		next := func() string {
			i++
			return words[i][1] + variables.Replace(words[i][2]+words[i][3])
		}
		switch option := words[i][3]; option {
		case "-s", "-sN":
		case "-X":
			method = next()
		case "-H":
			name, value, _ := strings.Cut(next(), ": ")
			header.Set(name, value)
		case "-d":
			body = next()
		default:
			i--
			url = next()
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// TestTheAPIsPageIsTrue runs every command of docs/api.md in its order and compares what is printed.
func TestTheAPIsPageIsTrue(t *testing.T) {
	o := newOffice(t)
	gpg := o.documented()
	variables := strings.NewReplacer("$URL", o.url, "$AUTH", "Authorization: Bearer token-of-fld", "$MISSION", "Authorization: Bearer token-of-lima")
	for _, e := range examples(t, "../../docs/api.md") {
		command, piped, _ := strings.Cut(e.command, " | ")
		res := curl(t, command, variables)
		var printed []string
		for lines := bufio.NewScanner(res.Body); len(printed) < len(e.prints) && lines.Scan(); { // a stream does not end
			printed = append(printed, lines.Text())
		}
		if piped != "" {
			rest, err := io.ReadAll(curl(t, command, variables).Body)
			o.check(err)
			printed = strings.Split(strings.TrimSpace(gpg(string(rest))), "\n")
		}
		_ = res.Body.Close()
		got, want := unvaried(printed), unvaried(e.prints)
		if got != want {
			t.Errorf("$ %s\n%s\nthe page says\n%s", e.command, got, want)
		}
	}
}

func unvaried(lines []string) string {
	return varying.ReplaceAllString(strings.Join(lines, "\n"), "VARIES")
}

// documented lets the office hold what the page works with.
func (o *office) documented() (gpg func(string) string) {
	gpg = o.sealFor("fld", "ABCD-EFGH", "What was written.\n")
	o.hold("fld", "ABCD-EFGH-1", referrals.Offered)
	o.holdLane("fld", "JKLM-NPQR-1", referrals.Offered, referrals.Routine)
	o.hold("lima", "ABCD-EFGH", referrals.Alerted)
	return gpg
}

// TestThePageNamesEveryProblemActAndValue proves that the tables of the page are whole.
func TestThePageNamesEveryProblemActAndValue(t *testing.T) {
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	var must []string
	for _, k := range []referrals.Kind{referrals.NGODesk, referrals.MissionDesk} {
		for _, a := range k.Acts() {
			must = append(append(must, string(a)), a.Whys()...)
		}
	}
	o := newOffice(t)
	res, err := http.Get(o.url + "/api/v1/openapi.json")
	o.check(err)
	defer res.Body.Close()
	description, err := io.ReadAll(res.Body)
	o.check(err)
	kinds := regexp.MustCompile(`"/api/v1/problems/([a-z-]+)"`).FindAllSubmatch(description, -1)
	if len(kinds) < 10 {
		t.Fatalf("%d kinds of problem", len(kinds))
	}
	for _, k := range kinds {
		must = append(must, string(k[1]))
	}
	for _, word := range must {
		if !strings.Contains(string(page), fmt.Sprintf("`%s`", word)) {
			t.Errorf("%s is not on the page", word)
		}
	}
}
