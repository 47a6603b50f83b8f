// Package referrals is the domain: cases, the desks that read them, who receives what, and
// the life of a case at each desk. Types and pure decisions only; no input or output, no
// clock of its own, no randomness of its own.
//
// Its subpackages do the dangerous work, one kind each: seal knows OpenPGP, store knows Redis, mail knows SMTP, desk is what
// programs of desks see. One is as pure as this: outcomes counts what became of cases.
package referrals
