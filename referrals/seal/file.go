package seal

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// fileBlock is how much of a file is read at a time. Whole blocks are written, so that
// the chunks of the sealed form follow the file's length and nothing else.
const fileBlock = 64 << 10

// maxFileName is what a literal packet can hold, in bytes (RFC 4880, section 5.9).
const maxFileName = 255

// SealFileNamed seals one file for several desks in one pass: the encrypted body goes to
// body, and each desk gets a header of its own; header followed by body is that desk's
// binary OpenPGP message, signed under name, that of the sealed copy, as in
// [Sealer.SealNamed]. All desks share the session key of this one body, so that
// only desks that may have the same file belong in one call. Memory does not grow with
// the file. The name given by the sender goes inside the encryption, without folders and
// control characters.
//
// When a desk has no usable key nothing is written. When src or body fails, an *Error
// that unwraps to that failure is returned and no headers: without them, and without the
// end that was not written, what body holds can never be opened and is to be discarded.
func (s *Sealer) SealFileNamed(desks []string, name, given string, src io.Reader, body io.Writer) (map[string][]byte, error) {
	l, err := copyLabel(cleanName(given), name)
	if err != nil {
		return nil, err
	}
	return s.sealFile(desks, l, src, body)
}

// SealFile is SealFileNamed without the name of the copy under the signature.
func (s *Sealer) SealFile(desks []string, given string, src io.Reader, body io.Writer) (map[string][]byte, error) {
	return s.sealFile(desks, label{given: cleanName(given)}, src, body)
}

func (s *Sealer) sealFile(desks []string, l label, src io.Reader, body io.Writer) (map[string][]byte, error) {
	now := s.now()
	if err := s.signing.Usable(now); err != nil {
		return nil, err
	}
	session, err := newSessionKey()
	if err != nil {
		return nil, err
	}
	defer clear(session)
	headers, err := s.headers(desks, session, now)
	if err != nil {
		return nil, err
	}
	out := &sink{w: body}
	w, err := newBody(out, session, s.signing.entity, l, now)
	if err != nil {
		return nil, out.explain()
	}
	if err := copyBlocks(w, src, out); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, out.explain()
	}
	return headers, nil
}

func (s *Sealer) headers(desks []string, session []byte, now time.Time) (map[string][]byte, error) {
	if len(desks) == 0 {
		return nil, &Error{Reason: ReasonDesk, Problem: "no desk was named for a file", Remedy: "name at least one"}
	}
	headers := make(map[string][]byte, len(desks))
	for _, id := range desks {
		d, err := s.desk(id)
		if err != nil {
			return nil, err
		}
		var packets bytes.Buffer
		if err := writeHeader(&packets, d, session, now); err != nil {
			return nil, err
		}
		headers[id] = packets.Bytes()
	}
	return headers, nil
}

// copyBlocks copies src in whole blocks and clears its buffer at the end.
func copyBlocks(w io.Writer, src io.Reader, out *sink) error {
	block := make([]byte, fileBlock)
	defer clear(block)
	for {
		n, err := io.ReadFull(src, block)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return &Error{Reason: ReasonSource, Problem: "reading the file failed half-way", Remedy: "fetch it again", cause: err}
		}
		if _, err := w.Write(block[:n]); err != nil {
			return out.explain()
		}
		if last {
			return nil
		}
	}
}

// sink remembers the failure of the caller's writer, to tell it from one of the library.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	if err != nil {
		s.err = err
	}
	return n, err
}

func (s *sink) explain() error {
	if s.err == nil {
		return internalError()
	}
	return &Error{Reason: ReasonSink, Problem: "writing the sealed file failed", Remedy: "check the space and rights of where it goes, then try again", cause: s.err}
}

// cleanName makes a name safe to propose to a desk: no folders, no control characters,
// valid UTF-8, at most 255 bytes with its ending kept. "_CONSOLE" means "for your eyes
// only" to OpenPGP programs (RFC 4880, section 5.9) and is not left to a sender.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`/\:`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if name == "_CONSOLE" {
		return "CONSOLE"
	}
	if len(name) <= maxFileName {
		return name
	}
	ending := filepath.Ext(name)
	if len(ending) > 16 {
		ending = ""
	}
	stem := name[:maxFileName-len(ending)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return stem + ending
}
