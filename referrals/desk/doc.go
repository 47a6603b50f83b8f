// Package desk is the HTTP API by which missions and NGOs work with the cases they hold: see, take, read, move on, and be
// told of new ones, each with a token of its own and from its own programs.
//
// # What it is not
//
// It keeps nothing and decides nothing. What a desk holds is in the store, what an act means is in package
// referrals, whether it counts is decided by the store's scripts; so the buttons of a messenger and this API may be used
// side by side. It knows no content: sealed documents pass through as they are.
//
// # Who sees what
//
// A token belongs to one organisation, is known as its SHA-256 only, and is compared with every organisation's in
// constant time. What is not an organisation's own is answered as what never was, letter for letter. Nothing that the
// caller wrote is in an answer or in a log line.
//
// # Twice is once
//
// An act with an Idempotency-Key is made by a move whose id is derived from the key, and the store makes a move
// once. The key is bound to the act, the code and the body for 48 hours, as long as the store knows its moves: with
// anything else it is refused. What is remembered is keyed with the token's hash, so that the store learns neither
// the key nor the reason behind it. An act that was refused changed nothing and may be tried again with its key. One
// that was done is answered with the case as it is now.
//
// # Limits
//
// Each organisation has a bucket of calls, one of acts with a key, because keys are kept, and a number of event streams; wrong tokens have a bucket of all together, and
// right ones are served however many wrong ones come: behind a proxy all callers have one address, and a
// stranger must not close the door on a desk. A token is to be 32 random bytes, which nobody guesses.
package desk
