package bot

import (
	"slices"

	tg "github.com/go-telegram/bot"

	"defenderline/flows"
	"defenderline/referrals"
)

// admitted counts an update against the chat's rate. Beyond it nothing is handled, which is
// said once a minute. An emergency is never held up.
func (tn *turn) admitted(in flows.Input) bool {
	s := &tn.state
	if minute := tn.at.Unix() / 60; minute != s.Minute {
		s.Minute, s.Count = minute, 0
	}
	s.Count++
	if tn.limits.UpdatesPerMinute <= 0 || s.Count <= tn.limits.UpdatesPerMinute || tn.urgent(in) && s.Count <= mostUrgent {
		return true
	}
	tn.meters.Refused.WithLabelValues("rate").Inc()
	if s.Count == tn.limits.UpdatesPerMinute+1 {
		tn.notes = append(tn.notes, flows.Text{Key: "line.slow_down"})
		tn.again()
	}
	return false
}

// mostSlow is how many presses beyond the limit are told to slow down.
const mostSlow = 20

// mostUrgent is how many updates a minute are handled even in an emergency: more than anybody writes, so that
// nobody can keep the line busy under that name.
const mostUrgent = 300

// urgent says that an input belongs to an emergency or begins one.
func (tn *turn) urgent(in flows.Input) bool {
	return tn.inEmergency() || begins(in, flows.FlowEmergency)
}

// inEmergency says that the person is in the middle of an emergency, or has just sent one.
func (tn *turn) inEmergency() bool {
	switch tn.state.Session.Draft.Flow {
	case flows.FlowEmergency, flows.FlowAfter:
		return true
	}
	return slices.ContainsFunc(tn.state.Session.Parked, func(d flows.Draft) bool { // on a page opened in between
		return d.Flow == flows.FlowEmergency
	})
}

// begins says that an input asks to begin a conversation.
func begins(in flows.Input, flow string) bool {
	return in.Kind == flows.Press && in.Field == "menu" && in.Value == flow ||
		in.Kind == flows.Command && in.Value == flow
}

// group answers where others read along: one line to whoever speaks to the bot, then it leaves.
// Nothing that is said there is kept.
func (tn *turn) group(u update, from chat) {
	if u.Member != nil && u.Member.New.Status != "member" && u.Member.New.Status != "administrator" {
		return
	}
	if tn.told {
		return
	}
	tn.told = true
	lang, _ := tn.texts.Match(u.language())
	if u.Member == nil || from.Type != "channel" {
		text := tn.texts.Text(lang, "line.private_only", nil)
		tn.send(call{Bot: tn.bot, Chat: from.ID, Method: "sendMessage", Params: encode(tg.SendMessageParams{ChatID: from.ID, Text: text})})
	}
	tn.send(call{Bot: tn.bot, Chat: from.ID, Method: "leaveChat", Params: encode(tg.LeaveChatParams{ChatID: from.ID})})
}

// stranger answers at the desks' bot who is not of a desk. Nothing is kept of them.
func (tn *turn) stranger(u update, chat int64) {
	tn.refuse("stranger", referrals.RefusedDesk, "")
	lang, _ := tn.texts.Match(u.language())
	if u.Callback != nil {
		tn.send(answer(tn.bot, chat, u.Callback.ID, tn.texts.Text(lang, "toast.not_here", nil), tn.at))
		return
	}
	if tn.told {
		return
	}
	tn.told = true
	text := tn.texts.Text(lang, "desk.stranger", nil)
	tn.send(call{Bot: tn.bot, Chat: chat, Method: "sendMessage", Screen: true, // so that one of them waits, however many came
		Params: encode(tg.SendMessageParams{ChatID: chat, Text: text})})
}

// Bounds for files: the largest that Telegram lets a bot fetch (Bot API, getFile), and how many bytes of one chat
// are sealed in a day. Sealed copies fill the store's memory, and a full store serves nobody.
const (
	largestFile = 20 << 20
	dailyBytes  = 200 << 20
)

// refusesFile is the key of the text that says why a file is not taken; empty when it is, and then it counts.
func (tn *turn) refusesFile(f *flows.File) string {
	if f == nil {
		return ""
	}
	size := f.Size
	if size <= 0 { // Telegram does not always tell
		size = largestFile
	}
	s := &tn.state
	if day := tn.at.Unix() / 86400; day != s.Day {
		s.Day, s.Bytes = day, 0
	}
	switch {
	case f.Size > largestFile:
		return "line.file_too_big"
	case s.Bytes+size > dailyBytes:
		tn.meters.Refused.WithLabelValues("bytes").Inc()
		return "line.files_full"
	}
	s.Bytes += size
	return ""
}
