package referrals

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNamesOfDocuments(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{testCode.DocumentName(1), "K7QM-3XRP.asc"}, {testCode.DocumentName(0), "K7QM-3XRP.asc"},
		{testCode.DocumentName(2), "K7QM-3XRP.2.asc"}, {testCode.DocumentName(12), "K7QM-3XRP.12.asc"},
		{testCode.FileName(1), "K7QM-3XRP.f1.pgp"}, {testCode.FileName(10), "K7QM-3XRP.f10.pgp"}, {testCode.Name(), "kK7QM-3XRP"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s, want %s", tt.got, tt.want)
		}
	}
}

func TestEventPost(t *testing.T) {
	sent := Event{Kind: WasAdded, At: noon, Documents: 3, Files: 1, Waiting: []WaitingFile{{Name: "K7QM-3XRP.f1.pgp", Ref: "x"}}}
	p := EventPost("p07", testCode, "added:3", sent)
	var got Event
	if err := json.Unmarshal(p.Body, &got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%+v, %v", got, err)
	}
	if (p.To != Member{Slot: "p07", Name: "kK7QM-3XRP"}) || p.ID != "added:3" || p.Order != noon.UnixMilli() {
		t.Errorf("%+v", p)
	}
	if later := EventPost("p07", testCode, "x", Event{Kind: WasEnded, At: noon.Add(time.Millisecond)}); later.Order <= p.Order {
		t.Error("what happened later is not read later")
	}
}

func TestTell(t *testing.T) {
	c := shared("lima")
	first, second := c.Tell(News{State: "read", Desk: "lima", At: noon}), c.Tell(News{State: FileSealed, At: noon, Message: 7})
	if len(first) != 1 || len(second) != 1 || c.News != 2 || first[0].Post.ID == second[0].Post.ID {
		t.Fatalf("%+v %+v, %d news", first, second, c.News)
	}
	var n News
	if err := json.Unmarshal(second[0].Post.Body[1:], &n); err != nil || (n != News{Code: testCode, State: FileSealed, At: noon, Number: 2, Message: 7}) {
		t.Errorf("%+v, %v", n, err)
	}
	if body := second[0].Post.Body; body[0] != NewsMark || strings.ContainsRune("{[\"", rune(NewsMark)) {
		t.Errorf("news are not told from an update: %s", body)
	}
	c.Chat = Member{}
	if wiped := c.Tell(News{State: "read", At: noon}); wiped != nil || c.News != 2 {
		t.Errorf("after a wipe: %+v", wiped)
	}
}

// TestAnnounceByStage gives each kind of desk in each stage; m, h, n are announced to.
func TestAnnounceByStage(t *testing.T) {
	want := map[Stage]string{Kept: "", Released: "mh", Taken: "mhn", Unheeded: "mh", Passed: "", Finished: "", Recalled: ""}
	for stage, readers := range want {
		for id, kind := range map[string]Kind{"lima": MissionDesk, Headquarters: HeadquartersDesk, "a": NGODesk} {
			c := Case{Code: testCode, Slot: "p07", Lane: Routine, Shares: []Share{{Desk: id, Kind: kind, Stage: stage, Holding: "x"}}}
			out := c.Announce("K7QM-3XRP.2.asc", noon, lineDesks())
			if told := strings.Contains(readers, string(kind[0])); told != (len(out) == 1) {
				t.Errorf("%s %s: %+v", id, stage, out)
			}
			if len(out) == 1 && (*out[0].Notice != Notice{Kind: NoticeAddition, Desk: id, Rung: EveryRung, Code: "x", Lane: Routine, Origin: "p07",
				Document: "K7QM-3XRP.2.asc", At: noon}) {
				t.Errorf("%+v", *out[0].Notice)
			}
		}
	}
	gone := Case{Shares: []Share{{Desk: "gone", Kind: MissionDesk, Stage: Taken}}}
	if out := gone.Announce("x", noon, lineDesks()); out != nil {
		t.Errorf("to a desk that is gone: %+v", out)
	}
}

