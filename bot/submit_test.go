package bot

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"defenderline/flows"
	"defenderline/referrals"
)

// desksOf are the desks of a commit's documents, in order.
func desksOf(c referrals.Commit) (out []string) {
	for _, d := range c.Documents {
		out = append(out, d.Desk)
	}
	return out
}

func TestConsentDecidesWhoGetsACopy(t *testing.T) {
	tests := map[string]struct {
		consent []string
		country string
		want    []string
	}{
		"the mission alone":                {[]string{"mission"}, "PE", []string{"lima"}},
		"the order is that of their turn":  {[]string{"headquarters", "fld", "mission"}, "PE", []string{"lima", "fld", "headquarters"}},
		"headquarters, not the mission":    {[]string{"headquarters"}, "PE", []string{"headquarters"}},
		"an id that nobody has":            {[]string{"mission", "nobody", "lima"}, "PE", []string{"lima"}},
		"an NGO that does not fit":         {[]string{"pbi", "fld"}, "PE", []string{"pbi", "fld"}},
		"no mission there":                 {[]string{"mission", "headquarters"}, "AQ", []string{"headquarters"}},
		"none":                             {[]string{"none"}, "PE", nil},
		"another mission's id is no value": {[]string{"kyiv"}, "PE", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			tn := &turn{turner: b.turner}
			d := filled(tt.consent...)
			d.Answers["country"] = []string{tt.country}
			var got []string
			for _, desk := range tn.consented(d) {
				got = append(got, desk.ID)
			}
			slices.Sort(got)
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got, want) {
				t.Errorf("sealed for %q, want %q", got, want)
			}
		})
	}
}

func TestSubmitKeepsEverythingInOneCommit(t *testing.T) {
	b := ready(t, "mission", "headquarters")
	calls := b.take(pressOn(9, "review:send"))
	if got := desksOf(b.last); !slices.Equal(got, []string{"lima", "headquarters"}) {
		t.Fatalf("sealed for %q", got)
	}
	if len(b.last.Births) != 1 {
		t.Fatalf("%d births", len(b.last.Births))
	}
	var c referrals.Case
	if err := json.Unmarshal(b.last.Births[0].State, &c); err != nil {
		t.Fatal(err)
	}
	if c.Chat != b.work.Member || c.Slot != "p07" || c.Lane != referrals.Urgent && c.Lane != referrals.Routine || len(c.Shares) != 2 ||
		c.Shares[0].Stage != referrals.Released || c.Shares[1].Stage != referrals.Kept {
		t.Errorf("case %+v", c)
	}
	if len(c.Waiting) != 1 || c.Waiting[0].Ref != "ref1" || c.Waiting[0].Name != c.Code.FileName(1) || b.last.Births[0].Again.IsZero() {
		t.Errorf("waiting %+v, due %v", c.Waiting, b.last.Births[0].Again)
	}
	if got := deletedIDs(t, calls); !slices.Equal(got, []int{11, 13}) {
		t.Errorf("deleted %v: the photo is not sealed yet, the words are", got)
	}
	text := screenText(t, calls)
	for _, want := range []string{string(c.Code), "British Embassy Lima", "Human Rights Desk"} {
		if !strings.Contains(text, want) {
			t.Errorf("the person is not told %q: %q", want, text)
		}
	}
	kept := b.state().Session.Cases
	if len(kept) != 1 || kept[0].Code != string(c.Code) || !slices.Equal(kept[0].Desks, []string{"lima", "headquarters"}) {
		t.Errorf("remembered %+v", kept)
	}
	for _, e := range b.last.Errands {
		raw, _ := json.Marshal(e)
		if e.Send == nil && bytes.Contains(raw, []byte(canary)) {
			t.Errorf("an errand holds what was written: %s", raw)
		}
	}
	if strings.Contains(b.log.String(), canary) || strings.Contains(string(b.work.State), canary) {
		t.Error("what was written is in the log or still in the record")
	}
}

func TestDeskThatCannotBeSealedToIsLeftOut(t *testing.T) {
	b := ready(t, "mission", "headquarters")
	b.glass.late["lima"] = true // the key dies between the question and the seal
	text := screenText(t, b.take(pressOn(9, "review:send")))
	if got := desksOf(b.last); !slices.Equal(got, []string{"headquarters"}) {
		t.Fatalf("sealed for %q", got)
	}
	if strings.Contains(text, "Lima") || !strings.Contains(text, "Human Rights Desk") {
		t.Errorf("who reads it: %q", text)
	}
	if b.counted("defenderline_seal_failures_total") != 1 {
		t.Error("not counted")
	}
}

