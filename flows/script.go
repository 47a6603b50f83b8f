package flows

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Run plays the answers of a script and gives the script back with what the conversation did
// now. Of a script only these lines are read, all others are what came out when it was recorded:
//
//	# why            kept as it is
//	> answer         an act of the person, see Player.Answer
//	! happening      what the line or a desk does, see Player.Happen
//
// An error names the line that cannot be read; nothing else fails.
func Run(e *Engine, script string, at time.Time) (string, error) {
	p := NewPlayer(e, Session{}, at)
	var b strings.Builder
	begun := false
	for i, line := range strings.Split(script, "\n") {
		if strings.HasPrefix(line, "#") {
			b.WriteString(line + "\n")
			continue
		}
		record, err := p.line(line)
		if err != nil {
			return "", fmt.Errorf("line %d of the script: %w", i+1, err)
		}
		if record == "" {
			continue
		}
		if begun {
			b.WriteByte('\n')
		}
		begun = true
		b.WriteString(record)
	}
	return b.String(), nil
}

// Player plays one conversation and writes it down as a script.
type Player struct {
	// Find, when set, tells the countries that words may mean.
	Find func(words string) []string

	engine  *Engine
	session Session
	screen  Screen
	at      time.Time
	message int
	codes   int
}

// NewPlayer begins at the session's screen. Each answer comes a minute after the one before.
func NewPlayer(e *Engine, s Session, at time.Time) *Player {
	out := e.Show(s)
	return &Player{engine: e, session: out.Session, screen: out.Screen, at: at}
}

// Screen is what the person sees now.
func (p *Player) Screen() Screen { return p.screen }

// Session is the conversation as it stands now.
func (p *Player) Session() Session { return p.session }

// line plays a line that does something.
func (p *Player) line(line string) (string, error) {
	if answer, ok := strings.CutPrefix(line, "> "); ok {
		return p.Answer(answer)
	}
	if what, ok := strings.CutPrefix(line, "! "); ok {
		return p.Happen(what)
	}
	return "", nil
}

// Answer plays one act of the person and writes it down with what came of it:
//
//	safe:yes               presses a button; safe:yes#2 with that token
//	/start                 sends a command
//	"They came." PE        sends words; codes of countries that they may mean may follow
//	photo "caption"        sends a photo, voice, video or file
//	place PE CL            shares a location in one of these countries
//	edit 3 "They left."    changes the third message
//	sticker                sends what the line cannot take
//
// After a draft was submitted it plays the line too: the case gets a code and is shown as sent.
func (p *Player) Answer(answer string) (string, error) {
	p.at = p.at.Add(time.Minute)
	in, err := p.read(strings.TrimSpace(answer))
	if err != nil {
		return "", err
	}
	if in.Kind == Words && p.Find != nil && len(in.Countries) == 0 {
		in.Countries = p.Find(in.Item.Text)
		answer = strings.Join(append([]string{answer}, in.Countries...), " ")
	}
	out, err := p.engine.Step(p.session, in)
	if err != nil {
		return "", err
	}
	record := "> " + answer + "\n" + p.take(out)
	for _, e := range out.Effects {
		if e.Kind == Submit {
			record += "sent\n" + p.take(p.engine.Sent(p.session, p.submitted(e.Draft)))
		}
	}
	return record, nil
}

// take goes on from an outcome and writes it down.
func (p *Player) take(out Outcome) string {
	p.session, p.screen = out.Session, out.Screen
	return transcript(out)
}

// submitted is the case that a draft becomes.
func (p *Player) submitted(d Draft) Case {
	const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	c := Case{Code: "TEST-222" + string(letters[p.codes%len(letters)]), Flow: d.Flow, Country: d.first("country"), SentAt: p.at, State: "sent"}
	p.codes++
	for _, r := range p.engine.directory.Consents(d.Flow, d.first("country"), p.session.Language, d.Answers) {
		if slices.Contains(d.Answers["consent"], r.Value) {
			c.Desks, c.Names = append(c.Desks, r.Value), append(c.Names, r.Name)
		}
	}
	return c
}

