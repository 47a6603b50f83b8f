package referrals

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// referDesks are those of lineDesks, another mission, and an NGO with needs of its own.
func referDesks() roomy {
	desks := lineDesks().Desks()
	return roomy{Directory: NewDirectory(append(desks, &Desk{ID: "quito", Kind: MissionDesk, Countries: []string{"EC"}, Ladder: []Rung{{Chat: 9}}},
		&Desk{ID: "andes", Kind: NGODesk, Accepting: true, Countries: []string{"EC", "PE"}, Needs: []string{"legal", "digital"}},
		&Desk{ID: "asia", Kind: NGODesk, Accepting: true, Countries: []string{"NP"}, Needs: []string{"legal"}}))}
}

// referred reads what happens when a case is handed on, and else what happening reads: "suggest lima andes", "yes lima andes",
// "no lima andes", "yes - headquarters" (the line asked), "hand lima andes", "fit lima andes", "unfit lima andes", "days 3".
func referred(t testing.TB, c Case, s string, at time.Time) Event {
	t.Helper()
	words := append(strings.Fields(s), "", "", "")
	by, to := words[1], words[2]
	e := Event{Desk: by, At: at, Refer: &Refer{To: to, For: "legal", Rung: 1}}
	if i := c.share(by); i >= 0 {
		e.Holding = c.Shares[i].Holding
	}
	switch words[0] {
	case "suggest":
		e.Kind = WasSuggested
	case "hand":
		e.Kind, e.Waiting = WasHanded, []WaitingFile{{Ref: "file", Message: 5}}
	case "fit":
		e.Kind = WasFit
	case "unfit":
		e.Kind, e.Refer.Why = WasUnfit, "passphrase"
	case "yes", "no":
		e = Event{Kind: WasAnswered, At: at, Question: &Question{Field: ConsentField, About: to, By: strings.Trim(by, "-"), At: noon}, Answer: ConsentNone}
		if words[0] == "yes" {
			e.Answer = to
		}
		return e
	default:
		return happening(t, c, s, at)
	}
	e.Refer.By = by
	return e
}

// said says what errands do, in words.
func said(t testing.TB, errands []Errand) string {
	t.Helper()
	var out []string
	for _, e := range errands {
		switch {
		case e.Line != nil: // TestTurns looks at it
		case e.Notice != nil && e.Notice.Kind.OfReferring():
			out = append(out, strings.TrimPrefix(string(e.Notice.Kind), "refer_")+" "+e.Notice.Desk+" "+e.Notice.About)
		case e.Post != nil && e.Post.To.Name == testCode.FilesName():
			out = append(out, "examine")
		case e.Post != nil && strings.Contains(string(e.Post.Body), `"q":`):
			out = append(out, "ask")
		default:
			out = append(out, inAWord(t, e))
		}
	}
	return strings.Join(out, ", ")
}

const begunLima = "sent > alert lima; ack lima > tell read lima; "

