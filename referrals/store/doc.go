// Package store keeps everything that must outlive a process in Redis, and is the only
// package that knows Redis.
//
// # Slots
//
// Chats and their cases live in 64 partitions, by keyed hash of the chat; what a desk holds
// lives in the desk's own slot. All keys of a slot share a hash tag ({p07}, {desk:lima}), so
// that one script can change them together, on a single server and in a cluster alike. No
// script touches two slots: news from one to another travels as an errand, kept in the same
// script as the change that it follows from.
//
// # Members, and why numbers decide
//
// A chat or a case is a member of its partition: a record, an inbox, and a place in the
// partition's due set, scored by when somebody must look at it. Taking a member moves the
// place forward by the lease, gives it a new number, and brings record and inbox along. A
// worker that died loses nothing: the member comes due again. A worker that froze past its
// lease changes nothing: the number of its commit is no longer the record's. The lease's end
// only decides when another may try; whether a commit counts is decided by the number alone,
// so clocks that differ or jump cost time, never order or a second effect. Numbers rise, and are never below the
// clock in milliseconds, so that a failover that lost the last of them hands none out twice. Its clock may be behind the one
// before: then it counts through those that were lost. What tells the two apart are the last six digits of a number, milliseconds by
// the clock of the machine that asked for it. As it takes a failover to lose a number, it is asked for later when it is
// handed out again, by the same machine or by another whose clock is right; where theirs are wrong, too, one
// coincidence in a million is left.
//
// # Time
//
// One clock decides between replicas: that of the server that has the slot. No decision spans two slots, so a cluster
// may have as many clocks as masters. Redis could be asked inside each script, but then a caller would not know until
// when it has what it was given, which is how an errand's holder is known, and how a lost answer is made good. So each
// process reckons what the server's clock says (clocks.go): it asks at Open and with every Mend, and counts on by its
// own monotonic reading, so that a clock of its own that is wrong, or set, changes nothing. And each script that
// decides by the time holds what it was told against TIME (apart.lua), and refuses, before it changes anything, what is
// more than a second ahead, or so far behind that nobody waits for the answer any more; the caller asks anew and tries
// again. In a cluster each server is asked by itself, and whoever was refused waits for those that did: one that is frozen
// delays nobody by more than a moment. That meets a failover to another clock, a server's clock that is set, a machine that slept, and a call that
// came when its sender was long given up. It costs no command, but for one with each Mend.
//
// The bounds are small beside the times that are given: whoever has errands holds them for longer long before their time is over
// (bot/hands.go). Until when one may be run its holder knows by its own clock, from before it asked, and asks again when that has
// passed, or the time on the wall has. Where a server's clock jumps everything in hand may seem overdue; nobody takes over
// for a lease then, and whoever is alive asks for theirs anew. One that has only just been started knows of no jump.
//
// What one replica writes and another compares with a time of its own goes by one clock, too: when a case was sent
// and when it was read, an errand's day, a deadline, silent hours. Store.Now is the time of the line, that of the
// first partition's server; the bot and the desk API have no other. Where another slot's server has another clock, what is
// due by the line's rings there when as much time has passed by its own (clocks.shift). A machine's own clock measures only for how long
// something has lasted there, dates its log and its mails, and says whether a key is valid. Mend says when it is more than
// five seconds from Redis's: one of the two is wrong.
//
// Only expiry (PEXPIRE) runs by Redis's clock without being asked, from durations, and so does the patience of Mend.
//
// A server's clock that jumps costs no order, no number and no case. One that was ahead leaves leases and clocks that
// end hours too late: a lease longer than two leases counts as ended when something comes for its member, and
// Mend pulls back the rest within minutes. What decides there is the highest clock used in a slot, kept
// beside its counter, and not a range of scores that look too far: a rung's clock may lie days ahead and be
// right.
//
// Tests give a clock that they move (Options.Clock); scripts then believe their callers.
//
// # Moves share round trips
//
// What a desk holds is one string, and what is written at a desk goes to few keys: so one script makes many moves
// for little more than one. Moves of one process to one desk that come while others are under way go together in
// the next round trip (gather.go). Each has its own answer; none waits for company.
//
// # In the clear
//
// Nothing but codes, lanes, desks, states, times, ids of updates and moves, and the keyed hash
// of a chat. Records, inboxes, errands, ids of messages and the reasons of holdings are sealed
// by a Vault, bound to their place, and in the audit trail too; documents and files are OpenPGP messages already.
//
// # What has an end
//
// Records: what their commit says. Documents and files: the longest Keep given for their case,
// or the drop. Ids of posts: 48 hours, for which Mend sees; of moves as long, or as long as their holding. Ids of messages: 48 hours, after
// which no messenger deletes them any more. Holdings: Options.EndedFor after the act that ended them.
// The audit trail: Options.AuditFor after the first line of a day, by Redis's clock, the day as a whole.
// Inbox entries, errands and leases: the act that handles them, because losing one by the clock would
// be losing it quietly. Events: of about the last 10,000 acts at a desk, Options.EndedFor at most, by Redis's clock.
//
// # Received means more than one machine
//
// Where there are replicas, a Keep and a Commit that begins or adds to a case return when one replica has
// them: WAIT 1 travels behind the script on its connection, no round trip more, for 2 s at most, and before it
// a small write, because a repeated act may write nothing. A server from 7.2 on that does not write to disk
// at once is asked by WAITAOF, too, when it has. While a replica is online (INFO: and showed itself within 5 s)
// an act that it does not have in time is answered with an error. It is done, and not confirmed: the caller
// repeats it, and it counts once. It stands alone, and Options.Unsynced is called, when no replica is online,
// or when none that is could be reached for ten seconds on end, by the clock of the process: a person in danger
// is not helped by a line that takes no word while its second machine is down. What follows from an act that was
// never confirmed because its process died may still be run by another before a replica has it. Who wants it
// strict says so to Redis, which refuses before it acts: `min-replicas-to-write 1` stops a master that has
// lost its replicas, `appendfsync always` answers nothing that is not on disk. On a single server nothing
// is added to any act. Who follows whom is asked at Open, by Mend, and after an act that failed or was not
// synced; a line that once had replicas, or that a sentinel serves, is expected to have them.
//
// # Limits
//
// A pipeline is not a transaction: see Keep. A server that keeps nothing on disk is refused
// when RequireDurable is set, yet `appendfsync everysec` can lose a second at a power cut, and
// a failover can lose what was not synced; Warnings says so.
package store
