// Package bot is the line as Telegram shows it, and the only package that knows Telegram.
//
// One update's way, file by file:
//
//	poll.go, webhook.go  receive raw updates                          (keep, then confirm)
//	update.go            read the little of them that matters
//	read.go              update → input of the conversation; pure
//	turn.go              session and inputs → next session, screens, effects
//	present.go           one screen at the end of a turn; silence.go, news.go: turns nobody wrote for
//	submit.go            seal a case, once for each desk consented to; compose.go: what it says
//	casework.go          a case's own turn: who is next; filework.go: its files, fetched and sealed
//	desk.go, queue.go    officers and NGO caseworkers: buttons and commands; duty.go, handover.go: who is on
//	desktalk.go          what an officer's chat is in the middle of; deskreply.go: words to a defender, shown and confirmed
//	reply.go             those words in the defender's chat, and what became of them in the officer's; carry.go: a file between bots
//	question.go          what a defender is asked outside of the screens
//	quiet.go             what the line says by itself, and when it may
//	erase.go             what a conversation, a seal or a wipe deletes
//	worker.go            who takes which turn, people in an emergency first
//	errand.go, hands.go  what a commit left to do: relayed or sent, held while it waits, settled when done
//	leave.go, screens.go a message on its way: what it deletes, what it replaces; late.go: whether it still has a place
//	outbox.go            what leaves next: lanes.go, by how urgent it is; pace.go, as fast as Telegram allows
//	post.go              calls and notices as they are made; cards.go: cases as desks see them; unreached.go: nobody was reached
//	line.go              all of it put together, begun and ended
//	client.go            one JSON post to the Bot API
//
// Receiving, command matching and the webhook of go-telegram/bot are not used: they confirm
// updates before anything is kept (see each file's comment). Its parameter structs and types are, and
// it makes the calls at start.
package bot
