// Package seal turns a case into an OpenPGP message that only a desk can read.
// It is the only package of the program that touches OpenPGP.
//
// What it writes, and why:
//
//   - v4 keys, PKESK v3, SEIPD v1, AES-256 (RFC 4880): what GnuPG 2.2,
//     OpenKeychain, Thunderbird and Kleopatra all read. Never anything newer,
//     whatever the recipient's key advertises.
//   - Never compressed. The sealed length of compressed text tells about the text.
//   - Signed inside the encryption with the line's own key, so that the desk sees
//     who sealed it and an onlooker does not.
//   - The signature names the copy it is for ([NotationName]), so that whoever can write
//     to the store cannot give one case's document out as another's unseen.
//   - Hidden recipients (key id zero) unless the desk asks otherwise.
//   - Padded inside the plaintext to one of few lengths ([PaddedSize]). The padding
//     is one last line, "padding:" followed by spaces: blank to a reader, one line
//     to a parser. Spaces are as good as noise because nothing is compressed.
//   - Binary literal packets. GnuPG drops carriage returns from text ones, and an
//     original text must arrive unaltered.
//   - Armor without Version and Comment headers.
//
// Keys are read, judged and opened with gopenpgp v2. The packets are written with
// go-crypto, the engine beneath it, because gopenpgp v2 has no way to hide a
// recipient and takes its time from a process-wide clock; here the time is passed in.
// Key material and session keys always come from crypto/rand.
//
// Limits. A file's length is not padded: nothing can be added to a picture that every
// program ignores. Sealed lengths of one bucket differ by a few random bytes, because
// OpenPGP strips leading zeros of signatures and RSA values; they never follow the text.
// Go cannot promise that no copy of the plaintext stays in freed memory; buffers that
// are used again are cleared first.
//
// No error, and no value when printed, holds plaintext, a person's name or secret key
// material: errors are built here from fingerprints, desk ids, dates and fixed words.
package seal