func TestNothingIsSentWhenNothingCanBeSealed(t *testing.T) {
	b := ready(t, "mission", "headquarters")
	before := b.state().Session
	b.glass.late["lima"], b.glass.late["headquarters"] = true, true
	calls := b.take(pressOn(9, "review:send"))
	if !strings.Contains(screenText(t, calls), b.texts.Text("en", "line.not_accepted", nil)) {
		t.Errorf("said %q", screenText(t, calls))
	}
	if len(b.last.Documents)+len(b.last.Births)+len(deletedIDs(t, calls)) != 0 {
		t.Errorf("%d documents, %d births", len(b.last.Documents), len(b.last.Births))
	}
	got := b.state().Session
	if len(got.Draft.Items) != len(before.Draft.Items) || got.Draft.At != "review" || len(got.Cases) != 0 {
		t.Errorf("the draft did not stay: %+v", got.Draft)
	}
	b.glass.late = map[string]bool{}
	b.take(pressOn(10, "review:send"))
	if len(b.last.Births) != 1 {
		t.Error("it could not be sent when the keys were mended")
	}
}

// A case taken back in the same breath leaves no copy.
func TestTakenBackInTheSameTurn(t *testing.T) {
	b := newBench(t)
	tn := &turn{turner: b.turner, work: b.work, state: chatState{Chat: 5, Bot: lineBot}, at: noon}
	d := filled("mission")
	if err := tn.effect(t.Context(), flows.Effect{Kind: flows.Submit, Draft: d}, flows.Session{}); err != nil {
		t.Fatal(err)
	}
	code := tn.state.Session.Cases[0].Code
	if err := tn.effect(t.Context(), flows.Effect{Kind: flows.Withdraw, Case: code}, flows.Session{}); err != nil {
		t.Fatal(err)
	}
	if len(tn.out.Documents) != 0 || len(tn.out.Drops) != 1 {
		t.Errorf("%d copies stay, %d drops", len(tn.out.Documents), len(tn.out.Drops))
	}
}

// addition is a bench about to add to a case.
func addition(t testing.TB, state string) *bench0 {
	b := begun(t)
	s := b.state()
	s.Session.Cases = []flows.Case{{Code: "AAAA-BBBB", Flow: flows.FlowThreat, Lane: "urgent", State: state, SentAt: noon.Add(-time.Hour),
		Desks: []string{"lima", "gone"}, Documents: 1, Files: 1}}
	s.Session.Draft = flows.Draft{Flow: flows.FlowAdd, At: "review", Case: "AAAA-BBBB", Items: filled().Items}
	b.record(s)
	return b
}

func TestAdditionIsTheNextDocument(t *testing.T) {
	b := addition(t, "read")
	calls := b.take(pressOn(9, "review:send"))
	if len(b.last.Documents) != 1 || b.last.Documents[0].Name != "AAAA-BBBB.2.asc" || b.last.Documents[0].Desk != "lima" {
		t.Fatalf("documents %+v", b.last.Documents)
	}
	if got := deletedIDs(t, calls); !slices.Equal(got, []int{11, 13}) {
		t.Errorf("deleted %v", got)
	}
	var event referrals.Event
	for _, e := range b.last.Errands {
		if e.Post != nil {
			_ = json.Unmarshal(e.Post.Body, &event)
		}
	}
	if event.Kind != referrals.WasAdded || event.Documents != 2 || event.Files != 2 || len(event.Waiting) != 1 || event.Waiting[0].Name != "AAAA-BBBB.f2.pgp" {
		t.Errorf("event %+v", event)
	}
	if c := b.state().Session.Cases[0]; c.Documents != 2 || c.Files != 2 {
		t.Errorf("case %+v", c)
	}
}

// What could not be added does not use up its number.
func TestAdditionThatCannotBeSealedStays(t *testing.T) {
	b := addition(t, "read")
	b.glass.dead["lima"] = true
	text := screenText(t, b.take(pressOn(9, "review:send")))
	s := b.state().Session
	if len(b.last.Documents) != 0 || s.Cases[0].Documents != 1 || len(s.Draft.Items) != 3 {
		t.Errorf("documents %d, case %+v, draft %+v", len(b.last.Documents), s.Cases[0], s.Draft)
	}
	if !strings.Contains(text, b.texts.Text("en", "line.not_accepted", nil)) {
		t.Errorf("said %q", text)
	}
}

// A desk's dead key must not bar the way to an emergency.
func TestEmergencyPassesAnAdditionThatCannotBeSealed(t *testing.T) {
	b := addition(t, "read")
	s := b.state()
	s.Session.Draft = flows.Draft{Flow: flows.FlowAfter, At: "reach", Case: "AAAA-BBBB", Answers: map[string][]string{"subject": {"self"}}}
	b.record(s)
	b.glass.dead["lima"] = true
	b.take(say(20, "/emergency"))
	got := b.state().Session
	if got.Draft.Flow != flows.FlowEmergency {
		t.Fatalf("the conversation is %q", got.Draft.Flow)
	}
	if len(got.Parked) != 1 || got.Parked[0].Case != "AAAA-BBBB" {
		t.Errorf("the answers were lost: %+v", got.Parked)
	}
}

