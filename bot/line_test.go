package bot

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"

	"defenderline/bot/telegramsim"
	"defenderline/referrals"
	"defenderline/referrals/seal"
	"defenderline/referrals/store"
)

// kept is the real store in the bot's own words.
type kept struct{ *store.Store }

func (k kept) FileWriter(ctx context.Context, origin string, code referrals.Code, name string, keep time.Duration) (Shelved, error) {
	return k.Store.FileWriter(ctx, origin, code, name, keep)
}

// whole is a line as it runs, with an embedded Redis and a simulated Telegram.
type whole struct {
	t       *testing.T
	sim     *telegramsim.Server
	redis   *miniredis.Miniredis
	line    *Line
	bot     *telegramsim.Bot
	log     *bytes.Buffer
	private map[string][]byte
	options Options
	end     func()
}

// newWhole makes a line that does not run yet.
func newWhole(t *testing.T, change ...func(*Options)) *whole {
	t.Helper()
	w := &whole{t: t, redis: miniredis.NewMiniRedis(), log: &bytes.Buffer{}, private: map[string][]byte{}}
	w.sim = telegramsim.New(telegramsim.Options{WebhookTransport: roundTrip(w.deliver)})
	w.redis.ClockTTL(true)
	if err := w.redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.sim.Close(); w.redis.Close() })
	var err error
	if w.bot, err = w.sim.AddBot(testToken, "the_line_bot"); err != nil {
		t.Fatal(err)
	}
	w.options = Options{API: "https://api.example.org", Token: testToken, Store: kept{w.openStore()}, Sealer: w.sealer(), Directory: testDesks(),
		Texts: testTexts(t), Limits: Limits{UpdatesPerMinute: 600}, OpenCases: 5, Retention: Retention{Draft: 24 * time.Hour, Sealed: 168 * time.Hour},
		Lease: 15 * time.Second, Owner: "me", Now: time.Now, Random: rand.Reader, Log: slog.New(slog.NewJSONHandler(w.log, nil)),
		Meters: NewMeters(prometheus.NewRegistry())}
	for _, c := range change {
		c(&w.options)
	}
	w.line = w.newLine()
	return w
}

