package bot

import (
	"strings"

	"defenderline/flows"
)

// say sends a text on its own, outside of any screen, with buttons that may be pressed at any time: those of
// flows.QuestionButton.
func (tn *turn) say(text flows.Text, rows ...[]flows.Button) {
	v := flows.Screen{Ask: text, Rows: rows}.View(tn.lang(), tn.texts)
	c := show(tn.state.Bot, tn.state.Chat, 0, v)
	c.Stays = true
	tn.sendOwn(c)
}

// show makes a screen the one to be presented at the end of the turn, with the notes of those before, which it returns the
// number of.
func (tn *turn) show(s flows.Screen) (before int) {
	if tn.screen != nil && tn.screen.Turn != s.Turn {
		tn.notes = flows.Overtaken(tn.notes, s)
	}
	before = len(tn.notes)
	tn.notes = append(tn.notes, s.Notes...)
	tn.screen = &s
	return before
}

// again presents the current screen once more.
func (tn *turn) again() {
	tn.edit = 0
	s := tn.engine.Show(tn.state.Session)
	tn.state.Session = s.Session
	tn.show(s.Screen)
}

// present sends what the turn has to show: one screen, however many updates it took.
func (tn *turn) present() {
	if tn.screen == nil || tn.state.Chat == 0 || tn.state.Blocked {
		tn.vanish()
		return
	}
	tn.screen.Notes = distinct(tn.notes)
	s := &tn.state
	below := tn.below()
	c := show(s.Bot, s.Chat, tn.edit, below.View(tn.lang(), tn.texts))
	c.Screen, c.Edits, c.Notes, c.Short = true, s.Screen, noteKeys(tn.screen.Notes), below.Ask.Key == keptNote
	c.Tells = tn.noted(c.Notes)
	c.Asks = tn.screen.Steps > 0 || tn.screen.Optional
	c.Turn, c.Sweep, c.Gone = tn.screen.Turn, tn.sweep, unique(tn.gone)
	c.Top = max(tn.state.Newest, tn.state.Screen)
	if tn.edit == 0 {
		s.Screen = 0
	}
	tn.sendOwn(c)
}

// below is the screen as it is shown below what the person wrote. Where the question stands above, which takes any number of
// messages, it need not be asked again: it is said that they are kept, with the same buttons. So the question need not be
// deleted either; it goes with all the rest when the conversation ends.
func (tn *turn) below() flows.Screen {
	s := *tn.screen
	if len(s.Notes) != 1 || s.Notes[0].Key != keptNote || tn.edit != 0 || tn.sweep != 0 || tn.moved() || tn.first == 0 {
		return s
	}
	return flows.Screen{Ask: s.Notes[0], Rows: s.Rows, Turn: s.Turn}
}

// noteKeys name what notes tell, with the case they tell it of.
func noteKeys(notes []flows.Text) []string {
	var out []string
	for _, n := range notes {
		code, _ := n.Args["Code"].(string)
		out = append(out, n.Key+code)
	}
	return out
}

// noted is what the notes of the screen say, without the question: for when it comes after that was answered, and what it repeats
// was deleted.
func (tn *turn) noted(keys []string) string {
	if says(nil, keys) {
		return ""
	}
	var parts []string
	for _, n := range tn.screen.Notes {
		parts = append(parts, n.Text(tn.lang(), tn.texts))
	}
	return strings.Join(parts, "\n\n")
}

// sendOwn sends to a defender's chat and remembers the message for a wipe.
func (tn *turn) sendOwn(c call) {
	c.Own, c.Made, c.Born = true, tn.at.UnixMilli(), tn.state.Born
	tn.send(c)
}

// send leaves a call to be made after the commit, in the lane of whom it answers.
func (tn *turn) send(c call) {
	switch {
	case tn.desk:
		c.Lane = laneDesk
	case tn.emergency || tn.inEmergency():
		c.Lane = laneUrgent
	}
	tn.out.Errands = append(tn.out.Errands, c.errand(tn.work.Member))
}

// press answers the press of a button, if the update is one: a press hangs until it is answered.
func (tn *turn) press(u update, toast flows.Text) {
	if u.Callback == nil {
		return
	}
	text := ""
	if toast.Key != "" {
		text = tn.texts.Text(tn.lang(), toast.Key, toast.Args)
	}
	tn.send(answer(tn.bot, u.chat().ID, u.Callback.ID, text, tn.at))
}

// lang is the language the chat is answered in.
func (tn *turn) lang() string {
	if l := tn.state.Session.Language; l != "" {
		return l
	}
	return tn.texts.Languages()[0]
}

// distinct says each note once, as it was said last: a count grows.
func distinct(notes []flows.Text) []flows.Text {
	at := map[string]int{}
	var out []flows.Text
	for _, n := range notes {
		if i, ok := at[n.Key]; ok {
			out[i] = n
			continue
		}
		at[n.Key] = len(out)
		out = append(out, n)
	}
	return out
}