// TestReferring is written as TestTurns is.
func TestReferring(t *testing.T) {
	for _, tt := range []struct{ name, shares, life string }{
		{"a desk without a copy: asked, sealed by the officer, passed on", "lima", begunLima +
			"suggest lima andes > ask, asked lima andes; yes lima andes > key lima andes; hand lima andes > examine; " +
			"fit lima andes > offer andes 1, tell released andes, on lima andes"},
		{"a copy whose turn had not come: released at once", "lima a b", "sent > alert lima, offer a 1; ack lima > tell read lima; " +
			"suggest lima b > ask, asked lima b; yes lima b > offer b 2, tell released b, on lima b; pass a > "},
		{"a copy that was declined before", "lima a", "sent > alert lima, offer a 1; ack lima > tell read lima; claim a > ; return a > ; " +
			"suggest lima a > ask, asked lima a; yes lima a > offer a 2, tell released a, on lima a; add 2 > addition lima 2.asc; accept a > tell accepted a"},
		{"no", "lima", begunLima + "suggest lima andes > ask, asked lima andes; no lima andes > no lima andes; " +
			"yes lima andes > ; hand lima andes > over lima andes; fit lima andes > ; suggest lima andes > lately lima andes; suggest lima a > ask, asked lima a; no lima a > no lima a; " +
			"suggest lima andes > lately lima andes; suggest lima a > lately lima a"},
		{"no, by another desk that suggests it too", "lima headquarters", "sent > alert lima; silent lima > alert headquarters, tell released headquarters; ack lima > tell read lima; " +
			"ack headquarters > tell read headquarters; suggest lima a > ask, asked lima a; no lima a > no lima a; suggest headquarters a > lately headquarters a"},
		{"asked twice", "lima", begunLima + "suggest lima andes > ask, asked lima andes; suggest lima andes > already lima andes; suggest lima a > busy lima a"},
		{"agreed, and asked for once more: the key again", "lima", begunLima +
			"suggest lima andes > ask, asked lima andes; yes lima andes > key lima andes; suggest lima andes > key lima andes; suggest lima a > ask, asked lima a"},
		{"a document that is not fit is still awaited", "lima", begunLima + "suggest lima andes > ask, asked lima andes; yes lima andes > key lima andes; " +
			"hand lima andes > examine; unfit lima andes > unfit lima andes; hand lima andes > examine; fit lima andes > offer andes 1, tell released andes, on lima andes; " +
			"hand lima andes > over lima andes; fit lima andes > ; suggest lima andes > has lima andes"},
		{"who has it already", "lima a", "sent > alert lima, offer a 1; ack lima > tell read lima; suggest lima a > has lima a; accept a > tell accepted a; suggest lima a > has lima a"},
		{"before anybody has read it", "lima", "sent > alert lima; suggest lima andes > ; silent lima > page, tell unanswered; suggest lima andes > "},
		{"after it was closed", "lima", begunLima + "close lima > tell closed lima; suggest lima andes > "},
		{"closed while the document is awaited: it may still come", "lima", begunLima + "suggest lima andes > ask, asked lima andes; " +
			"yes lima andes > key lima andes; close lima > tell closed lima, key lima andes; hand lima andes > examine; fit lima andes > offer andes 1, tell released andes, on lima andes"},
		{"closed before the yes: the document is taken all the same", "lima", begunLima + "suggest lima andes > ask, asked lima andes; close lima > tell closed lima; " +
			"yes lima andes > key lima andes; hand lima andes > examine; fit lima andes > offer andes 1, tell released andes, on lima andes"},
		{"by an NGO, by nobody, by another desk", "lima a", "sent > alert lima, offer a 1; ack lima > tell read lima; accept a > tell accepted a; " +
			"suggest a andes > ; suggest nobody andes > ; suggest headquarters andes > "},
		{"to whom a mission may not", "lima", begunLima + "suggest lima lima > gone lima lima; suggest lima headquarters > gone lima headquarters; " +
			"suggest lima quito > gone lima quito; suggest lima full > gone lima full; suggest lima nobody > gone lima nobody"},
		{"headquarters to a mission", "headquarters", "sent > alert headquarters; ack headquarters > tell read headquarters; " +
			"suggest headquarters quito > ask, asked headquarters quito; yes headquarters quito > key headquarters quito; hand headquarters quito > examine; " +
			"fit headquarters quito > alert quito, tell released quito, on headquarters quito; ack quito > tell read quito"},
		{"an organisation, after consent was taken back from it", "lima a", "sent > alert lima, offer a 1; ack lima > tell read lima; revoke a > withdraw a; " +
			"suggest lima a > ask, asked lima a; yes lima a > key lima a; hand lima a > examine; fit lima a > offer a 2, tell released a, on lima a"},
		{"a mission, after consent was taken back from it", "lima headquarters", "sent > alert lima; ack lima > tell read lima; revoke lima > withdraw lima, alert headquarters, tell released headquarters; " +
			"ack headquarters > tell read headquarters; suggest headquarters lima > gone headquarters lima"},
		{"and while it is asked about", "headquarters", "sent > alert headquarters; ack headquarters > tell read headquarters; " +
			"suggest headquarters quito > ask, asked headquarters quito; yes headquarters quito > key headquarters quito; hand headquarters quito > examine; " +
			"fit headquarters quito > alert quito, tell released quito, on headquarters quito; revoke quito > withdraw quito; suggest headquarters quito > gone headquarters quito; yes headquarters quito > "},
		{"withdrawn while it is asked", "lima", begunLima + "suggest lima andes > ask, asked lima andes; withdraw > withdraw lima; yes lima andes > ; hand lima andes > ; fit lima andes > "},
		{"withdrawn while the document is awaited and after it was passed on", "lima", begunLima + "suggest lima andes > ask, asked lima andes; yes lima andes > key lima andes; " +
			"hand lima andes > examine; fit lima andes > offer andes 1, tell released andes, on lima andes; withdraw > withdraw lima, withdraw andes"},
		{"wiped while it is asked", "lima", begunLima + "suggest lima andes > ask, asked lima andes; wipe > wiped lima andes; yes lima andes > ; suggest lima andes > wiped lima andes"},
		{"wiped while the document is awaited: the consent stays", "lima", begunLima +
			"suggest lima andes > ask, asked lima andes; yes lima andes > key lima andes; wipe > ; hand lima andes > examine; fit lima andes > offer andes 1, on lima andes"},
		{"after silence headquarters is agreed to", "lima", "sent > alert lima; silent lima > page, tell unanswered; " +
			"yes - headquarters > alert headquarters, tell released headquarters; ack headquarters > tell read headquarters; ack lima > tell read lima"},
		{"and is silent too: paged again", "lima", "sent > alert lima; silent lima > page, tell unanswered; " +
			"yes - headquarters > alert headquarters, tell released headquarters; silent headquarters > page, tell unanswered; yes - a > offer a 1, tell released a; pass a > page, tell unanswered"},
		{"a yes that the acknowledgement overtook", "lima", "sent > alert lima; silent lima > page, tell unanswered; ack lima > tell read lima; " +
			"yes - headquarters > alert headquarters, tell released headquarters"},
		{"no after silence, a desk that is none, a yes after it was withdrawn", "lima", "sent > alert lima; silent lima > page, tell unanswered; no - headquarters > ; " +
			"yes - nobody > ; yes - lima > ; withdraw > withdraw lima; yes - headquarters > "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, dir := shared(tt.shares), referDesks()
			for i, step := range strings.Split(tt.life, ";") {
				what, want, _ := strings.Cut(step, ">")
				e := referred(t, c, strings.TrimSpace(what), noon.Add(time.Duration(i)*time.Minute))
				before := copied(c)
				before.Refers = slices.Clone(c.Refers)
				next, errands := c.Happen(e, dir)
				if !reflect.DeepEqual(c, before) {
					t.Fatalf("%q changed the case it was given", what)
				}
				if got := said(t, errands); got != strings.TrimSpace(want) {
					t.Fatalf("%s: %s\n got %s\nwant %s\n now %+v %+v", tt.shares, what, got, want, next.Shares, next.Refers)
				}
				if again, _ := next.Happen(e, dir); !reflect.DeepEqual(again, next) {
					t.Fatalf("%q again\nbefore %+v\n after %+v", what, next, again)
				}
				c = next
			}
		})
	}
}

