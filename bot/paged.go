package bot

import (
	"strconv"
	"strings"
)

// Organisations and colleagues are chosen from pages. Telegram takes a hundred buttons, and nobody reads as many.

// onPage is how many are offered at a time.
const onPage = 8

// pageOf begins the token of the button that shows a further page: "+1" is the second.
const pageOf = "+"

// pageIn is the page that a token asks for, with its mark; empty when it asks for none.
func pageIn(token string) string {
	if strings.HasPrefix(token, pageOf) {
		return token
	}
	return ""
}

// paged is a page of what can be chosen, of several with a button for the next; behind the last comes the first. data makes the data of a
// button of a token.
func (a *atDesk) paged(all []button, page string, data func(token string) string) *keyboard {
	pages := (len(all) + onPage - 1) / onPage
	n, err := strconv.Atoi(strings.TrimPrefix(page, pageOf))
	if err != nil || n < 0 || n >= pages {
		n = 0
	}
	k := &keyboard{}
	for _, b := range all[min(n*onPage, len(all)):min((n+1)*onPage, len(all))] {
		k.Rows = append(k.Rows, []button{b})
	}
	if pages > 1 {
		k.Rows = append(k.Rows, []button{{Text: a.text("desk.button.next_page", nil), Data: data(pageOf + strconv.Itoa((n+1)%pages))}})
	}
	return k
}

// asks asks for a choice, with a way back, in the place of what was asked before or in a message of its own.
func (a *atDesk) asks(question string, k *keyboard, back string, instead bool) {
	k.Rows = append(k.Rows, a.backRow(back))
	a.toast("desk.toast.ask", nil)
	if !instead || !a.replaces(question, k) {
		a.tell(question, k)
	}
}
