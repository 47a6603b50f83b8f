package store

import (
	"strings"
	"time"

	"defenderline/referrals"
)

// Partitions is the fixed number of slots that chats and their cases are spread over. It
// cannot change while anything is stored.
const Partitions = 64

// Partition names the n-th partition: "p07".
func Partition(n int) string { return string([]byte{'p', byte('0' + n/10), byte('0' + n%10)}) }

// DeskSlot names the slot of a desk: "desk:lima".
func DeskSlot(desk string) string { return "desk:" + desk }

// space is where the keys of one line lie among those of others: "pe/", or nothing for a line that has the
// server, or a numbered database of it, for itself.
type space string

// spaceOf is the space of a line's name, which may be empty.
func spaceOf(line string) space {
	if line == "" {
		return ""
	}
	return space(line + "/")
}

// key is the form of every key of a slot. The braces make a cluster keep a slot together, and apart from the same slot of
// another line.
func (n space) key(slot, rest string) string { return "{" + string(n) + slot + "}:" + rest }

// slotOf is the slot of a key.
func (n space) slotOf(key string) string {
	slot, _, _ := strings.Cut(strings.TrimPrefix(key, "{"+string(n)), "}")
	return slot
}

// Due: sorted set, member's name → when somebody must look at it, in milliseconds.
func (n space) dueKey(slot string) string { return n.key(slot, "due") }

// Counter: string, the last number handed out in the slot, without its tail, and how far the highest clock of all scripts
// is below it ("1700000000005/4"). Has no end: one for each slot.
func (n space) counterKey(slot string) string { return n.key(slot, "n") }

// Mark: string, when somebody found that a clock had been ahead in the slot, in milliseconds by the
// server's clock. The mending that follows deletes it.
func (n space) markKey(slot string) string { return n.key(slot, "mark") }

// Seen: sorted set, id of a post → when it came first, in milliseconds.
func (n space) seenKey(slot string) string { return n.key(slot, "seen") }

// Outbox: sorted set, id of an errand → when it is overdue, in milliseconds.
func (n space) outboxKey(slot string) string { return n.key(slot, "out") }

// Errands: hash, id of an errand → the errand, sealed.
func (n space) errandsKey(slot string) string { return n.key(slot, "err") }

// Record: hash of a member. s sealed state, n number of the last taking, l end of its lease
// in milliseconds, c number of the last commit, g number that this commit handed out, t until when the
// committer has its errands, w for how long it was put off, in milliseconds.
func (n space) recordKey(m referrals.Member) string { return n.key(m.Slot, "r:"+m.Name) }

// Inbox: sorted set, id of a post → its order.
func (n space) inboxKey(m referrals.Member) string { return n.key(m.Slot, "i:"+m.Name) }

// Bodies: hash, id of a post → its body, sealed.
func (n space) bodiesKey(m referrals.Member) string { return n.key(m.Slot, "b:"+m.Name) }

// Messages: sorted set, sealed ids of messages → when they were sent, in milliseconds.
func (n space) messagesKey(m referrals.Member) string { return n.key(m.Slot, "m:"+m.Name) }

// Documents: hash of a case, keyed hash of the desk/file name → OpenPGP message.
func (n space) documentsKey(slot string, code referrals.Code) string {
	return n.key(slot, "d:"+string(code))
}

// Files: hash of a case, file name/number → a piece of a file, encrypted; name/n → pieces.
func (n space) filesKey(slot string, code referrals.Code) string {
	return n.key(slot, "f:"+string(code))
}

// Holding: string in the clear but for its reason, sealed: columns of fixed width, which held.lua names, and behind them
// words with a space before each: origin (see wording.origin), reason, the moves that were made. Each of those is a comma, 11 letters (the id,
// hashed), when it was made last, in milliseconds with 9 digits of base 36, and "!" when it claimed or handed over, or ".".
func (n space) holdingKey(desk, code string) string { return n.key(DeskSlot(desk), "h:"+code) }

// Missed: set of "rung.due.way", the ways by which an alert or an offer of a case reached nobody.
func (n space) missedKey(desk, code string) string { return n.key(DeskSlot(desk), "u:"+code) }

// Queue: sorted set, digit of the lane, since in milliseconds as 12 hexadecimal digits, code → number of the state. Among
// those of one state the most urgent lane comes first, then the oldest.
func (n space) queueKey(desk string) string { return n.key(DeskSlot(desk), "q") }

// Ended: sorted set, place in the queue of an ended holding → when it is forgotten.
func (n space) endedKey(desk string) string { return n.key(DeskSlot(desk), "ended") }

// Events: stream of what a desk should learn of. e: the events of one script, with a space between each two: letter of the
// state, digit of the lane, when in milliseconds as 12 hexadecimal digits, and the code.
func (n space) eventsKey(desk string) string { return n.key(DeskSlot(desk), "ev") }

// Trail: string of a day, by the clock of whoever wrote: lines of the audit trail, which trail.go names. At a desk those of its
// holdings, in the slot "audit" those that are about no desk.
func (n space) trailKey(slot string, day time.Time) string {
	return n.key(slot, "a:"+day.UTC().Format(time.DateOnly))
}

// Refused: hash of a day: kind of an act that was refused, way, minute → how many; without a minute those beyond the cap.
func (n space) refusedKey(slot string, day time.Time) string {
	return n.key(slot, "x:"+day.UTC().Format(time.DateOnly))
}

// Known desks: sorted set, id of a desk → when the line last had it, in milliseconds: whose trail there may be.
func (n space) knownKey() string { return n.key(auditSlot, "desks") }

// auditSlot has the lines of the audit trail that are about no desk.
const auditSlot = "audit"

// Marker: string, what the state keys of every process must open. Has no end: one for each store.
func (n space) markerKey() string { return n.key("meta", "keys") }

// Roll: string, sealed: who was enrolled, and the links that wait. Has no end: one for each line.
func (n space) rollKey() string { return n.key("enrol", "roll") }

// Lease: string, the owner.
func (n space) leaseKey(name string) string { return n.key("lease:"+name, "l") }

// Ping: string that shows that the slot can be written.
func (n space) pingKey(slot string) string { return n.key(slot, "ping") }

// memberOf is a name in a slot.
func memberOf(slot, name string) referrals.Member { return referrals.Member{Slot: slot, Name: name} }

// clockCode returns the code whose clock a name is: "h" and the code, in the slot of a desk.
func clockCode(m referrals.Member) (desk, code string, ok bool) {
	desk, isDesk := strings.CutPrefix(m.Slot, "desk:")
	code, isClock := strings.CutPrefix(m.Name, "h")
	return desk, code, isDesk && isClock
}

// states are all there are, by the letter that each has where it is stored, from 'a' on, and by the score
// in the queue, from zero on. Never give one's place to another.
func states() [12]referrals.State {
	return [...]referrals.State{
		referrals.Alerted, referrals.Acknowledged, referrals.Closed, referrals.Silent,
		referrals.Offered, referrals.Claimed, referrals.Accepted, referrals.Completed,
		referrals.Declined, referrals.Expired, referrals.Returned, referrals.Withdrawn,
	}
}

// stateIndex is a state's score in the queue, or -1.
func stateIndex(s referrals.State) int {
	for i, state := range states() {
		if state == s {
			return i
		}
	}
	return -1
}

// letterOf is the letter of a state in holdings and events.
func letterOf(index int) byte { return byte('a' + index) }

// letterState is the state of a letter.
func letterState(letter byte) (referrals.State, bool) {
	if letter < 'a' || letter > 'l' {
		return "", false
	}
	return states()[letter-'a'], true
}
