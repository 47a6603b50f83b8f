package bot

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	tg "github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"
	"pgregory.net/rapid"

	"defenderline/flows"
)

// awkward are texts that people write and programs stumble over.
var awkward = []string{"", "plain", `"quoted" \ and / <b>&</b>`, "two\nlines\t\r\x00\x1f\x7f", "عاجل \u2066x\u2069 \u2028\u2029", "🙏🏽 семья", "half \xf0\x9f of it"}

// same fails when two JSON texts say different things.
func same(t interface{ Errorf(string, ...any) }, got, want []byte) {
	var g, w any
	if err := json.Unmarshal(got, &g); err != nil || json.Unmarshal(want, &w) != nil || !reflect.DeepEqual(g, w) {
		t.Errorf("%s\nwant %s, %v", got, want, err)
	}
}

// A call that is kept comes back with every field that it has, also one that is added tomorrow.
func TestCallsAreKeptWithEveryField(t *testing.T) {
	var all call
	fill(t, reflect.ValueOf(&all).Elem())
	for _, c := range []call{all, {}, {Chat: -1, Notes: []string{""}}} {
		want, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		same(t, c.head(nil), want)
		var again call
		if head, _, _ := strings.Cut(string(c.body()), "\n"); json.Unmarshal([]byte(head), &again) != nil {
			t.Fatal("what is kept cannot be read")
		}
		if again.Params = c.Params; !reflect.DeepEqual(again, c) {
			t.Errorf("%#v\nwant %#v", again, c)
		}
	}
}

// fill puts something into every field of a struct.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case time.Time:
			f.Set(reflect.ValueOf(time.Date(2026, 11, 30, 7, 0, 0, 123456789, time.UTC)))
		case json.RawMessage:
			f.SetBytes([]byte(`{"chat_id":5}`))
		case []byte:
			f.SetBytes([]byte("note"))
		case []int:
			f.Set(reflect.ValueOf([]int{7, 8}))
		case []string:
			f.Set(reflect.ValueOf(awkward[:3]))
		default:
			switch {
			case f.Kind() == reflect.Pointer:
				f.Set(reflect.New(f.Type().Elem()))
				fill(t, f.Elem())
			case f.Kind() == reflect.Struct:
				fill(t, f)
			case f.CanInt():
				f.SetInt(int64(10 + i))
			case f.CanUint():
				f.SetUint(uint64(10 + i))
			case f.Kind() == reflect.Bool:
				f.SetBool(true)
			case f.Kind() == reflect.String:
				f.SetString(awkward[2])
			default:
				t.Fatalf("%s is of a kind that this test does not know", v.Type().Field(i).Name)
			}
		}
	}
}

// What is written here is what the library's own parameters say.
func TestParametersAreTheLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.SampledFrom(awkward), rapid.String())
		v := flows.View{Text: text.Draw(t, "text")}
		var rows [][]models.InlineKeyboardButton
		for range rapid.IntRange(0, 3).Draw(t, "rows") {
			var row []flows.ViewButton
			var theirs []models.InlineKeyboardButton
			for range rapid.IntRange(1, 3).Draw(t, "buttons") {
				b := flows.ViewButton{Label: text.Draw(t, "label"), Data: text.Draw(t, "data"), URL: rapid.SampledFrom([]string{"", "https://example.org/?a=1&b=2"}).Draw(t, "url")}
				row, theirs = append(row, b), append(theirs, models.InlineKeyboardButton{Text: b.Label, CallbackData: b.Data, URL: b.URL})
			}
			v.Rows, rows = append(v.Rows, row), append(rows, theirs)
		}
		var markup models.ReplyMarkup
		if rows != nil {
			markup = models.InlineKeyboardMarkup{InlineKeyboard: rows}
		}
		chat, edit := rapid.Int64().Draw(t, "chat"), rapid.IntRange(1, 1<<40).Draw(t, "edit")
		same(t, show(lineBot, chat, 0, v).Params, bare0(t, tg.SendMessageParams{ChatID: chat, Text: v.Text, LinkPreviewOptions: noPreview, ReplyMarkup: markup}))
		same(t, show(lineBot, chat, edit, v).Params, bare0(t, tg.EditMessageTextParams{ChatID: chat, MessageID: edit, Text: v.Text, LinkPreviewOptions: noPreview,
			ReplyMarkup: markup}))
		press := tg.AnswerCallbackQueryParams{CallbackQueryID: text.Draw(t, "press"), Text: v.Text}
		same(t, answer(lineBot, chat, press.CallbackQueryID, v.Text, time.Time{}).Params, bare0(t, press))
	})
}

// bare0 is what the library says without the empty copy_text that it adds to buttons.
func bare0(t *rapid.T, params any) []byte {
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.ReplaceAll(string(raw), `,"copy_text":{"text":""}`, ""))
}
