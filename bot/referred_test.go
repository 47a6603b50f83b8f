package bot

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"defenderline/i18n"
	"defenderline/referrals"
)

// referring is what a desk is told of its wish, by the Bot API's call.
func referring(t testing.TB, n referrals.Notice, prepare func(p *post, m *memory)) (method, body string) {
	t.Helper()
	m := newMemory()
	m.hold(held("lima", "AAAA-BBBB", referrals.Acknowledged))
	glass := &glass{dead: map[string]bool{}}
	p := &post{dir: testDesks(), texts: testTexts(t), deskBot: lineBot, holding: m, keys: glass, archive: m, log: quiet(), now: func() time.Time { return noon },
		meters: NewMeters(prometheus.NewRegistry()), awake: func() {}}
	p.clients = map[byte]*Client{lineBot: clientOf(server(func(called string, sent []byte, _ *http.Request) (int, string) {
		method, body = called, string(sent)
		return 200, fine
	}))}
	if prepare != nil {
		prepare(p, m)
	}
	n.Desk, n.Code, n.Lane, n.About, n.For = "lima", "AAAA-BBBB", referrals.Urgent, "fld", "legal"
	if again := p.notify(t.Context(), n, &effort{}); again > 0 {
		t.Fatalf("tried again in %v", again)
	}
	return method, body
}

func TestAYesBringsTheKey(t *testing.T) {
	method, body := referring(t, referrals.Notice{Kind: referrals.NoticeReferKey}, nil)
	if method != "sendDocument" {
		t.Fatalf("called %q", method)
	}
	fingerprint := strings.Repeat("AB", 20)
	for _, part := range []string{"key of fld", `filename="fld.asc"`, fingerprint, "--recipient " + fingerprint, "--output AAAA-BBBB.fld.asc AAAA-BBBB.txt",
		"Front Line Defenders", "Ayuda legal", "refer:AAAA-BBBB#.fld"} {
		if !strings.Contains(body, part) {
			t.Errorf("no %q in\n%s", part, body)
		}
	}
	method, body = referring(t, referrals.Notice{Kind: referrals.NoticeReferKey}, func(p *post, _ *memory) { p.keys.(*glass).dead["fld"] = true })
	if method != "sendMessage" || strings.Contains(body, "refer:") || !strings.Contains(body, "Front Line Defenders") {
		t.Errorf("without a usable key: %s %s", method, body)
	}
	if method, _ = referring(t, referrals.Notice{Kind: referrals.NoticeReferKey}, func(_ *post, m *memory) { m.hold(held("lima", "AAAA-BBBB", referrals.Withdrawn)) }); method != "" {
		t.Errorf("after the case was taken back: %s", method)
	}
}

func TestWhatBecomesOfReferringIsSaid(t *testing.T) {
	for _, k := range []referrals.NoticeKind{referrals.NoticeReferAsked, referrals.NoticeReferAlready, referrals.NoticeReferBusy, referrals.NoticeReferHas,
		referrals.NoticeReferGone, referrals.NoticeReferWiped, referrals.NoticeReferNo, referrals.NoticeReferLately, referrals.NoticeReferQuiet, referrals.NoticeReferOver, referrals.NoticeReferOn} {
		method, body := referring(t, referrals.Notice{Kind: k}, nil)
		if method != "sendMessage" || !strings.Contains(body, "AAAA-BBBB") || !strings.Contains(body, "Front Line Defenders") || strings.Contains(body, "reply_markup") ||
			strings.Contains(body, "desk.") {
			t.Errorf("%s: %s %s", k, method, body)
		}
	}
	for _, why := range []string{"not_encrypted", "key_foreign", "no_usable_key", ""} {
		method, body := referring(t, referrals.Notice{Kind: referrals.NoticeReferUnfit, Why: why}, nil)
		if method != "sendMessage" || !strings.Contains(body, "refer:AAAA-BBBB#.fld") || strings.Contains(body, "desk.refer") {
			t.Errorf("%s: %s %s", why, method, body)
		}
	}
	if _, body := referring(t, referrals.Notice{Kind: referrals.NoticeReferNo}, func(p *post, _ *memory) {
		p.dir = referrals.NewDirectory([]*referrals.Desk{p.dir.Desk("lima")})
	}); !strings.Contains(body, "fld") {
		t.Errorf("an organisation that was taken out of the configuration: %s", body)
	}
}

// A caption may have 1,024 characters, in every language, with the longest names and several keys.
func TestTheKeysCaptionFits(t *testing.T) {
	texts, err := i18n.Load([]string{"en", "es", "fr", "ar"})
	if err != nil {
		t.Fatal(err)
	}
	name := strings.Repeat("Organisation ", 5)
	id := strings.Repeat("x", 40)
	p := &post{dir: referrals.NewDirectory([]*referrals.Desk{{ID: id, Name: name}}), texts: texts}
	fingerprints := []string{strings.Repeat("A", 40), strings.Repeat("B", 40), strings.Repeat("C", 40), strings.Repeat("D", 40)}
	for _, lang := range texts.Languages() {
		d := &referrals.Desk{ID: "lima", Languages: []string{lang}}
		text := p.referText(d, referrals.Notice{Kind: referrals.NoticeReferKey, Code: "AAAA-BBBB", Lane: referrals.Emergency, About: id, For: "accompaniment"}, fingerprints)
		if n := units(text); n > 1024 {
			t.Errorf("%s: %d characters", lang, n)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "gpg ") && strings.ContainsFunc(line, func(r rune) bool { return r > 126 }) {
				t.Errorf("%s: %q is not to be copied", lang, line)
			}
		}
	}
}
