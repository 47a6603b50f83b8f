// Package mail sends a desk's alerts by SMTP. It seals nothing: what is secret comes sealed from
// the caller, and what is not sealed by then never leaves.
//
// Three forms of mail, chosen by what the caller has:
//
//   - PGP/MIME (RFC 3156, section 4), for a copy that was sealed for mail: multipart/encrypted with
//     exactly two parts and nothing around it. Readers open it where they show mail.
//   - The sealed document as an attachment beside neutral words, for a copy that was not: one that
//     somebody else sealed, or that was sealed before the desk had mail.
//   - Neutral words alone, where there is nothing to open: an offer, its end, a case that was
//     taken back or has ended, a page to the operator.
//
// Why a copy for mail has to be sealed as such. What RFC 3156 encrypts is a MIME entity, headers
// first. A sealed document begins with the case's code: a reader that expects an entity takes the
// first lines for headers and hides them, or shows nothing. The line cannot read and wrap later
// what it keeps sealed, so the wrapping comes before: [Entity] makes the plaintext, the caller
// seals it like any document, beside the other copy and at the same time. To seal once more when
// the mail leaves would give an envelope in which an attachment must be opened again, with two
// passphrases and a step that phones lack. Nothing stands around multipart/encrypted, because
// since 2018 readers open an encrypted part inside another only on request, if at all.
//
// What a mail shows on its way: the addresses, when it was sent, the lane (in the subject and
// Precedence), the kind of notice, the case's code with the file's name, until when an answer is
// awaited. The subject is the same for every mail of a lane; only a page to the operator has its
// own. The Message-ID is random, at the domain of the sender's address, which stands in From
// anyway; no header names a host, a program, a case or a desk. The greeting is an address literal
// of loopback, because a real name would tell more. What the mail server adds (Received) is its
// own doing: let it be one that leaves out who submitted.
//
// Sending. TLS is required, from the first byte on port 465 and by STARTTLS on any other, and the
// certificate must be good for the host's name; without TLS only to this machine, and then without
// a password. go-mail speaks SMTP. Its message builder is not used: of an encrypted mail it leaves the
// last boundary out, gives each part a character set, and cannot name the file. A reply of the
// server never appears in an error; no more than 256 KiB of it are read.
//
// Limits. A mail counts as sent when the server took it over; whether anybody sees it is known
// only by an acknowledgement. A connection that breaks after the last byte and before the server's
// word leaves that open: [Later], and a second mail is possible. What changes with each rung, until
// when an answer is awaited, stands outside the seal, and PGP/MIME has no such place that readers
// show: there it is in the preamble, for who looks at the source. The signature inside is the line's, whose
// key has no mail address: readers call it good once the key was accepted, and some add that the
// sender's address is not on it.
package mail
