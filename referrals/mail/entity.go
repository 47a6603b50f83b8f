package mail

import (
	"bytes"
	"slices"
)

// entityHead makes the document the body of a mail. The encoding is "binary" because lines of a
// document, its padding above all, may be longer than the 998 bytes that 8bit allows (RFC 2045,
// section 2.8); on the way everything is armored. It has no file name: readers show the text in
// the mail then, not as an attachment.
const entityHead = "Content-Type: text/plain; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: binary\r\n" +
	"Content-Disposition: inline\r\n" +
	"\r\n"

// Entity makes the plaintext of a copy for mail: a MIME entity (RFC 3156, section 4) that shows the
// document, UTF-8, and after it how to acknowledge, in English and once more in local, the desk's
// language, which may be empty. The caller seals it as it seals a document and sends it with
// [Alert.Entity] set. Line ends become CRLF, as the canonical form wants them (RFC 2046, section 4.1.1);
// the JSON in a document keeps each text as it was written. The padding that sealing appends is
// text at the end, as in every document.
func Entity(document []byte, local string) []byte {
	after := "\n\n" + acknowledge + "\n"
	if local != "" {
		after += "\n" + local + "\n"
	}
	return slices.Concat([]byte(entityHead), canonical(document), canonical([]byte(after)))
}

// canonical ends every line with CRLF, whichever of LF and CRLF ended it.
func canonical(text []byte) []byte {
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
}
