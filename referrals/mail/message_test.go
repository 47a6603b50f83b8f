package mail

import (
	"bytes"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/mail/mailtest"
)

// document is a sealed document's text as it is before padding; its words must not be outside the seal.
const document = "Case: K7QM-3XRP\nLane: emergency\n\nWhat happens: canary-account عاجل\r\nsecond line\n\n" +
	"-----BEGIN CASE JSON-----\n{\"code\":\"K7QM-3XRP\",\"account\":[\"canary-account عاجل\\r\\nsecond line\"]}\n-----END CASE JSON-----\n"

func headerOf(t *testing.T, raw []byte) mail.Header {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("no mail: %v\n%s", err, raw)
	}
	return m.Header
}

// piece is one part of a mail.
type piece struct {
	kind, disposition, file string
	body                    []byte // decoded
}

// pieces takes a mail apart as a reader does. The type of the whole is given with its parameters.
func pieces(t *testing.T, raw []byte) (kind string, params map[string]string, parts []piece) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("no mail: %v\n%s", err, raw)
	}
	kind, params, err = mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(kind, "multipart/") {
		var body io.Reader = m.Body
		if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		return kind, params, []piece{{kind: kind, body: all(t, body)}}
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		p, err := r.NextPart()
		if err == io.EOF {
			return kind, params, parts
		}
		if err != nil {
			t.Fatal(err)
		}
		disposition, _, _ := strings.Cut(p.Header.Get("Content-Disposition"), ";")
		inner, _, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, piece{inner, disposition, p.FileName(), all(t, p)})
	}
}

func all(t *testing.T, r io.Reader) []byte {
	t.Helper()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// over sends an alert through a real server and gives the bytes that it took over.
func over(t *testing.T, a Alert) []byte {
	t.Helper()
	srv := &server{}
	o := srv.options(t)
	srv.Serve(t)
	if err := sender(t, o).Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(srv.Everything(), "canary-account") {
		t.Error("a word of the account crossed the network in the clear")
	}
	got := srv.Got()
	if len(got) != 1 {
		t.Fatalf("%d mails", len(got))
	}
	return got[0].Data
}

func TestPGPMIMEOpensInGnuPGAsAMail(t *testing.T) {
	o := newOfficer(t)
	a := alert()
	a.Entity, a.File, a.Local = true, "K7QM-3XRP.mail.asc", ""
	a.Sealed = o.seals(a.File, Entity([]byte(document), "Confirme en el chat."))
	raw := over(t, a)
	kind, params, parts := pieces(t, raw)
	if kind != "multipart/encrypted" || params["protocol"] != "application/pgp-encrypted" || len(parts) != 2 {
		t.Fatalf("%s %v with %d parts, RFC 3156 wants multipart/encrypted with two", kind, params, len(parts))
	}
	if p := parts[0]; p.kind != "application/pgp-encrypted" || strings.TrimSpace(string(p.body)) != "Version: 1" {
		t.Errorf("the first part is %s %q", p.kind, p.body)
	}
	if p := parts[1]; p.kind != "application/octet-stream" || p.file != a.File || p.disposition != "inline" {
		t.Errorf("the second part is %s %s %s", p.kind, p.disposition, p.file)
	}
	wantSame(t, parts[1].body, a.Sealed)
	inner := o.opens(parts[1].body)
	if n := len(inner); n != 4096 {
		t.Errorf("%d bytes in it: the padding does not hold for mail", n)
	}
	kind, params, parts = pieces(t, inner)
	if kind != "text/plain" || params["charset"] != "utf-8" {
		t.Errorf("inside is %s %v", kind, params)
	}
	if !bytes.HasPrefix(parts[0].body, canonical([]byte(document))) {
		t.Errorf("inside is %q", parts[0].body)
	}
	for _, want := range []string{"To acknowledge", "Confirme en el chat.", `"canary-account عاجل\r\nsecond line"`} {
		if !strings.Contains(string(parts[0].body), want) {
			t.Errorf("inside lacks %q", want)
		}
	}
}

// wantSame demands the bytes that were sealed, but for the line ends that mail needs.
func wantSame(t *testing.T, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, canonical(want)) && !bytes.Equal(append(got, "\r\n"...), canonical(want)) {
		t.Errorf("the sealed message arrived otherwise:\n%s", got)
	}
}

