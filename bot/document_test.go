package bot

import (
	"strings"
	"testing"
	"time"

	"defenderline/flows"
	"defenderline/referrals"
)

// The document as an officer in Lima reads it at three in the morning.
func TestDocumentForAHuman(t *testing.T) {
	lima, err := time.LoadLocation("America/Lima")
	if err != nil {
		t.Fatal(err)
	}
	item := func(kind flows.ItemKind, text string, f *flows.File) flows.Item {
		return flows.Item{Field: "account", Kind: kind, Text: text, File: f}
	}
	d := flows.Draft{Flow: flows.FlowEmergency, Answers: map[string][]string{"urgency": {"now"}, "country": {"PE"}, "consent": {"mission", "fld"},
		"reach": {"signal"}, "subject": {"self"}, "safe": {"yes"}, "need": {"legal"}},
		Items: []flows.Item{item(flows.ItemText, "There are men outside.", nil), item(flows.ItemVoice, "", &flows.File{ID: "a"}),
			item(flows.ItemPhoto, "fotos de la\ncamioneta", &flows.File{ID: "b", Name: "car.jpg"}),
			{Field: "account", Kind: flows.ItemPlace, Lat: -12.05, Lon: -77.04}, {Field: "avoid", Kind: flows.ItemText, Text: "Do not call."},
			{Field: "evidence", Kind: flows.ItemFile, File: &flows.File{ID: "c", Type: "application/pdf"}}}}
	p := &paper{draft: d, code: "AAAA-BBBB", number: 1, at: noon, lane: referrals.Emergency, lang: "en",
		names: map[string]string{"mission": "British Embassy Lima", "fld": "Front Line Defenders"}}
	desk := *testDesks().Desk("lima")
	desk.Zone = lima
	doc := string(p.compose(&desk, testTexts(t)))
	at := 0
	for _, want := range []string{"Caso: AAAA-BBBB\n", "2026-11-21T12:00:00Z\n", "Hora local: 21 de noviembre de 2026, 07:00 (hora de Lima)\n",
		"Escrito en: inglés\n", "British Embassy Lima; Front Line Defenders\n", "Signal\n", "Do not call.\n", "Perú (PE)\n",
		"There are men outside.\n", "[nota de voz: AAAA-BBBB.f1.pgp]\n", "[foto: AAAA-BBBB.f2.pgp] fotos de la\ncamioneta\n",
		"Lugar: -12.050000, -77.040000\n", "[archivo: AAAA-BBBB.f3.pgp]\n", "Archivo: AAAA-BBBB.f1.pgp, nota de voz\n",
		"Archivo: AAAA-BBBB.f2.pgp, foto (car.jpg): fotos de la camioneta\n", "Archivo: AAAA-BBBB.f3.pgp, archivo\n", beginJSON} {
		i := strings.Index(doc[at:], want)
		if i < 0 {
			t.Fatalf("%q is missing, or stands too early:\n%s", want, doc)
		}
		at += i
	}
	if _, ok := parsed(t, []byte(doc))["evidence"]; ok {
		t.Error("a field of files alone has words in the machine-readable part")
	}
	desk.Zone = nil
	if doc := string(p.compose(&desk, testTexts(t))); strings.Contains(doc, "Hora local") {
		t.Error("a desk without a time zone is told the same time twice")
	}
	p.lang = "qu"
	if doc := string(p.compose(&desk, testTexts(t))); !strings.Contains(doc, "Escrito en: Runasimi\n") {
		t.Error("a language without a name here is not called by its own")
	}
}

// Inside the seal every file has a name that a program can save it under.
func TestFilesHaveNames(t *testing.T) {
	tests := map[string]flows.Item{
		"AAAA-BBBB.f1.jpg":  {Kind: flows.ItemPhoto, File: &flows.File{}},
		"AAAA-BBBB.f1.ogg":  {Kind: flows.ItemVoice, File: &flows.File{Type: "audio/unheard-of", Name: " "}},
		"AAAA-BBBB.f1.mp4":  {Kind: flows.ItemVideo, File: &flows.File{}},
		"AAAA-BBBB.f1.mp3":  {Kind: flows.ItemVoice, File: &flows.File{Type: "audio/mpeg"}},
		"AAAA-BBBB.f1.pdf":  {Kind: flows.ItemFile, File: &flows.File{Type: "application/pdf"}},
		"AAAA-BBBB.f1.bin":  {Kind: flows.ItemFile, File: &flows.File{}},
		"acta notarial.pdf": {Kind: flows.ItemFile, File: &flows.File{Name: "acta notarial.pdf"}},
	}
	for want, i := range tests {
		p := &paper{draft: flows.Draft{Items: []flows.Item{i}}, code: "AAAA-BBBB"}
		if got := p.waiting()[0].Given; got != want {
			t.Errorf("%s %s %q: %q, want %q", i.Kind, i.File.Type, i.File.Name, got, want)
		}
	}
}

// An addition says what was agreed for its case, to read and to programs.
func TestAdditionCarriesItsConsent(t *testing.T) {
	b := addition(t, "read")
	b.take(pressOn(9, "review:send"))
	if got := parsed(t, b.glass.sealed["lima"])["consent"]; len(got.([]any)) != 1 || got.([]any)[0] != "mission" {
		t.Errorf("of a case from an earlier version: %v", got)
	}
	b = addition(t, "read")
	s := b.state()
	s.Agreed = map[string][]string{"AAAA-BBBB": {"mission", "headquarters"}}
	b.record(s)
	b.take(pressOn(9, "review:send"))
	doc := b.glass.sealed["lima"]
	if got := parsed(t, doc)["consent"]; len(got.([]any)) != 2 || !strings.Contains(string(doc), "British Embassy Lima;") {
		t.Errorf("consent %v in\n%s", got, doc)
	}
}

// What was agreed is remembered with the case, and forgotten with it.
func TestConsentIsRememberedWithItsCase(t *testing.T) {
	b := ready(t, "mission", "headquarters")
	s := b.state()
	s.Agreed = map[string][]string{"GONE-CASE": {"mission"}}
	b.record(s)
	b.take(pressOn(9, "review:send"))
	got := b.state()
	if len(got.Agreed) != 1 || len(got.Agreed[got.Session.Cases[0].Code]) != 2 {
		t.Errorf("remembered %v", got.Agreed)
	}
}
