package flows

import "slices"

// consentField is the field of the question whether one more desk may have a case, and noConsent the answer that none may.
const (
	consentField = "consent"
	noConsent    = "none"
)

// AgreeButtons are those below a question for consent: a yes for each desk, by its id and name, and a no.
func AgreeButtons(code string, ids, names []string) [][]Button {
	var rows [][]Button
	for i, id := range ids {
		label := Text{Key: "button.consent_yes", Args: map[string]any{"Desk": Verbatim(names[i])}}
		rows = append(rows, []Button{QuestionButton(code, consentField, id, label)})
	}
	return append(rows, []Button{QuestionButton(code, consentField, noConsent, Text{Key: "button.consent_no"})})
}

// agree answers whether one more desk may have a case. Of the desks that one question named, a yes to one answers it for all,
// and so does a no. When the line asked, because nobody had answered, what the desk should know is asked for at once: nobody can
// open for it what was sent before.
func (t *turn) agree(c *Case) error {
	var asked []Question
	var chosen Question
	for _, q := range c.Questions {
		if q.Field == consentField && c.Open() {
			asked = append(asked, q)
			if q.About == t.in.Value {
				chosen = q
			}
		}
	}
	switch {
	case len(asked) > 0 && t.in.Value == noConsent:
		t.refuseAll(c, asked)
		return nil
	case chosen.About != "":
		return t.agreeTo(c, chosen, asked)
	case c.Open() && slices.Contains(c.Desks, t.in.Value): // pressed twice: it was not in vain
		t.toast = Text{Key: "toast.consent_recorded"}
	case slices.Contains(c.Refused, t.in.Value), t.in.Value == noConsent && len(c.Refused) > 0:
		t.over()
	case slices.Contains(readStates, c.State):
		t.toast = Text{Key: "toast.consent_read"}
	default:
		t.over()
	}
	return nil
}

// refuseAll answers what was asked with no.
func (t *turn) refuseAll(c *Case, asked []Question) {
	t.says = Text{Key: "note.consent_no", Args: map[string]any{"Code": c.Code}}
	for _, q := range asked {
		c.close(q)
		c.Refused = append(slices.Clip(c.Refused), q.About)
		t.doing = append(t.doing, Effect{Kind: Answered, Case: c.Code, Question: q, Value: noConsent})
	}
}

// agreeTo answers one question with yes, and with it what the line asked in the same message.
func (t *turn) agreeTo(c *Case, chosen Question, asked []Question) error {
	args := map[string]any{"Code": c.Code, "Desk": Verbatim(chosen.Name)}
	t.says = Text{Key: "note.consent_yes", Args: args}
	for _, q := range asked {
		if q.About == chosen.About || q.By == "" && chosen.By == "" {
			c.close(q)
		}
	}
	c.Refused = slices.DeleteFunc(slices.Clone(c.Refused), func(id string) bool { return id == chosen.About })
	c.Desks, c.Names = append(slices.Clip(c.Desks), chosen.About), append(slices.Clip(c.Names), chosen.Name)
	if i := slices.Index(c.Desks, chosen.About); i < len(c.Desks)-1 { // it was among those chosen when the case was sent
		c.Desks, c.Names = c.Desks[:len(c.Desks)-1], c.Names[:len(c.Names)-1]
	}
	t.doing = append(t.doing, Effect{Kind: Answered, Case: c.Code, Question: chosen, Value: chosen.About})
	if chosen.By != "" {
		return nil
	}
	t.beside = false
	t.flush()
	t.note("note.consent_write", args)
	return t.begin(FlowAdd, c.Code)
}

// readStates are the states of a case that somebody has read.
var readStates = []string{"read", "claimed", "accepted"}

// unask closes what the line asked because nobody had answered: somebody has.
func (c *Case) unask() {
	c.Questions = slices.DeleteFunc(slices.Clone(c.Questions), func(q Question) bool { return q.Field == consentField && q.By == "" })
}