func TestADocumentNotSealedForMailIsAFile(t *testing.T) {
	o := newOfficer(t)
	a := alert()
	a.Local = "Hay un mensaje sellado. عاجل"
	a.Sealed = o.seals("K7QM-3XRP.asc", []byte(document))
	kind, _, parts := pieces(t, over(t, a))
	if kind != "multipart/mixed" || len(parts) != 2 {
		t.Fatalf("%s with %d parts", kind, len(parts))
	}
	for _, want := range []string{"Case K7QM-3XRP waits", "Lane: emergency.", "2026-03-04 07:10:00 UTC", "To acknowledge", "Open K7QM-3XRP.asc", a.Local} {
		if !strings.Contains(string(parts[0].body), want) {
			t.Errorf("the words lack %q:\n%s", want, parts[0].body)
		}
	}
	if p := parts[1]; p.disposition != "attachment" || p.file != "K7QM-3XRP.asc" {
		t.Errorf("the file is %s %s", p.disposition, p.file)
	}
	wantSame(t, parts[1].body, a.Sealed)
	if text := o.opens(parts[1].body); !bytes.HasPrefix(text, []byte(document)) {
		t.Errorf("it opens to %q", text)
	}
}

// The header is this and nothing else: no program, no host, no case, no desk, no place.
func TestTheHeaderTellsNothing(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Auto-Submitted", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Precedence", "Subject", "To", "X-Auto-Response-Suppress"}
	for lane, subject := range map[referrals.Lane]string{referrals.Emergency: "Emergency: a sealed message waits",
		referrals.Urgent: "Urgent: a sealed message waits", referrals.Routine: "A sealed message waits"} {
		for _, entity := range []bool{false, true} {
			a := alert()
			a.Lane, a.Entity = lane, entity
			raw := over(t, a)
			h := headerOf(t, raw)
			if got := slices.Sorted(maps.Keys(h)); !slices.Equal(got, want) {
				t.Errorf("fields %v", got)
			}
			if h.Get("Subject") != subject || h.Get("Date") != "Wed, 04 Mar 2026 07:00:00 +0000" || h.Get("Auto-Submitted") != "auto-generated" {
				t.Errorf("%v", h)
			}
			if (h.Get("Precedence") == "special-delivery") != (lane == referrals.Emergency) {
				t.Errorf("%s goes as %s", lane, h.Get("Precedence"))
			}
			head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
			for _, tells := range []string{"K7QM", "go-mail", "Go-http", host, "127.0.0.1", mailtest.ServerName} {
				if strings.Contains(head, tells) {
					t.Errorf("the header tells %q:\n%s", tells, head)
				}
			}
			if id := h.Get("Message-Id"); len(id) != len("<@example.org>")+32 || !strings.HasSuffix(id, "@example.org>") {
				t.Errorf("Message-ID %s", id)
			}
		}
	}
}

func TestKindsWithoutADocument(t *testing.T) {
	for kind, want := range map[Kind]string{
		Offered: "Referral K7QM-3XRP-2 is offered to your organisation.",
		Expired: "The time to answer K7QM-3XRP-2 is over.",
		Page:    "Nobody has answered case K7QM-3XRP-2 in time",
	} {
		a := alert()
		a.Kind, a.Case, a.Sealed = kind, "K7QM-3XRP-2", nil
		raw := over(t, a)
		mimeKind, _, parts := pieces(t, raw)
		if mimeKind != "text/plain" || !strings.Contains(string(parts[0].body), want) {
			t.Errorf("%s: %s %s", kind, mimeKind, parts[0].body)
		}
		if subject := headerOf(t, raw).Get("Subject"); (subject == "The line needs its operator") != (kind == Page) {
			t.Errorf("%s: subject %q", kind, subject)
		}
	}
}