// TestRecordsRoundTrip writes and reads whatever the store keeps: nothing may change on the way, and
// what is empty must not come back as something.
func TestRecordsRoundTrip(t *testing.T) {
	at := rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.Bool().Draw(t, "unset") {
			return time.Time{}
		}
		return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "s"), rapid.Int64Range(0, 999).Draw(t, "ms")*1e6).UTC()
	})
	config := rapid.MakeConfig{Types: map[reflect.Type]*rapid.Generator[any]{
		reflect.TypeFor[time.Time](): at.AsAny(),
		reflect.TypeFor[string]():    rapid.String().AsAny(),
	}, Fields: map[reflect.Type]map[string]*rapid.Generator[any]{
		reflect.TypeFor[Send](): {"Live": nil}, // it is never kept
		reflect.TypeFor[Post](): {"Live": nil},
	}}
	t.Run("case", func(t *testing.T) { roundTrip[Case](t, config) })
	t.Run("event", func(t *testing.T) { roundTrip[Event](t, config) })
	t.Run("news", func(t *testing.T) { roundTrip[News](t, config) })
	t.Run("notice", func(t *testing.T) { roundTrip[Notice](t, config) })
	t.Run("post", func(t *testing.T) { roundTrip[Post](t, config) })
	t.Run("send", func(t *testing.T) { roundTrip[Send](t, config) })
	t.Run("share", func(t *testing.T) { roundTrip[Share](t, config) })
	t.Run("file", func(t *testing.T) { roundTrip[WaitingFile](t, config) })
}

func roundTrip[T any](t *testing.T, config rapid.MakeConfig) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.MakeCustom[T](config).Draw(t, "value")
		text, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		var after T
		if err := json.Unmarshal(text, &after); err != nil {
			t.Fatal(err)
		}
		if again, _ := json.Marshal(after); string(again) != string(text) {
			t.Fatalf("\n     %s\nthen %s", text, again)
		}
		if !sameBut(before, after) {
			t.Fatalf("%s\nbefore %+v\n after %+v", text, before, after)
		}
	})
}

// sameBut compares all but whether an empty list is nil.
func sameBut(a, b any) bool {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if va.Kind() == reflect.Slice {
		if va.Len() != vb.Len() {
			return false
		}
		for i := range va.Len() {
			if !sameBut(va.Index(i).Interface(), vb.Index(i).Interface()) {
				return false
			}
		}
		return true
	}
	if va.Kind() == reflect.Pointer && !va.IsNil() && !vb.IsNil() {
		return sameBut(va.Elem().Interface(), vb.Elem().Interface())
	}
	if _, isTime := a.(time.Time); isTime || va.Kind() != reflect.Struct {
		return reflect.DeepEqual(a, b)
	}
	for i := range va.NumField() {
		if !sameBut(va.Field(i).Interface(), vb.Field(i).Interface()) {
			return false
		}
	}
	return true
}

// TestErrandsRoundTrip has moves within errands within moves, as they are kept.
func TestErrandsRoundTrip(t *testing.T) {
	_, errands := run(t, shared("lima a headquarters"), "sent", "ack lima", "add 2", "claim a", "pass a", "withdraw")
	h := Holding{Desk: "lima", Code: string(testCode), State: Alerted, Lane: Routine, Rung: 0, Due: noon, Since: noon, Origin: "p07"}
	m, _ := Overslept(h, lineDesks().Desk("lima"), noon)
	errands = append(errands, Errand{Move: &m}, Errand{Send: &Send{Order: "x", Body: []byte{0, 255}, From: Member{Slot: "p07", Name: "c"}}})
	for _, before := range errands {
		text, err := json.Marshal(before)
		if err != nil {
			t.Fatal(err)
		}
		var after Errand
		if err := json.Unmarshal(text, &after); err != nil || !reflect.DeepEqual(before, after) {
			t.Errorf("%s, %v\nbefore %+v\n after %+v", text, err, before, after)
		}
	}
}

// TestDuesSurviveTheirRecord: times of another zone and with a monotonic reading are the same instant.
func TestDuesSurviveTheirRecord(t *testing.T) {
	zone := mustZone(t, "America/Lima")
	for _, at := range []time.Time{noon.In(zone), noon.Add(123 * time.Millisecond), time.Unix(1772625600, 0), {}} {
		text, err := json.Marshal(Move{At: at, Due: at, AtRung: -1})
		if err != nil {
			t.Fatal(err)
		}
		var m Move
		if err := json.Unmarshal(text, &m); err != nil || !m.At.Equal(at) || !m.Due.Equal(at) || m.Due.IsZero() != at.IsZero() || m.AtRung != -1 {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
}

// TestRecordsAreReadAsTheyWereWritten keeps the names that records in a store have.
func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	const record = `{"c":"K7QM-3XRP","l":"urgent","s":"p07","ch":{"s":"p07","n":"cafe"},"at":"2026-03-04T12:00:00Z",` +
		`"sh":[{"d":"lima","k":"mission","s":"released","h":"K7QM-3XRP"}],"d":1}`
	c, _ := run(t, shared("lima"), "sent")
	text, err := json.Marshal(c)
	if err != nil || string(text) != record {
		t.Errorf("%s, %v\nwant %s", text, err, record)
	}
	var old Case
	if err := json.Unmarshal([]byte(record), &old); err != nil || !reflect.DeepEqual(old, c) {
		t.Errorf("%+v, %v", old, err)
	}
}
