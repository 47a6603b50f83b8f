package bot

import "time"

// lane is how urgent a message is. Of those that may leave now, one of the highest lane leaves next:
//
//	emergency     alerts and offers of emergencies
//	desk          everything else for officers and NGOs: routine alerts, offers, additions, answers to their acts
//	urgent        screens and news of people in an emergency
//	conversation  everybody else's screens and news
//
// So that nobody starves, a lane lets one message of the lanes below it pass after so many of its own in a row as
// [shares] says, while one waits there. Under a flood in every lane the lanes have 10/11, 5/66, 5/396 and 1/396 of what
// Telegram allows; under a flood of conversation, which is the one that people can make, an alert is the next
// message to leave.
//
// What does not count against Telegram's limits (answers to presses, deletions) leaves beside all this, and four of
// the senders take nothing but emergencies, so that calls that hang delay none.
type lane int

// The lanes, from the last to the first. The zero lane is that of conversation.
const (
	laneConversation lane = iota
	laneUrgent
	laneDesk
	laneEmergency
	lanes
)

// shares is how many messages of a lane leave in a row while one of a lane below waits.
var shares = [lanes]int{laneUrgent: 5, laneDesk: 5, laneEmergency: 10}

// queues are the lines of a lane that are ready, each by whether its first parcel counts against the limit.
type queues struct{ messages, free []*line }

// push puts a line at the end.
func (q *queues) push(l *line) {
	if l.queue[0].free {
		q.free = append(q.free, l)
		return
	}
	q.messages = append(q.messages, l)
}

// pop takes the first line off a queue.
func pop(q *[]*line) *line {
	l := (*q)[0]
	(*q)[0] = nil
	*q = (*q)[1:]
	return l
}

// line is the queue of one chat in one lane.
type line struct {
	key    string
	lane   lane
	queue  []parcel
	since  uint64    // its place among those that are ready
	until  time.Time // asleep until then
	active bool      // its first parcel is being sent, or it is asleep
}