// A referral's document is its case's.
func TestAReferralCarriesItsCasesDocument(t *testing.T) {
	for file, want := range map[string]string{"": "K7QM-3XRP.asc", "K7QM-3XRP.2.mail.asc": "K7QM-3XRP.2.mail.asc"} {
		a := alert()
		a.Kind, a.Case, a.File, a.Entity = Added, "K7QM-3XRP-2", file, true
		raw := over(t, a)
		if _, _, parts := pieces(t, raw); len(parts) != 2 || parts[1].file != want || !bytes.Contains(raw, []byte("More was added to case K7QM-3XRP-2,")) {
			t.Errorf("%q came as\n%s", file, raw)
		}
	}
}

// Armor headers name a program and may hold somebody's comment.
func TestArmorHeadersStayBehind(t *testing.T) {
	a := alert()
	a.Sealed = []byte(strings.Replace(armored, "\n\n", "\nVersion: canary 1\nComment: canary\n\n", 1))
	raw := over(t, a)
	_, _, parts := pieces(t, raw)
	if bytes.Contains(raw, []byte("canary")) {
		t.Errorf("an armor header left:\n%s", raw)
	}
	wantSame(t, parts[1].body, []byte(armored))
}

func TestWhatNeverBecomesAMail(t *testing.T) {
	srv := &server{}
	o := srv.options(t)
	srv.Serve(t)
	s := sender(t, o)
	for name, spoil := range map[string]func(a *Alert){
		"no address":               func(a *Alert) { a.To = "" },
		"a named address":          func(a *Alert) { a.To = "Officer <duty@example.org>" },
		"two addresses":            func(a *Alert) { a.To = "duty@example.org,other@example.org" },
		"an address with CRLF":     func(a *Alert) { a.To = "duty@example.org>\r\nRCPT TO:<other@example.org" },
		"an address with a space":  func(a *Alert) { a.To = `"du ty"@example.org` },
		"an address with parts":    func(a *Alert) { a.To = "duty@example.org> SIZE=1" },
		"letters beyond ASCII":     func(a *Alert) { a.To = "düty@example.org" },
		"too long an address":      func(a *Alert) { a.To = strings.Repeat("a", 250) + "@example.org" },
		"no kind":                  func(a *Alert) { a.Kind = "" },
		"another kind":             func(a *Alert) { a.Kind = "alert\r\nX: y" },
		"another lane":             func(a *Alert) { a.Lane = "emergency\r\nX: y" },
		"no code":                  func(a *Alert) { a.Case = "" },
		"a code with CRLF":         func(a *Alert) { a.Case = "K7QM-3XRP\r\nX: y" },
		"a code as people type it": func(a *Alert) { a.Case = "k7qm3xrp" },
		"a file of another case":   func(a *Alert) { a.File = "K7QM-3XRQ.asc" },
		"a file of longer code":    func(a *Alert) { a.File = "K7QM-3XRPA.asc" },
		"a file with a quote":      func(a *Alert) { a.File = `K7QM-3XRP".asc` },
		"a file with CRLF":         func(a *Alert) { a.File = "K7QM-3XRP\r\nX: y.asc" },
		"a file that is run":       func(a *Alert) { a.File = "K7QM-3XRP.asc.exe" },
		"no document":              func(a *Alert) { a.Sealed = nil },
		"words in the clear":       func(a *Alert) { a.Sealed = []byte(document) },
		"words before the seal":    func(a *Alert) { a.Sealed = []byte("canary\n" + armored) },
		"words after the seal":     func(a *Alert) { a.Sealed = []byte(armored + "canary\n") },
		"words within the armor":   func(a *Alert) { a.Sealed = []byte(strings.Replace(armored, "=AAAA", "my words", 1)) },
		"two documents":            func(a *Alert) { a.Sealed = []byte(armored + armored) },
		"a private key":            func(a *Alert) { a.Sealed = []byte(strings.ReplaceAll(armored, "MESSAGE", "PRIVATE KEY BLOCK")) },
		"an empty armor":           func(a *Alert) { a.Sealed = []byte(armorBegin + "\n\n" + armorEnd + "\n") },
		"an offer with a document": func(a *Alert) { a.Kind = Offered },
		"an offer as PGP/MIME":     func(a *Alert) { a.Kind, a.Sealed, a.Entity = Offered, nil, true },
		"words that are no text":   func(a *Alert) { a.Local = "a\xff" },
		"words without end":        func(a *Alert) { a.Local = strings.Repeat("a", maxLocal+1) },
	} {
		a := alert()
		spoil(&a)
		err := s.Send(t.Context(), a)
		if ReasonOf(err) != Refused {
			t.Errorf("%s: %v", name, err)
		}
		wantError(t, err, Refused, StepAlert, 0)
	}
	if said := srv.Everything(); said != "" {
		t.Errorf("the server heard %q", said)
	}
}