// The person's chat keeps a case open whose document, or whose answer ("add 1" is none), is still awaited: it is theirs to take back, and they hear where it went.
func TestACaseThatIsClosedBeforeItsDocumentCameStaysThePersons(t *testing.T) {
	for answer, held := range map[string]bool{"yes lima andes": true, "no lima andes": false, "add 1": true} {
		c, _ := referredTo(t, shared("lima"), referDesks(), "sent", "ack lima", "suggest lima andes", answer)
		_, errands := c.Happen(referred(t, c, "close lima", noon.Add(time.Hour)), referDesks())
		var n News
		if err := json.Unmarshal(errands[0].Post.Body[1:], &n); err != nil || n.State != "closed" || n.Held != held {
			t.Errorf("%s: %+v, %v", answer, n, err)
		}
	}
}

// referredTo lets things happen to a case of lima's, a minute apart.
func referredTo(t testing.TB, c Case, dir rooms, events ...string) (Case, []Errand) {
	t.Helper()
	var all []Errand
	for i, s := range events {
		var errands []Errand
		c, errands = c.Happen(referred(t, c, s, noon.Add(time.Duration(i)*time.Minute)), dir)
		all = append(all, errands...)
	}
	return c, all
}

func TestASuggestionIsAskedWithItsPurpose(t *testing.T) {
	dir := referDesks()
	_, errands := referredTo(t, shared("lima a b"), dir, "sent", "ack lima", "suggest lima b")
	var n News
	if err := json.Unmarshal(errands[len(errands)-2].Post.Body[1:], &n); err != nil {
		t.Fatal(err)
	}
	if q := n.Question; q == nil || *q != (Question{Field: "consent", About: "b", By: "lima", For: "legal", Copy: true, At: noon.Add(2 * time.Minute)}) {
		t.Errorf("asked %+v", q)
	}
	if told := errands[len(errands)-1].Notice; told.Rung != 1 || told.Code != string(testCode) || told.For != "legal" {
		t.Errorf("the officer is told %+v", told)
	}
	c, _ := referredTo(t, shared("lima"), dir, "sent", "ack lima")
	if next, errands := c.Happen(Event{Kind: WasSuggested, Desk: "lima", Holding: string(testCode), At: noon, Refer: &Refer{To: "andes", For: "words of an officer"}}, dir); len(next.Refers) > 0 || said(t, errands) != "gone lima andes" {
		t.Errorf("a purpose that is none: %+v", next.Refers)
	}
}

