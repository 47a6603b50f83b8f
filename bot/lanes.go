package bot

import (
	"container/heap"
	"slices"
	"time"
)

// lane is how urgent a message is. Of those that may leave now, one of the highest lane leaves next:
//
//	emergency     alerts and offers of emergencies
//	desk          everything else for officers and NGOs: routine alerts, offers, additions, answers to their acts
//	urgent        screens and news of people in an emergency
//	conversation  everybody else's screens and news
//	courtesy      buttons taken off screens that were replaced
//
// So that nobody starves, a lane lets one message of the lanes below it pass after so many of its own in a row as
// [shares] says, while one waits there. Under a flood in every lane the first four have 10/11, 5/66, 5/396 and 20/8316 of
// what Telegram allows; under a flood of conversation, which is the one that people can make, an alert is the next
// message to leave. Within a lane the chat that was written to longest ago is first, so that a newcomer
// does not wait behind those who write most; alerts of one rung take turns by where their cases live, so that whoever sends
// a thousand does not hold up the one of somebody else; and a chat lets what is no alert pass after four alerts.
//
// What does not count against Telegram's limits (answers to presses, deletions) leaves beside all this, and four of
// the senders take nothing but emergencies, so that calls that hang delay none.
type lane int

// The lanes, from the last to the first.
const (
	laneCourtesy lane = iota
	laneConversation
	laneUrgent
	laneDesk
	laneEmergency
	lanes
)

// shares is how many messages of a lane leave in a row while one of a lane below waits.
var shares = [lanes]int{laneConversation: 20, laneUrgent: 5, laneDesk: 5, laneEmergency: 10}

// queues are the lines of a lane that are ready, by whether their first parcel counts against the limits. The two take
// turns: neither holds up the other.
type queues struct {
	messages lines   // the chat that was written to longest ago first
	free     []*line // in the order they came
	freeNext bool
}

// push puts a line in.
func (q *queues) push(l *line) {
	if l.queue[0].free {
		q.free = append(q.free, l)
		return
	}
	heap.Push(&q.messages, l)
}

// popMessage takes the first line off the messages, popFree off those that are free.
func (q *queues) popMessage() *line {
	q.freeNext = true
	return heap.Pop(&q.messages).(*line)
}

func (q *queues) popFree() *line {
	q.freeNext = false
	l := q.free[0]
	q.free[0] = nil
	q.free = q.free[1:]
	return l
}

// line is the queue of one chat in one lane.
type line struct {
	key     string
	lane    lane
	queue   []parcel
	written uint64    // when its chat was written to last, counted in messages
	since   uint64    // its place among those that are ready; 0: it has none yet
	until   time.Time // asleep until then
	active  bool      // ready, asleep or being sent
	sending bool      // its first parcel is being sent
}

// shed drops what need not be sent any more, and says how many.
func (l *line) shed() int {
	before, from := len(l.queue), 0
	if l.sending {
		from = 1
	}
	rest := slices.DeleteFunc(l.queue[from:], func(p parcel) bool { return p.over != nil && p.over() })
	l.queue = l.queue[:from+len(rest)]
	return before - len(l.queue)
}

// lines are a heap.
type lines []*line

func (s lines) Len() int { return len(s) }
func (s lines) Less(i, j int) bool {
	if s[i].written != s[j].written {
		return s[i].written < s[j].written
	}
	return s[i].since < s[j].since
}
func (s lines) Swap(i, j int) { s[i], s[j] = s[j], s[i] }
func (s *lines) Push(x any)   { *s = append(*s, x.(*line)) }
func (s *lines) Pop() any {
	old := *s
	l := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	return l
}