// Whatever the fields hold, a mail that is written has this package's fields, parts and line ends.
func FuzzLetter(f *testing.F) {
	f.Add("duty@example.org", "alert", "emergency", "K7QM-3XRP", "", []byte(armored), true, "")
	f.Add("duty@example.org", "addition", "routine", "K7QM-3XRP", "K7QM-3XRP.2.asc", []byte(armored), false, "línea\n.\nFrom here\r\rX: y")
	f.Add("duty@example.org", "offer", "urgent", "K7QM-3XRP-2", "", []byte(nil), false, "=\t \r")
	f.Add("duty@example.org\r\nBcc: x@example.org", "page", "urgent", "K7QM-3XRP\r\n\r\nwords", "a\r\nb", []byte("words"), false, "")
	f.Fuzz(func(t *testing.T, to, kind, lane, code, file string, sealed []byte, entity bool, local string) {
		a := Alert{To: to, Kind: Kind(kind), Lane: referrals.Lane(lane), Case: code, File: file, Due: noon, Sealed: sealed, Entity: entity, Local: local}
		l, err := newLetter(a, "line@example.org", noon, strings.NewReader(strings.Repeat("r", 32)))
		if err != nil {
			if ReasonOf(err) != Refused {
				t.Fatalf("%v", err)
			}
			return
		}
		raw, err := l.bytes()
		if err != nil {
			t.Fatal(err)
		}
		wantLines(t, raw)
		h := headerOf(t, raw)
		if n := len(h); n != 10 && (n != 11 || l.armored != nil) || len(h["To"]) != 1 || h.Get("To") != "<"+to+">" {
			t.Fatalf("%d fields: %v", n, h)
		}
		_, _, parts := pieces(t, raw)
		if sealed, _ := a.Kind.carries(); sealed != (len(parts) == 2) || sealed && !bytes.HasPrefix(parts[1].body, []byte(armorBegin+"\r\n\r\n")) {
			t.Fatalf("%d parts", len(parts))
		}
	})
}

// wantLines demands ASCII in lines of at most 998 bytes that end in CRLF (RFC 5322, section 2.1.1).
func wantLines(t *testing.T, raw []byte) {
	t.Helper()
	for line := range bytes.Lines(raw) {
		text, ok := bytes.CutSuffix(line, []byte("\r\n"))
		if !ok && !bytes.HasSuffix(raw, line) || len(text) > 998 || bytes.ContainsAny(text, "\r\x00") {
			t.Fatalf("a line %q", line)
		}
		for _, c := range text {
			if c >= 0x80 {
				t.Fatalf("a line %q", line)
			}
		}
	}
}

func FuzzEntity(f *testing.F) {
	f.Add([]byte(document), "Confirme.")
	f.Add([]byte("a\rb\r\r\nc\n\r"), "")
	f.Fuzz(func(t *testing.T, text []byte, local string) {
		_, _, parts := pieces(t, Entity(text, local))
		plain := func(b []byte) []byte { return bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")) }
		if !bytes.HasPrefix(plain(parts[0].body), plain(text)) {
			t.Fatalf("%q of %q", parts[0].body, text)
		}
	})
}

func TestDatesAreInUTC(t *testing.T) {
	if got := date(time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", -5*3600))); got != "Fri, 02 Jan 2026 08:04:05 +0000" {
		t.Error(got)
	}
}