// What came of a suggestion is in the audit trail of the desk that made it, and not what it was for. What was not asked is not.
func TestASuggestionIsInTheAuditTrail(t *testing.T) {
	for life, want := range map[string][]Line{
		"suggest lima quito":                    nil, // a mission's is not to suggest
		"suggest lima andes":                    {{Kind: LineAsked, Way: ByChat}},
		"suggest lima andes; suggest lima asia": {{Kind: LineAsked, Way: ByChat}},
		"suggest lima andes; yes lima andes":    {{Kind: LineAsked, Way: ByChat}, {Kind: LineAgreed, Way: ByDefender}},
		"suggest lima andes; no lima andes":     {{Kind: LineAsked, Way: ByChat}, {Kind: LineRefused, Way: ByDefender}},
	} {
		_, errands := referredTo(t, shared("lima"), referDesks(), append([]string{"sent", "ack lima"}, strings.Split(life, "; ")...)...)
		var got []Line
		for _, e := range errands {
			if e.Line != nil {
				got = append(got, *e.Line)
			}
		}
		for i := range want {
			want[i].Desk, want[i].Code, want[i].Lane, want[i].Why = "lima", string(testCode), Urgent, "andes"
			want[i].At = noon.Add(time.Duration(2+i) * time.Minute)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %+v, want %+v", life, got, want)
		}
	}
}

// An officer who was revoked meanwhile is not told; their colleagues are.
func TestAReferrerWhoIsGone(t *testing.T) {
	dir := referDesks()
	c, _ := referredTo(t, shared("lima"), dir, "sent", "ack lima", "suggest lima andes")
	dir.Desk("lima").Ladder[1] = Rung{}
	if _, errands := c.Happen(referred(t, c, "no lima andes", noon), dir); errands[0].Notice.Rung != EveryRung {
		t.Errorf("%+v", errands[0].Notice)
	}
}

// A no stands for as long as an answer is waited for; then the desk may ask once more.
func TestANoStandsForAWhile(t *testing.T) {
	dir := referDesks()
	c, _ := referredTo(t, shared("lima"), dir, "sent", "ack lima", "suggest lima andes", "no lima andes")
	answered := noon.Add(3 * time.Minute)
	if next, errands := c.Happen(referred(t, c, "suggest lima andes", answered.Add(AskedFor-time.Second)), dir); said(t, errands) != "lately lima andes" || len(next.Refers) > 0 {
		t.Errorf("too early: %s", said(t, errands))
	}
	c, errands := c.Happen(referred(t, c, "suggest lima andes", answered.Add(AskedFor)), dir)
	if said(t, errands) != "ask, asked lima andes" {
		t.Errorf("afterwards: %s", said(t, errands))
	}
	if c, _ = c.Happen(referred(t, c, "no lima andes", answered.Add(2*AskedFor)), dir); len(c.Noes) != 1 || !c.Noes[0].At.Equal(answered.Add(2*AskedFor)) {
		t.Errorf("a further no: %+v", c.Noes)
	}
}

func TestNoAnswerIsToldOnce(t *testing.T) {
	dir := referDesks()
	c, _ := referredTo(t, shared("lima"), dir, "sent", "ack lima", "suggest lima andes")
	asked := noon.Add(2 * time.Minute)
	if c.Due() != asked.Add(AskedFor) {
		t.Fatalf("due %v", c.Due())
	}
	if _, errands := c.Overdue(asked.Add(AskedFor-time.Second), dir); len(errands) > 0 {
		t.Error("too early")
	}
	quiet, errands := c.Overdue(asked.Add(AskedFor), dir)
	if said(t, errands) != "quiet lima andes" || !quiet.Due().IsZero() || c.Refers[0].Quiet {
		t.Errorf("%s, due %v", said(t, errands), quiet.Due())
	}
	if _, more := quiet.Overdue(asked.Add(2*AskedFor), dir); len(more) > 0 {
		t.Error("told twice")
	}
	if _, errands := quiet.Happen(referred(t, quiet, "yes lima andes", noon), dir); said(t, errands) != "key lima andes" {
		t.Errorf("a late answer: %s", said(t, errands))
	}
	agreed, _ := quiet.Happen(referred(t, quiet, "yes lima andes", asked), dir) // and nobody seals the document
	reminded, errands := agreed.Overdue(asked.Add(AskedFor), dir)
	if said(t, errands) != "key lima andes" || !agreed.Due().Equal(asked.Add(AskedFor)) || !reminded.Due().IsZero() {
		t.Errorf("agreed and forgotten: %s, due %v, then %v", said(t, errands), agreed.Due(), reminded.Due())
	}
	if passed, _ := reminded.Happen(referred(t, reminded, "fit lima andes", asked), dir); !passed.Due().IsZero() {
		t.Errorf("passed on, and due %v", passed.Due())
	}
	if _, errands := quiet.Happen(referred(t, quiet, "suggest lima a", noon), dir); said(t, errands) != "ask, asked lima a" {
		t.Errorf("another organisation afterwards: %s", said(t, errands))
	}
	if ended, _ := c.Happen(Event{Kind: WasWithdrawn, At: noon}, dir); !ended.Due().IsZero() {
		t.Error("a case that is over comes due")
	}
}

