package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"

	"defenderline/i18n"
)

// keep saves a picture for whoever looks at the page, when DEMO_SHOTS names a folder.
func (b *browser) keep(name string) {
	b.t.Helper()
	if dir := os.Getenv("DEMO_SHOTS"); dir != "" {
		b.shot(filepath.Join(dir, name+".png"))
	}
}

// TestDemoArabic proves that a person whose phone is in Arabic has a chat that runs from right to left, and
// that the officer reads their words unaltered.
func TestDemoArabic(t *testing.T) {
	beside(t, working)
	const words = "رجال ينتظرون أمام المكتب"
	b := newBrowser(t, startDemo(t), laptop)
	b.keep("laptop-start")
	b.do("choose Arabic", chromedp.SetValue(chromedp.CSS("#language"), "ar"))
	b.click("#person-form button")
	b.has("#person", "ليلى")
	b.keep("arabic-start")
	b.send(words)
	b.keep("arabic")
	direction := func(selector string) string {
		return ask[string](b, `getComputedStyle(document.querySelector(`+quoted(selector)+`)).direction`)
	}
	if got := direction("#defender .log"); got != "rtl" {
		t.Errorf("the defender's chat runs %s, want rtl", got)
	}
	if got := direction("#officer .log"); got != "ltr" {
		t.Errorf("the officer's chat runs %s, want ltr", got)
	}
	if slices.Contains(i18n.Shipped(), "ar") && !ask[bool](b, `[...document.querySelectorAll("#defender li.theirs .text")].every(e => e.matches(":dir(rtl)"))`) {
		t.Error("a message of the line in Arabic runs from left to right")
	}
	b.click("#officer [data-look=opened]")
	b.has("#officer pre.plain", words)
}

// TestDemoMarkup proves that markup in an account is shown as the text it is, everywhere on the page.
func TestDemoMarkup(t *testing.T) {
	beside(t, working)
	const words = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script><b>bold</b>`
	b := newBrowser(t, startDemo(t), laptop)
	b.send(words)
	b.click("#officer [data-look=opened]")
	b.has("#officer pre.plain", words)
	if title := ask[string](b, "document.title"); title != "defenderline, a demonstration" {
		t.Errorf("the title is %q: the words were executed", title)
	}
	if b.isThere("main img, main b, main script") {
		t.Error("the words became elements of the page")
	}
}

// TestDemoFiles sends a photo, a voice message and a place with the account: the officer gets each sealed and
// opens the photo on the page.
func TestDemoFiles(t *testing.T) {
	beside(t, working)
	b := newBrowser(t, startDemo(t), laptop)
	b.click("#start")
	b.until("the menu is there", `!!document.querySelector('#defender [data-data^="menu:"]')`)
	for _, kind := range []string{"photo", "voice", "place"} {
		before := ask[int](b, `document.querySelectorAll("#defender li.mine").length`)
		b.click(`[data-sample="` + kind + `"]`)
		b.until("the line answers the "+kind, fmt.Sprintf(`document.querySelectorAll("#defender li.mine").length > %d
			&& document.querySelector("#defender ol").lastElementChild.matches(".theirs")`, before))
	}
	b.report(demoWords)
	b.until("both files are there", `[...document.querySelectorAll("#officer .name")].filter(e => e.textContent.endsWith(".pgp")).length === 2`)
	b.click(`#officer li:has(.name) [data-look="raw"]`)
	b.click(`#officer li:nth-last-child(2) [data-look="opened"]`)
	b.until("the photo is drawn", `document.querySelector("#officer img")?.naturalWidth === 320`)
	b.has("#officer .signature", "signature: good")
	b.keep("files")
}

// TestDemoWipe proves that the page shows a wipe as a phone does: what was there is gone.
func TestDemoWipe(t *testing.T) {
	beside(t, working)
	b := newBrowser(t, startDemo(t), laptop)
	b.send(demoWords)
	b.write("/wipe")
	b.press("defender", "wipe:yes")
	b.until("one message is left of the chat", `document.querySelectorAll("#defender li:not(.gone)").length === 1
		&& document.querySelector("#defender .gone")?.textContent.includes("messages deleted")`)
	b.has("#officer .cases", "alerted")
	b.has("#guide-now", "Off the guided way")
	b.keep("wiped")
}

// TestDemoByKeyboard goes through an emergency without a mouse.
func TestDemoByKeyboard(t *testing.T) {
	beside(t, working)
	b := newBrowser(t, startDemo(t), laptop)
	b.enter("#start")
	for _, data := range []string{"menu:emergency", "notice:understood", "safe:yes", "urgency:now", "country:PE", "subject:self"} {
		b.enter(`#defender [data-data^="` + data + `"]`)
	}
	b.until("words are asked for", `document.querySelector("#words-defender").classList.contains("hint")`)
	b.tabTo("#words-defender")
	b.do("type", chromedp.KeyEvent(demoWords+"\r"))
	b.enter(`#defender [data-data^="nav:done"]`)
	for _, data := range []string{"consent:mission", "consent:front-line-defenders"} {
		b.enter(`#defender [data-data^="` + data + `"]`)
		b.until(data+" is ticked", `[...document.querySelectorAll('#defender [data-data^="`+data+`"]')].some(e => e.textContent.startsWith("✓"))`)
		b.until("the focus stays on "+data, `document.activeElement.dataset.data?.startsWith("`+data+`")`)
	}
	b.enter(`#defender [data-data^="review:send"]`)
	b.enter(`#officer [data-look="opened"]`)
	b.has("#officer pre.plain", demoWords)
	b.until("the focus stays on the document's button", `document.activeElement.dataset.look === "opened"`)
	b.enter(`#officer [data-data^="ack:"]`)
	b.has("#officer .cases", "acknowledged")
	b.enter(`#ngo-a [data-data^="claim:"]`)
	b.enter(`#ngo-a [data-data^="accept:"]`)
	b.told("Front Line Defenders")
}

