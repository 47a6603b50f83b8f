// Package flows holds the conversations as tables and steps through them.
//
// Stepping is a pure function: session and input in, session, screen and effects out. No
// time, no randomness, no language, no messenger: texts are named by key, and whoever carries the
// conversation renders them. So every conversation can be played in a test, recorded, and drawn.
//
// # Tables
//
// Each conversation is a Table in a file of its own, one Step for a question, one line for an answer.
// A table has no functions and no conditions: where the way depends on something, that something is another
// answer (a country that was found for typed words is "found", one of the list "chosen"; send with nobody
// to read it is "nobody"). Check refuses tables that would lead somebody astray and proves that nothing is submitted
// around the question for consent. looplab/fsm runs the tables, one pooled instance for each step under way.
//
// # What holds everywhere
//
// Nothing a person sends is dropped silently: words that nobody asked for are kept with the account and said to be
// kept, and when there is no more room that is said. Only a name that was typed for a country goes when the country is
// pressed. Back is on every screen. A conversation that another one
// interrupts waits and is taken up again. A button that the current screen does not show changes nothing; one without
// a token is judged by that alone. Buttons keep their token as long as the same question is asked, so that
// somebody with a slow connection can mark several options. Who may read is asked again when the country
// changes, and checked again when it is sent.
//
// # What is asked of everybody
//
// What a case cannot do without comes first and is numbered. All that follows can be left out: one by one, or by one
// press (Enough) that leads to the question for consent, or to the end after an emergency. Check refuses a table in
// which that press is missing anywhere behind the first question that has it. What cannot be taken back stands in a
// row of its own, and Back and Stop are always the last row.
//
// # After an emergency
//
// Whoever has sent an emergency may be interrupted at any moment, so nothing waits for an end. Words that nobody asked for go to
// the case in the same step, with all that was answered so far; answers wait for each other until Flush, which is for the
// caller to call after a short silence while Waiting says so, or until a command, another conversation or an end. Only
// the question whether to delete the chat holds them back: it says that they are lost. What was sent stays answered
// and is not kept (Draft.Sent, Draft.SentItems). A case that was taken back or closed gets nothing more, and what could
// not go is said.
//
// # Limits
//
// The summary before sending counts a person's messages and does not repeat them, because what the line writes
// may appear in notices on a locked phone. A draft holds MaxItems messages and MaxCharacters characters.
package flows