// An addition whose case the chat does not know is not tried for ever.
func TestAdditionWithoutACase(t *testing.T) {
	b := newBench(t)
	tn := &turn{turner: b.turner, work: b.work, state: chatState{Chat: 5, Bot: lineBot}, at: noon}
	for _, code := range []string{"", "AAAA-BBBB", "junk"} {
		if err := tn.add(flows.Draft{Flow: flows.FlowAdd, Case: code}, flows.Session{}); err != errNotTaken {
			t.Errorf("%q: error %v", code, err)
		}
	}
}

// parsed is the machine-readable part of a document, found as the contract says: between the lines.
func parsed(t interface{ Fatalf(string, ...any) }, document []byte) map[string]any {
	from, to := bytes.LastIndex(document, []byte(beginJSON+"\n")), bytes.LastIndex(document, []byte("\n"+endJSON+"\n"))
	if from < 0 || to < from {
		t.Fatalf("no machine-readable part: %q", document)
	}
	var out map[string]any
	if err := json.Unmarshal(document[from+len(beginJSON):to], &out); err != nil {
		t.Fatalf("the machine-readable part cannot be read: %v", err)
	}
	return out
}

func (p *paper) composed(t testing.TB, desk string) []byte {
	return p.compose(testDesks().Desk(desk), testTexts(t))
}

func TestDocumentAsTheContractSays(t *testing.T) {
	d := filled("mission")
	d.Answers["nickname"] = []string{"x"}
	p := &paper{draft: d, code: "AAAA-BBBB", number: 1, at: noon, lane: referrals.Urgent, lang: "en", names: map[string]string{"mission": "British Embassy Lima"}}
	doc := p.composed(t, "lima")
	if !bytes.Contains(doc, []byte("Perú (PE)")) || !bytes.Contains(doc, []byte("British Embassy Lima")) {
		t.Errorf("not in the desk's language: %s", doc)
	}
	got := parsed(t, doc)
	want := map[string]string{"code": `"AAAA-BBBB"`, "time": `"2026-11-21T12:00:00Z"`, "lane": `"urgent"`, "desk": `"lima"`, "consent": `["mission"]`,
		"harm": `["smear","raid"]`, "need": `["relocation"]`, "country": `"PE"`, "account": `["They came. canary-of-a-person","the car","Again."]`,
		"nickname": `"x"`, "document": `1`, "language": `"en"`}
	for field, w := range want {
		raw, _ := json.Marshal(got[field])
		if string(raw) != w {
			t.Errorf("%s is %s, want %s", field, raw, w)
		}
	}
	files, _ := json.Marshal(got["files"])
	if !strings.Contains(string(files), `"name":"AAAA-BBBB.f1.pgp"`) || !strings.Contains(string(files), `"original":"car.jpg"`) {
		t.Errorf("files %s", files)
	}
	for _, head := range []string{"AAAA-BBBB", "2026-11-21T12:00:00Z"} {
		if !bytes.Contains(doc[:200], []byte(head)) {
			t.Errorf("%q is not at the top", head)
		}
	}
}

// Without consent the field is there all the same.
func TestDocumentAlwaysHasConsent(t *testing.T) {
	p := &paper{draft: flows.Draft{Flow: flows.FlowAdd}, code: "AAAA-BBBB", number: 2, at: noon, lane: referrals.Routine, lang: "ar"}
	if got, ok := parsed(t, p.composed(t, "fld"))["consent"].([]any); !ok || len(got) != 0 {
		t.Errorf("consent %v", got)
	}
}

func TestDocumentKeepsDifficultWords(t *testing.T) {
	words := []string{
		"first\r\nsecond\rthird\n\n\nlast", beginJSON + "\n{\"code\":\"ZZZZ-ZZZZ\"}\n" + endJSON, endJSON, "padding: ",
		"\u202eright to left\u202c \u2067سلام\u2069", "<b>&amp;</b> \\u0041 \"quoted\" \\", strings.Repeat("ا", 40000), "\u2028\u2029\x00\x7f", "  spaces  ", "-----",
	}
	var items []flows.Item
	for i, w := range words {
		items = append(items, flows.Item{Field: "account", Kind: flows.ItemText, Text: w, Message: i + 1})
	}
	p := &paper{draft: flows.Draft{Flow: flows.FlowThreat, Items: items}, code: "AAAA-BBBB", number: 1, at: noon, lane: referrals.Urgent, lang: "en"}
	doc := p.composed(t, "lima")
	if n := bytes.Count(doc[bytes.LastIndex(doc, []byte(beginJSON)):], []byte("-----")); n != 4 {
		t.Errorf("%d runs of dashes from the last marker on: words can be taken for it", n)
	}
	got, _ := parsed(t, doc)["account"].([]any)
	if len(got) != len(words) {
		t.Fatalf("%d texts of %d", len(got), len(words))
	}
	for i, w := range words {
		if got[i] != w {
			t.Errorf("text %d was altered: %.60q", i, got[i])
		}
		if !bytes.Contains(doc, []byte(w+"\n")) {
			t.Errorf("text %d is not there to read", i)
		}
	}
	if ids := p.words(); len(ids) != len(words) {
		t.Errorf("%d messages to delete of %d", len(ids), len(words))
	}
}

