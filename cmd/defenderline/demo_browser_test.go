package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// startDemo runs the demo as its command does, on a free port, and returns its address. It has ended when
// the test has.
func startDemo(t *testing.T) string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, said := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := demo(ctx, "127.0.0.1:0", host{out: said, err: said, now: time.Now, random: rand.Reader})
		_ = said.CloseWithError(io.EOF)
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the demo ended with: %v", err)
		}
	})
	return openLine(t, out)
}

// openLine reads what the demo prints until it names its address.
func openLine(t *testing.T, out io.Reader) string {
	t.Helper()
	var seen strings.Builder
	buf := make([]byte, 4096)
	for {
		n, err := out.Read(buf)
		seen.Write(buf[:n])
		if _, rest, ok := strings.Cut(seen.String(), "Open "); ok {
			if url, _, whole := strings.Cut(rest, "\n"); whole {
				go func() { _, _ = io.Copy(io.Discard, out) }()
				return url
			}
		}
		if err != nil {
			t.Fatalf("the demo ended before it named its address: %s", seen.String())
		}
	}
}

// browser is a real Chromium at the demo's page.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// look is how a window is: its size, and whether the person prefers dark colours.
type look struct {
	width, height int64
	dark          bool
}

// The windows that the page is looked at in.
var (
	laptop = look{width: 1440, height: 900}
	handy  = look{width: 390, height: 844}
)

// chromium finds the browser. A test that needs one fails without, because a skipped test proves nothing.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("there is no Chromium here; `make test` installs it")
	return ""
}

// newBrowser opens the page. When the test ends, nothing may stand on the page's console: no error, no
// warning, nothing that its policy refused.
func newBrowser(t *testing.T, url string, w look) *browser {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WSURLReadTimeout(patience))
	if w.dark {
		options = append(options, chromedp.Flag("blink-settings", "preferredColorScheme=0"))
	}
	alloc, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, leave := chromedp.NewContext(alloc)
	t.Cleanup(leave)
	b := &browser{t: t, ctx: ctx}
	b.do("start the browser", chromedp.EmulateViewport(w.width, w.height, func() chromedp.EmulateViewportOption {
		if w.width < 700 {
			return chromedp.EmulateMobile
		}
		return chromedp.EmulateLandscape
	}()))
	b.heedConsole()
	b.do("open the page", chromedp.Navigate(url))
	b.until("the page is drawn", `!!document.querySelector("#start")`)
	return b
}

// heedConsole fails the test for every line of the console.
func (b *browser) heedConsole() {
	ctx, stop := context.WithCancel(b.ctx)
	messages := chromedp.Console(ctx)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for m, err := range messages {
			if err != nil {
				return
			}
			b.t.Errorf("the console says: %s (%s:%d)", m, m.URL, m.Line+1)
		}
	}()
	b.t.Cleanup(func() { stop(); <-heard })
}

// within is the time that one thing may take on the page.
func (b *browser) within() (context.Context, context.CancelFunc) {
	return context.WithTimeout(b.ctx, patience)
}

// do runs steps or fails the test, naming what could not be done.
func (b *browser) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// ask evaluates an expression.
func ask[T any](b *browser, expression string) T {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("evaluate %s: %v", expression, err)
	}
	return v
}

// until waits for an expression to be true, looking whenever the page is drawn.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	wait[bool](b, what, `new Promise(done => { const look = () => (`+expression+`) ? done(true) : requestAnimationFrame(look); look(); })`)
}

// wait waits for the value of a promise.
func wait[T any](b *browser, what, promise string) T {
	b.t.Helper()
	ctx, cancel := b.within()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](promise, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("waiting until %s: %v\nnext: %s\nthe defender's chat:\n%s", what, err,
			b.text("#guide-now"), b.text("#defender .log"))
	}
	return v
}

// text is the text of an element.
func (b *browser) text(selector string) string {
	b.t.Helper()
	return ask[string](b, `document.querySelector(`+quoted(selector)+`)?.innerText || ""`)
}

func quoted(s string) string {
	q, _ := json.Marshal(s) // a string: cannot fail
	return string(q)
}

// has waits until an element shows words.
func (b *browser) has(selector, words string) {
	b.t.Helper()
	b.until(selector+" shows "+words,
		`[...document.querySelectorAll(`+quoted(selector)+`)].some(e => e.textContent.includes(`+quoted(words)+`))`)
}

func (b *browser) isThere(selector string) bool {
	b.t.Helper()
	return ask[bool](b, `!!document.querySelector(`+quoted(selector)+`)`)
}

// press clicks on the newest button of a panel whose data begins so.
func (b *browser) press(panel, data string) {
	b.t.Helper()
	b.click(`#` + panel + ` [data-data^="` + data + `"]`)
}

// click clicks with the mouse on the last element that fits, once it stands still on the screen: a page that
// is told news moves what is on it.
func (b *browser) click(selector string) {
	b.t.Helper()
	find := `[...document.querySelectorAll(` + quoted(selector) + `)].pop()`
	b.until(selector+" is there", `!!`+find)
	at := wait[[2]float64](b, selector+" stands still", `new Promise(done => {
		let before = "", still = 0;
		const look = () => {
			const e = `+find+`;
			e?.scrollIntoView({block: "center", behavior: "instant"});
			const r = e?.getBoundingClientRect(), now = JSON.stringify(r);
			still = e && now === before ? still + 1 : 0;
			before = now;
			still === 4 ? done([r.x + r.width / 2, r.y + r.height / 2]) : requestAnimationFrame(look);
		};
		look();
	})`)
	b.do("click "+selector, chromedp.MouseClickXY(at[0], at[1]))
}

// write types words into the defender's phone and sends them.
func (b *browser) write(words string) {
	b.t.Helper()
	b.click("#words-defender")
	b.do("type", chromedp.KeyEvent(words))
	b.click(".composer .main")
}

// shot saves what the page shows.
func (b *browser) shot(path string) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatalf("take a picture: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
