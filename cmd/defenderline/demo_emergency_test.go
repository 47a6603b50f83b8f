package main

import (
	"flag"
	"fmt"
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
	b.report(words)
}

// report is send once the chat has begun.
func (b *browser) report(words string) {
	b.t.Helper()
	b.press("defender", "menu:emergency")
	b.prepare()
	b.press("defender", "safe:yes")
	b.press("defender", "urgency:now")
	b.press("defender", "country:PE")
	b.press("defender", "subject:self")
	b.until("words are asked for", `!document.querySelector('#defender [data-data^="subject:"]')`)
	mine := ask[int](b, `document.querySelectorAll("#defender li.mine").length`)
	b.write(words)
	b.until("the line answers the words", fmt.Sprintf(`document.querySelectorAll("#defender li.mine").length > %d
		&& document.querySelector("#defender ol").lastElementChild.matches(".theirs")`, mine))
	b.press("defender", "nav:done")
	b.consent("consent:mission")
	b.consent("consent:front-line-defenders")
	b.press("defender", "review:send")
	b.has("#officer .cases", "alerted")
}

// prepare answers what may be asked before the first question: the language, where the phone's is not
// shipped, and the notice.
func (b *browser) prepare() {
	b.t.Helper()
	for _, data := range []string{"language:en", "notice:understood"} {
		key := `#defender [data-data^="` + data + `"]`
		b.until("a question is there", `!!document.querySelector('`+key+`, #defender [data-data^="notice:understood"], #defender [data-data^="safe:yes"]')`)
		if b.isThere(key) {
			b.click(key)
			b.until(data+" is answered", `!document.querySelector('`+key+`')`)
		}
	}
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
	beside(t, working)
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
	b.press("ngo-a", "accept:")
	b.has("#ngo-a .cases", "accepted")
	b.told("British Embassy Lima")
	b.told("Front Line Defenders")
	b.has("#guide-now", "The defender has been told")
	b.has("#store-proof", "none is there")
	b.keep("laptop-end")
	if *picture {
		b.until("the toasts are gone", `[...document.querySelectorAll(".toast")].every(e => !e.textContent)`)
		b.until("both documents are in sight", `[...document.querySelectorAll("pre.plain")].every(e => { e.scrollIntoView({block: "center"}); return true; })`)
		b.shot(filepath.Join("..", "..", "docs", "demo.png"))
	}
}

// told waits until one of the last two messages of the defender's chat names a desk.
func (b *browser) told(desk string) {
	b.t.Helper()
	b.until("the defender is told of "+desk,
		`[...document.querySelectorAll("#defender li.theirs .text")].slice(-2).some(e => e.textContent.includes(`+quoted(desk)+`))`)
}

// The guide counts as the phone does, and ticks off what was answered, not what was never asked: who writes where they
// are is not asked whose safety it is about.
func TestDemoGuideFollowsThePhone(t *testing.T) {
	beside(t, working)
	b := newBrowser(t, startDemo(t), laptop)
	b.click("#start")
	b.press("defender", "menu:emergency")
	b.prepare()
	b.press("defender", "safe:yes")
	b.press("defender", "urgency:now")
	b.until("the phone asks the question that is marked", `(q => q === "3" && [...document.querySelectorAll("#defender li.theirs .text")].pop()?.textContent.startsWith(q + " of 6"))(
		document.querySelector("#guide-steps li.now .question")?.textContent)`)
	b.write("Peru")
	b.until("only Peru is offered", `!document.querySelector('#defender [data-data^="country:CO"]')`)
	b.press("defender", "country:PE")
	b.until("words are asked for", `document.querySelector("#guide-steps li.now")?.textContent.includes("What happens")`)
	done := ask[string](b, `[...document.querySelectorAll("#guide-steps li.done")].map(e => e.lastElementChild.textContent).join()`)
	if done != "Start,Emergency,Safe to write,How urgent,Where" {
		t.Errorf("ticked off: %s", done)
	}
}
