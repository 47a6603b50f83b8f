package flows

// reachedAnswers are what may be answered to whether a desk has reached the person: the value, its button, and what the message
// says from then on.
var reachedAnswers = []struct{ value, button, says string }{
	{"yes", "button.reached.yes", "note.reached_yes"},
	{"not_yet", "button.reached.not_yet", "note.reached_not_yet"},
	{"no", "button.reached.no", "note.reached_no"},
}

// reached is the answer to whether a desk that took a case on has reached the person.
func reached(c Case, _ Question, value string) (Text, bool) {
	for _, a := range reachedAnswers {
		if a.value == value {
			return Text{Key: a.says, Args: map[string]any{"Code": c.Code}}, true
		}
	}
	return Text{}, false
}

// AskReached is the question whether a desk, by its name, has reached the person, and its buttons, which carry its mark.
func AskReached(code, name, mark string) (Text, [][]Button) {
	if mark != "" {
		mark = ":" + mark
	}
	var rows [][]Button
	for _, a := range reachedAnswers {
		rows = append(rows, []Button{QuestionButton(code, "reached", a.value+mark, Text{Key: a.button})})
	}
	return Text{Key: "ask.reached", Args: map[string]any{"Code": code, "Desk": desk(name)}}, rows
}