// enter goes to a control with the Tab key and presses Enter there.
func (b *browser) enter(selector string) {
	b.t.Helper()
	b.until(selector+" is there", `!!document.querySelector(`+quoted(selector)+`)`)
	b.tabTo(selector)
	b.do("press Enter", chromedp.KeyEvent("\r"))
}

// tabTo presses Tab until a control has the focus, and checks that the focus can be seen there.
func (b *browser) tabTo(selector string) {
	b.t.Helper()
	for range 150 {
		if ask[bool](b, `document.activeElement.matches(`+quoted(selector)+`)`) {
			if !ask[bool](b, `parseFloat(getComputedStyle(document.activeElement).outlineWidth) >= 2`) {
				b.t.Errorf("%s has the focus and does not show it", selector)
			}
			return
		}
		b.do("press Tab", chromedp.KeyEvent("\t"))
	}
	b.t.Fatalf("150 times Tab did not reach %s", selector)
}

// TestDemoOnAPhone goes through an emergency on a phone, one part of the page at a time; nothing is wider
// than the screen at any moment.
func TestDemoOnAPhone(t *testing.T) {
	beside(t, working)
	b := newBrowser(t, startDemo(t), handy)
	b.fits("at the beginning")
	b.keep("phone-start")
	b.send(demoWords)
	b.fits("with the case sent")
	b.keep("phone-defender")
	b.view("officer")
	b.click("#officer [data-look=raw]")
	b.has("#officer pre.raw", "-----BEGIN PGP MESSAGE-----")
	b.click("#officer [data-look=opened]")
	b.has("#officer pre.plain", demoWords)
	b.fits("with the document open")
	b.keep("phone-officer")
	b.press("officer", "ack:")
	b.view("ngo-a")
	b.press("ngo-a", "claim:")
	b.has("#ngo-a .name", ".asc")
	b.press("ngo-a", "accept:")
	b.has("#ngo-a .cases", "accepted")
	b.fits("with the NGO's queue")
	b.keep("phone-ngo")
	b.view("behind")
	b.fits("with the store")
	b.keep("phone-store")
	b.view("defender")
	b.told("Front Line Defenders")
}

// view shows one part of the page on a phone.
func (b *browser) view(part string) {
	b.t.Helper()
	b.click(`.views [data-to="` + part + `"]`)
	b.until(part+" is shown", `document.body.dataset.view === "`+part+`"`)
}

// fits fails the test when something is wider than the screen, unless it stands in something that is not.
func (b *browser) fits(when string) {
	b.t.Helper()
	wide := ask[[]string](b, `[...document.querySelectorAll("body *")].filter(e => {
		const r = e.getBoundingClientRect();
		return r.width > 1 && r.right > innerWidth + 0.5 && getComputedStyle(e).position !== "absolute";
	}).map(e => e.tagName + "." + e.className + " " + e.textContent.slice(0, 30))`)
	if across := ask[int](b, `document.documentElement.scrollWidth - innerWidth`); across > 0 || len(wide) > 0 {
		b.t.Errorf("%s the page is %d pixels wider than the screen: %q", when, across, wide)
	}
}

// contrast is the least contrast between a text and what it stands on, by WCAG 2, as the browser draws it.
const contrast = `(() => {
	const parse = c => (c.match(/[\d.]+/g) || []).map(Number);
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
	const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
	const poor = [];
	for (const e of document.querySelectorAll("body *")) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
		const a = light(parse(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e));
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) poor.push(ratio.toFixed(2) + " " + e.tagName + "." + e.className + " " + e.textContent.slice(0, 30));
	}
	return poor;
})()`

// TestDemoOnATablet proves that nothing is wider than the screen between a phone and a laptop.
func TestDemoOnATablet(t *testing.T) {
	beside(t, working)
	b := newBrowser(t, startDemo(t), look{width: 900, height: 1100})
	b.send(demoWords)
	b.fits("with the case sent")
	b.keep("tablet")
}

// TestDemoContrast proves that every text on the page can be read, in light and in dark colours.
func TestDemoContrast(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]look{"light": laptop, "dark": {width: 1440, height: 900, dark: true}} {
		t.Run(name, func(t *testing.T) {
			beside(t, working)
			b := newBrowser(t, startDemo(t), w)
			if got := ask[bool](b, `matchMedia("(prefers-color-scheme: dark)").matches`); got != w.dark {
				t.Fatalf("dark is %t, want %t", got, w.dark)
			}
			b.send(demoWords)
			b.click("#officer [data-look=raw]")
			b.has("#officer pre.raw", "-----BEGIN PGP MESSAGE-----")
			b.click("#officer [data-look=opened]")
			b.has("#officer pre.plain", demoWords)
			b.press("officer", "ack:")
			b.has("#officer .cases", "acknowledged")
			b.keep("laptop-" + name)
			for _, poor := range ask[[]string](b, contrast) {
				t.Errorf("contrast below 4.5: %s", poor)
			}
		})
	}
}