// Happen plays what does not come from the person:
//
//	language es                    the messenger says so surely; nothing is shown
//	noticed                        the safety notice was understood before; nothing is shown
//	news TEST-2222 read Embassy    a desk did something with a case
//	ask TEST-2222 reached lima     a question about a case is opened, about something; a further word: the desk that asks
//	silent                         the person was silent for a moment: Flush, when something waits
//	expire                         the person was silent for too long
func (p *Player) Happen(what string) (string, error) {
	words := strings.Fields(what)
	record := "! " + what + "\n"
	switch {
	case len(words) == 2 && words[0] == "language":
		p.session.Language, p.session.Chosen = words[1], true
	case len(words) == 1 && words[0] == "noticed":
		p.session.Noticed = true
	case len(words) == 1 && words[0] == "silent":
		if !p.engine.Waiting(p.session) {
			return record + "nothing waits\n", nil
		}
		record += p.take(p.engine.Flush(p.session))
	case len(words) == 1 && words[0] == "expire":
		record += p.take(p.engine.Expire(p.session))
	case len(words) >= 3 && words[0] == "news":
		record += p.news(words[1], words[2], strings.Join(words[3:], " "))
	case (len(words) == 4 || len(words) == 5) && words[0] == "ask":
		record += p.asked(words[1], Question{Field: words[2], About: words[3], Name: words[3], By: strings.Join(words[4:], ""), At: p.at})
	default:
		return "", fmt.Errorf("%q is nothing that can happen: write language, noticed, news, ask, silent or expire", what)
	}
	return record, nil
}

// news plays that a desk did something with a case.
func (p *Player) news(code, state, by string) string {
	p.at = p.at.Add(time.Minute)
	s, text, ok := p.engine.News(p.session, code, state, by, 0, p.at)
	if !ok {
		return "no news\n"
	}
	p.session = s
	return "news " + written(text) + "\n"
}

// asked plays that a question about a case is opened.
func (p *Player) asked(code string, q Question) string {
	s, ok := p.engine.Ask(p.session, code, q)
	if !ok {
		return "not asked\n"
	}
	p.session = s
	return ""
}

// read reads an answer into an input.
func (p *Player) read(answer string) (Input, error) {
	in := Input{At: p.at}
	word, rest, _ := strings.Cut(answer, " ")
	switch {
	case strings.HasPrefix(answer, `"`):
		return p.words(in, answer)
	case strings.HasPrefix(answer, "/"):
		in.Kind, in.Value = Command, word[1:]
	case word == "sticker":
		in.Kind = Unsupported
	case word == "place":
		in.Kind, in.Item, in.Countries = Location, p.item(ItemPlace, ""), strings.Fields(rest)
		in.Item.Lat, in.Item.Lon = -12.05, -77.04
	case slices.Contains(attachments, ItemKind(word)):
		caption, _ := strconv.Unquote(rest)
		in.Kind, in.Item = Attachment, p.item(ItemKind(word), caption)
		in.Item.File = &File{ID: fmt.Sprintf("file-%d", in.Item.Message)}
	case word == "edit":
		return edition(in, rest)
	case strings.Contains(answer, ":"):
		in.Kind = Press
		in.Field, in.Value, _ = strings.Cut(answer, ":")
		in.Value, in.Token, _ = strings.Cut(in.Value, "#")
	default:
		return in, fmt.Errorf("%q is no answer: press field:value, send \"words\", photo, place, sticker or /command", answer)
	}
	return in, nil
}

// attachments are the kinds of item that carry a file.
var attachments = []ItemKind{ItemPhoto, ItemVoice, ItemVideo, ItemFile}

func (p *Player) item(kind ItemKind, text string) Item {
	p.message++
	return Item{Kind: kind, Text: text, Message: p.message}
}

// words reads quoted words and the countries behind them.
func (p *Player) words(in Input, answer string) (Input, error) {
	quoted, err := strconv.QuotedPrefix(answer)
	if err != nil {
		return in, fmt.Errorf("the words are not quoted to their end: write \"…\"")
	}
	text, err := strconv.Unquote(quoted)
	if err != nil {
		return in, fmt.Errorf("the words are not quoted rightly: write \"…\"")
	}
	in.Kind, in.Item, in.Countries = Words, p.item(ItemText, text), strings.Fields(answer[len(quoted):])
	return in, nil
}

// edition reads the number of a message and its new words.
func edition(in Input, rest string) (Input, error) {
	number, quoted, _ := strings.Cut(rest, " ")
	id, err := strconv.Atoi(number)
	text, err2 := strconv.Unquote(quoted)
	if err != nil || err2 != nil {
		return in, fmt.Errorf("write: edit 3 \"new words\"")
	}
	in.Kind, in.Item = Edited, Item{Kind: ItemText, Message: id, Text: text}
	return in, nil
}
