package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

// picture rewrites the README's picture: go test ./cmd/defenderline -run TestDemoEmergency -picture
var picture = flag.Bool("picture", false, "rewrite docs/demo.png")

const demoWords = "Two men waited outside our office in Huanta. They named my daughter."

// send goes through an emergency in the defender's chat, by the buttons' data, to the sent case.
func (b *browser) send(words string) {
	b.t.Helper()
	b.click("#start")
	b.press("defender", "menu:emergency")
	b.until("the notice or the first question is there", `!!document.querySelector('#defender [data-data^="notice:understood"], #defender [data-data^="safe:yes"]')`)
	if b.isThere(`#defender [data-data^="notice:understood"]`) {
		b.press("defender", "notice:understood")
	}
	b.press("defender", "safe:yes")
	b.press("defender", "urgency:now")
	b.press("defender", "country:PE")
	b.press("defender", "subject:self")
	b.until("words are asked for", `document.querySelector("#words-defender").classList.contains("hint")`)
	b.write(words)
	b.press("defender", "nav:done")
	b.consent("consent:mission")
	b.consent("consent:front-line-defenders")
	b.press("defender", "review:send")
	b.has("#officer .cases", "alerted")
}

// consent ticks a box and waits until it is ticked.
func (b *browser) consent(data string) {
	b.t.Helper()
	b.press("defender", data)
	b.until(data+" is ticked", `[...document.querySelectorAll('#defender [data-data^="`+data+`"]')].some(e => e.textContent.startsWith("✓"))`)
}

// TestDemoEmergency goes through a whole emergency with the mouse: from the defender's first press to the
// officer who reads the words, the NGO that accepts, and the defender who is told of both.
func TestDemoEmergency(t *testing.T) {
	b := newBrowser(t, startDemo(t), laptop)
	b.send(demoWords)
	b.click("#officer [data-look=raw]")
	b.has("#officer pre.raw", "-----BEGIN PGP MESSAGE-----")
	b.click("#officer [data-look=raw]")
	b.click("#officer [data-look=opened]")
	b.has("#officer pre.plain", demoWords)
	b.has("#officer .signature", "signature: good")
	b.press("officer", "ack:")
	b.has("#officer .cases", "acknowledged")
	b.press("ngo-a", "claim:")
	b.has("#ngo-a .cases", "claimed")
	b.click("#ngo-a [data-look=opened]")
	b.has("#ngo-a pre.plain", demoWords)
	if *picture {
		b.shot(filepath.Join("..", "..", "docs", "demo.png"))
	}
	b.press("ngo-a", "accept:")
	b.has("#ngo-a .cases", "accepted")
	b.has("#defender .log", "British Embassy Lima")
	b.has("#defender .log", "Front Line Defenders")
	b.has("#guide-now", "The defender has been told")
	b.has("#store-proof", "none is there")
	if dir := os.Getenv("DEMO_SHOTS"); dir != "" {
		b.shot(filepath.Join(dir, "laptop-end.png"))
	}
}
