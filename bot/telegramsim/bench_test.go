package telegramsim

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkSendMessage measures the whole handler, without a network: decoding, checks, sending, answer.
func BenchmarkSendMessage(b *testing.B) {
	const markup = `,"reply_markup":{"inline_keyboard":[[{"text":"Yes","callback_data":"safe:yes"},` +
		`{"text":"No","callback_data":"safe:no"}],[{"text":"Back","callback_data":"nav:back"}]]}`
	for name, extra := range map[string]string{"plain": "", "keyboard": markup} {
		b.Run(name, func(b *testing.B) {
			s := New(Options{Load: true})
			defer s.Close()
			bot := must(s.AddBot(token, "line_bot"))
			bodies := make([]string, 1000)
			for i := range bodies {
				p := must(s.AddPerson(User{FirstName: "Ann"}))
				must(p.With(bot).Start(""))
				bodies[i] = `{"chat_id":` + strconv.FormatInt(p.User().ID, 10) + `,"text":"Is it safe to write now?"` + extra + `}`
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r := httptest.NewRequest(http.MethodPost, "/bot"+token+"/sendMessage", strings.NewReader(bodies[i%1000]))
				r.Header.Set("Content-Type", "application/json")
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Body.String())
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