func TestAnOrganisationTakenOutOfTheConfiguration(t *testing.T) {
	with, without := referDesks(), lineRooms()
	asked, _ := referredTo(t, shared("lima"), with, "sent", "ack lima", "suggest lima andes")
	if next, errands := asked.Happen(referred(t, asked, "yes lima andes", noon), without); said(t, errands) != "gone lima andes" || len(next.Refers) > 0 {
		t.Errorf("agreed: %s", said(t, errands))
	}
	agreed, _ := asked.Happen(referred(t, asked, "yes lima andes", noon), with)
	if _, errands := agreed.Happen(referred(t, agreed, "fit lima andes", noon), without); said(t, errands) != "gone lima andes" {
		t.Errorf("passed on: %s", said(t, errands))
	}
}

// What a desk seals is looked at as the first document of the case for the one organisation; files that the defender sends
// meanwhile are sealed for it too.
func TestWhatIsExamined(t *testing.T) {
	c, errands := referredTo(t, shared("lima"), referDesks(), "sent", "ack lima", "suggest lima andes", "yes lima andes", "hand lima andes", "hand lima andes")
	var jobs []FileJob
	ids := map[string]bool{}
	for _, e := range errands {
		if e.Post == nil || e.Post.To.Name != testCode.FilesName() {
			continue
		}
		var j FileJob
		if err := json.Unmarshal(e.Post.Body, &j); err != nil {
			t.Fatal(err)
		}
		jobs, ids[e.Post.ID] = append(jobs, j), true
		if strings.Contains(e.Post.ID, "andes") {
			t.Errorf("an id tells whom the case may go to: %s", e.Post.ID)
		}
	}
	if len(jobs) != 2 || len(ids) != 2 || jobs[0].File.Name != "K7QM-3XRP.asc" || !slices.Equal(jobs[0].Desks, []string{"andes"}) || jobs[0].Refer.By != "lima" {
		t.Fatalf("%+v", jobs)
	}
	c, errands = c.Happen(happening(t, c, "add 2", noon), referDesks())
	if said(t, errands) != "addition lima 2.asc" {
		t.Error(said(t, errands))
	}
	var j FileJob
	if err := json.Unmarshal(c.Jobs(noon)[0].Post.Body, &j); err != nil || !slices.Equal(j.Desks, []string{"lima", "andes"}) {
		t.Errorf("sealed for %v, %v", j.Desks, err)
	}
}

func TestReferable(t *testing.T) {
	dir := referDesks()
	ids := func(from string, usable func(string) error) string {
		var out []string
		for _, d := range dir.Referable(dir.Desk(from), usable) {
			out = append(out, d.ID)
		}
		return strings.Join(out, " ")
	}
	for from, want := range map[string]string{"lima": "andes a b c", "quito": "andes a b c", Headquarters: "a b c andes asia lima quito", "a": "", "nobody": ""} {
		if got := ids(from, nil); got != want {
			t.Errorf("%s: %s, want %s", from, got, want)
		}
	}
	if got := ids("lima", func(desk string) error {
		if desk == "a" {
			return ErrUnknown
		}
		return nil
	}); got != "andes b c" {
		t.Errorf("without the one that cannot be sealed to: %s", got)
	}
	if got := PurposesOf(dir.Desk("andes")); !slices.Equal(got, []string{"legal", "digital", "other"}) {
		t.Errorf("andes: %v", got)
	}
	if got := PurposesOf(dir.Desk("quito")); !slices.Equal(got, Purposes()) {
		t.Errorf("a mission: %v", got)
	}
}
