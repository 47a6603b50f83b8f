package bot

import (
	"context"
	"encoding/json"
	"time"
)

// A message that leaves late, because it waited its turn or because the process that should have sent it was killed or frozen, may
// have lost its place: its chat has moved on, or was wiped. What was sent a second time repeats what a person wrote, and those
// words must not stay on a phone of which it was said that they are deleted.

// lateAfter is how old a message is before it is asked whether it still has a place in its chat.
const lateAfter = time.Second

// current makes sure that a screen which leaves late does not take the place of a newer one that has come meanwhile: then it asks
// nothing any more and tells, below, what it has to tell, if anything. After a wipe nothing is sent of what was before it, and after
// consent was taken back nothing that its desk wrote. What an officer is to confirm is sent only while it is what would be sent.
func (r *runner) current(ctx context.Context, l *leaving) (again time.Duration) {
	if l.arrived || l.Rest || l.over() || l.Made == 0 {
		return 0
	}
	l.late = r.old(l)
	if !l.late && l.Shows == "" {
		return 0
	}
	now, wiped, known, again := r.record(ctx, l)
	if known { // else better late than never
		r.place(l, now, wiped)
	}
	return again
}

// old says that a message may have lost its place since it was made. One of later than now may, too: the line's clock went back.
func (r *runner) old(l *leaving) bool { return r.now().Sub(time.UnixMilli(l.Made)).Abs() >= lateAfter }

// record is what the chat of a message has become, and whether it was wiped since that was made. known is false when
// nobody can say.
func (r *runner) record(ctx context.Context, l *leaving) (now chatState, wiped, known bool, again time.Duration) {
	raw, err := r.history.Record(ctx, l.from)
	if err != nil && l.effort.tries < mostCardTries {
		l.effort.tries++
		return now, false, false, min(pause(err, l.effort.tries), longestGap)
	}
	now, unreadable := openState(raw)
	return now, raw == nil || l.before(now), err == nil && unreadable == nil, 0
}

// before says that a call was made before the record of its chat began: for another, which a wipe has ended. The line's clock may
// have gone back since; only where nothing else is known do times decide.
func (c call) before(now chatState) bool {
	if c.Born != 0 {
		return now.Born != c.Born
	}
	return now.Born > c.Made
}

// place gives a message its place in what its chat has become: none after a wipe, or if it asks what is asked no more
// and has nothing to tell.
func (r *runner) place(l *leaving, now chatState, wiped bool) {
	if l.unwanted = !wiped && l.Receipt.unwanted(now); l.unwanted || !l.shown(now) {
		l.stage.Store(stageOver)
	}
	if !wiped && (!l.Screen || now.Session.Turn == l.Turn) {
		return
	}
	r.screens.leaves(l)
	if now.Screen != 0 && (l.Top == 0 || l.Top >= now.Screen) {
		l.Top = now.Screen - 1 // what is asked now is not swept away
	}
	if wiped || says(nil, l.Notes) {
		l.stage.Store(stageOver)
		return
	}
	l.call = l.told()
}

// shown says of what an officer is to confirm that it is still what would be sent.
func (c call) shown(now chatState) bool {
	return c.Shows == "" || now.Talk != nil && now.Talk.sends() == c.Shows
}

// told is a screen as a message that asks nothing: its notes, without the question and what that repeats.
func (c call) told() call {
	var params map[string]json.RawMessage
	if json.Unmarshal(c.Params, &params) != nil {
		return c
	}
	delete(params, "message_id")
	delete(params, "reply_markup")
	if c.Tells != "" { // else of an earlier version
		params["text"] = encode(c.Tells)
	}
	c.Method, c.Anew, c.Screen, c.Params = "sendMessage", false, false, encode(params)
	return c
}

// becameLate says that a message left late, or has become late on its way. What an officer was shown may be the very message that says by
// now that it was sent: nobody can tell.
func (r *runner) becameLate(l *leaving) bool {
	return l.late || l.Made != 0 && l.Shows == "" && r.old(l)
}

// stays looks again at what left late, or became late on its way, once it has arrived: its chat may have been wiped, or its question
// answered, meanwhile, by an act that could not know of it. Then it is deleted.
func (r *runner) stays(ctx context.Context, l *leaving) (again time.Duration) {
	if !r.becameLate(l) || l.Rest || l.message == 0 || l.looked {
		return 0
	}
	now, wiped, known, again := r.record(ctx, l)
	if again > 0 {
		return again
	}
	l.looked = true
	pressed := now.Screen == l.message || now.Pressed == l.message // it shows what is asked now
	if known && (wiped || l.Screen && now.Session.Turn != l.Turn && !pressed && says(nil, l.Notes)) {
		l.displaced, l.Gone = true, append(l.Gone, l.message)
		r.hands.tell(l.id) // who runs it again sends nothing, and could not know of it
	}
	return 0
}