func (w *whole) openStore() *store.Store {
	w.t.Helper()
	keys, err := store.NewStateKeys(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	vault, err := store.ParseStateKeys(keys)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := store.Open(w.t.Context(), store.Options{URL: "redis://" + w.redis.Addr(), Vault: vault, Now: time.Now, Lease: 15 * time.Second,
		Desks: []string{"lima", referrals.Headquarters, "fld", "pbi", "kyiv"}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

// sealer seals with real keys.
func (w *whole) sealer() *seal.Sealer {
	w.t.Helper()
	past := time.Now().Add(-time.Hour)
	private, _, err := seal.NewSigningKey(past)
	if err != nil {
		w.t.Fatal(err)
	}
	signing, err := seal.ParseSigningKey(private)
	if err != nil {
		w.t.Fatal(err)
	}
	var desks []seal.Desk
	for _, d := range testDesks().Desks() {
		own, public, err := seal.Generate(d.ID, past)
		if err != nil {
			w.t.Fatal(err)
		}
		fingerprint, err := seal.Fingerprint(public)
		if err != nil {
			w.t.Fatal(err)
		}
		key, err := seal.ParseKey(public, fingerprint)
		if err != nil {
			w.t.Fatal(err)
		}
		w.private[d.ID] = own
		desks = append(desks, seal.Desk{ID: d.ID, Keys: []*seal.Key{key}, HideKeyIDs: true})
	}
	s, err := seal.New(signing, desks, time.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *whole) newLine() *Line {
	w.t.Helper()
	l, err := New(w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range l.clients {
		c.http.Transport = w.sim.Transport()
	}
	return l
}

// run starts the line; end tells it to end and waits until it has.
func (w *whole) run() {
	w.t.Helper()
	if err := w.line.Start(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan struct{})
	line := w.line
	go func() { defer close(done); _ = line.Run(ctx) }()
	ended := false
	w.end = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		<-done
	}
	w.t.Cleanup(w.end)
}

// phone is a new person with the line's bot.
func (w *whole) phone(u telegramsim.User) *telegramsim.Phone {
	w.t.Helper()
	p, err := w.sim.AddPerson(u)
	if err != nil {
		w.t.Fatal(err)
	}
	phone := p.With(w.bot)
	if _, err := phone.Start(""); err != nil {
		w.t.Fatal(err)
	}
	return phone
}

// await waits until a phone shows a button.
func (w *whole) await(p *telegramsim.Phone, button string) telegramsim.View {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	v, err := p.Wait(ctx, func(v telegramsim.View) bool { return v.Shows(button) })
	if err != nil {
		w.t.Fatalf("%s never came; buttons %q\n%s", button, v.Buttons(), w.log)
	}
	return v
}

func (w *whole) press(p *telegramsim.Phone, button string) {
	w.t.Helper()
	w.await(p, button)
	if _, err := p.Press(button); err != nil {
		w.t.Fatal(err)
	}
}

// A whole turn with nothing faked but Telegram's servers: what is written reaches the mission's key, in
// Redis and in every call to Telegram there is nothing of it, and ending leaves nothing running.
func TestLineFromWordToSealedDocument(t *testing.T) {
	w := newWhole(t)
	officer := w.phone(telegramsim.User{ID: limaChat, FirstName: "Officer"})
	w.run()
	ana := w.phone(telegramsim.User{FirstName: "Ana", LanguageCode: "en"})
	w.await(ana, "menu:emergency")
	if _, err := ana.Send("/emergency they are here " + canary); err != nil {
		t.Fatal(err)
	}
	w.emergency(ana)
	w.await(officer, "ack:")
	w.end()
	var sealed []byte
	for _, c := range w.sim.Calls("sendDocument") {
		sealed = c.File("document")
	}
	text, _, err := seal.Open(w.private["lima"], nil, sealed)
	if err != nil || !strings.Contains(string(text), "they are here "+canary) {
		t.Fatalf("the mission cannot read it: %v", err)
	}
	for _, key := range w.redis.Keys() {
		if strings.Contains(key, canary) {
			t.Errorf("key %q", key)
		}
	}
	if strings.Contains(w.redis.Dump(), canary) || strings.Contains(w.log.String(), canary) || len(w.sim.Leaks(0, canary)) != 0 {
		t.Error("what was written is outside of the seal")
	}
	if w.line.Depth() != 0 || len(w.line.Problems()) != 0 {
		t.Errorf("%d messages left behind, problems %q", w.line.Depth(), w.line.Problems())
	}
}

// emergency answers what an emergency asks until it is sent.
func (w *whole) emergency(p *telegramsim.Phone) {
	w.t.Helper()
	for _, button := range []string{"notice:understood", "safe:yes", "urgency:now", "country:PE", "subject:self", "nav:done", "consent:mission", "review:send"} {
		w.press(p, button)
	}
}

// What comes while nobody runs waits at Telegram, and is answered at the next start.
func TestLineTakesUpWhatWaited(t *testing.T) {
	w := newWhole(t)
	w.run()
	ana := w.phone(telegramsim.User{FirstName: "Ana", LanguageCode: "en"})
	w.await(ana, "menu:missions")
	w.end()
	if _, err := ana.Press("menu:missions"); err != nil {
		t.Fatal(err)
	}
	w.options.Meters = NewMeters(prometheus.NewRegistry())
	w.line = w.newLine()
	w.run()
	w.await(ana, "nav:back")
	w.end()
}

func TestLineByWebhook(t *testing.T) {
	w := newWhole(t, func(o *Options) {
		o.WebhookURL, o.WebhookSecret, o.DeskToken = "https://line.example.org/telegram", "a-secret", "2000002:"+strings.Repeat("B", 35)
		o.WebhookDeskURL = "https://line.example.org/telegram/desk"
	})
	if _, err := w.sim.AddBot(w.options.DeskToken, "the_desk_bot"); err != nil {
		t.Fatal(err)
	}
	if w.line.Webhook() == nil || w.line.DeskWebhook() == nil {
		t.Fatal("a bot has no handler")
	}
	w.run()
	for _, c := range w.sim.Calls("setWebhook") {
		url := c.Param("url")
		if c.Param("secret_token") != "a-secret" || !slices.Contains([]string{"https://line.example.org/telegram", "https://line.example.org/telegram/desk"}, url) {
			t.Errorf("set %q", url)
		}
	}
	w.await(w.phone(telegramsim.User{FirstName: "Ana", LanguageCode: "en"}), "menu:emergency")
	w.end()
	if problems := w.line.Problems(); len(problems) != 0 {
		t.Errorf("both bots were answered: %q", problems)
	}
}

// deliver carries a delivery of Telegram to the line's webhook.
func (w *whole) deliver(r *http.Request) (*http.Response, error) {
	answer := httptest.NewRecorder()
	hook := w.line.Webhook()
	if strings.HasSuffix(r.URL.Path, "/desk") {
		hook = w.line.DeskWebhook()
	}
	hook.ServeHTTP(answer, r)
	return answer.Result(), nil
}

func TestLineWithATokenThatCannotBe(t *testing.T) {
	w := newWhole(t)
	for _, token := range []string{"", canary} {
		o := w.options
		o.Token, o.Meters = token, NewMeters(prometheus.NewRegistry())
		l, err := New(o)
		if err == nil {
			err = l.Start(t.Context())
			for _, c := range l.clients {
				c.Close()
			}
		}
		if err == nil {
			t.Fatalf("%q was taken for a token", token)
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error holds the token: %v", err)
		}
	}
}

func TestOwnServer(t *testing.T) {
	for api, own := range map[string]bool{"https://api.telegram.org": false, "http://127.0.0.1:8081": true, "http://localhost": true, "http://10.0.0.1": false} {
		if ownServer(api) != own {
			t.Errorf("%s: own is %v", api, !own)
		}
	}
}

// Names and descriptions are changed only where they differ: Telegram allows few changes a day.
func TestPublishSetsOnlyWhatDiffers(t *testing.T) {
	w := newWhole(t)
	s := w.line.setups[lineBot]
	s.publish(t.Context(), false)
	changes := []string{"setMyName", "setMyDescription", "setMyShortDescription"}
	first := len(w.sim.Calls(changes...))
	if want := 3 * len(w.options.Texts.Languages()); first != want {
		t.Errorf("%d changes at first, want %d", first, want)
	}
	for _, lang := range append(w.options.Texts.Languages(), "") {
		if got := w.bot.Commands("", lang); len(got) != len(defenderCommands) {
			t.Errorf("%q: %d commands", lang, len(got))
		}
	}
	if w.bot.ProfileText("name", "es") == "" {
		t.Error("no name in Spanish")
	}
	s.publish(t.Context(), false)
	if again := len(w.sim.Calls(changes...)); again != first {
		t.Errorf("%d changes the second time", again-first)
	}
	s.deskScopes(t.Context(), map[int64]string{limaChat: "es"})
	if strings.Contains(w.log.String(), testToken) {
		t.Error("the log holds the token")
	}

}

// Whatever Telegram or a proxy answers at start, nothing of it and nothing of the token is told.
func TestStartErrorsHoldNothing(t *testing.T) {
	answers := map[string]server{
		"unauthorized": func(string, []byte, *http.Request) (int, string) { return refusal(401, "Unauthorized "+canary, 0) },
		"not found":    func(string, []byte, *http.Request) (int, string) { return refusal(404, canary, 0) },
		"bad request":  func(string, []byte, *http.Request) (int, string) { return refusal(400, canary, 0) },
		"html":         always(502, "<html>"+canary),
		"unreachable":  always(0, canary),
	}
	for name, api := range answers {
		t.Run(name, func(t *testing.T) {
			log := &bytes.Buffer{}
			c := clientOf(api)
			s, err := newSetup(lineBot, testToken, "https://api.example.org", c, testTexts(t), slog.New(slog.NewTextHandler(log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			for _, url := range []string{"", "https://line.example.org/" + canary} {
				err := s.receiveBy(t.Context(), url, canary)
				if err == nil {
					t.Fatal("no error")
				}
				clean(t, err)
			}
			s.publish(t.Context(), false)
			s.deskScopes(t.Context(), map[int64]string{limaChat: "en"})
			for _, secret := range []string{canary, testToken, "example.org"} {
				if strings.Contains(log.String(), secret) {
					t.Errorf("logged %s", log)
				}
			}
		})
	}
}