func TestFileNamesStayOnTheirLine(t *testing.T) {
	d := flows.Draft{Items: []flows.Item{{Field: "account", Kind: flows.ItemFile, File: &flows.File{ID: "r", Name: "a\n" + beginJSON + "\n{}.pdf"}}}}
	p := &paper{draft: d, code: "AAAA-BBBB", number: 1, at: noon, lane: referrals.Urgent, lang: "en"}
	doc := p.composed(t, "fld")
	if bytes.Count(doc, []byte("\n"+beginJSON+"\n")) != 1 {
		t.Errorf("a file's name imitates the marker: %s", doc)
	}
}

// drawDraft draws a draft of any fields, words, files and places.
func drawDraft(rt *rapid.T) flows.Draft {
	fields := []string{"account", "place", "who", "when", "reach_detail", "avoid", "evidence", "unheard_of"}
	d := flows.Draft{Flow: rapid.SampledFrom([]string{flows.FlowEmergency, flows.FlowThreat, flows.FlowContact, flows.FlowAdd}).Draw(rt, "flow"),
		Answers: map[string][]string{}}
	for _, f := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"harm", "need", "country", "urgency", "consent", "account", "strange"}),
		rapid.ID[string]).Draw(rt, "answered") {
		d.Answers[f] = rapid.SliceOfN(rapid.StringMatching(`[a-z_]{1,12}`), 0, 3).Draw(rt, f)
	}
	for i := range rapid.IntRange(0, 12).Draw(rt, "items") {
		it := flows.Item{Field: rapid.SampledFrom(fields).Draw(rt, "field"), Kind: flows.ItemText, Message: i + 1,
			Text: rapid.StringN(0, 60, -1).Draw(rt, "text")}
		switch rapid.IntRange(0, 3).Draw(rt, "kind") {
		case 0:
			it.Kind, it.File = flows.ItemVoice, &flows.File{ID: fmt.Sprint("ref", i), Name: rapid.String().Draw(rt, "name")}
		case 1:
			it.Kind, it.Text, it.Lat, it.Lon = flows.ItemPlace, "", float64(i), -float64(i)
		}
		d.Items = append(d.Items, it)
	}
	return d
}

// Every word written is in the document, to read and in JSON; every file is listed and waits; and
// only messages whose whole content is sealed are deleted.
func TestEveryWordIsInTheDocument(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := &paper{draft: drawDraft(rt), code: "AAAA-BBBB", number: rapid.IntRange(1, 9).Draw(rt, "number"), at: noon,
			lane: referrals.Urgent, lang: "en", files: rapid.IntRange(0, 5).Draw(rt, "files")}
		doc := p.composed(t, rapid.SampledFrom([]string{"lima", "fld", referrals.Headquarters}).Draw(rt, "desk"))
		got := parsed(rt, doc)
		var names []string
		for _, w := range p.waiting() {
			names = append(names, w.Name)
		}
		listed, _ := got["files"].([]any)
		if len(listed) != len(names) || len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
			rt.Fatalf("%d files listed, %q wait", len(listed), names)
		}
		erased := p.words()
		for _, it := range p.draft.Items {
			words := got[it.Field]
			if chosen := p.draft.Answers[it.Field]; len(chosen) > 0 {
				words = got[it.Field+"_words"]
			}
			texts, _ := words.([]any)
			want := it.Text
			if it.Kind == flows.ItemPlace {
				want = fmt.Sprintf("%.6f, %.6f", it.Lat, it.Lon)
			}
			if want != "" && (!slices.Contains(texts, any(want)) || !bytes.Contains(doc, []byte(want))) {
				rt.Fatalf("%q of %s is missing", want, it.Field)
			}
			if slices.Contains(erased, it.Message) != (it.File == nil) {
				rt.Fatalf("message %d is deleted too early or never", it.Message)
			}
		}
		for f, chosen := range p.draft.Answers {
			for _, v := range chosen {
				raw, _ := json.Marshal(got[f])
				if several[f] && !strings.Contains(string(raw), `"`+v+`"`) {
					rt.Fatalf("%s of %s is missing in %s", v, f, raw)
				}
			}
		}
	})
}
