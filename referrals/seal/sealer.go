package seal

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// keptBuffer is the greatest buffer kept for use again, in bytes: several times a usual
// case, so that one large case does not stay in memory for ever.
const keptBuffer = 256 << 10

// Desk is who receives: a mission, headquarters or an NGO, with its keys.
type Desk struct {
	ID         string // as in the configuration; appears in errors
	Keys       []*Key // may hold keys that cannot be used; those are left out when sealing
	HideKeyIDs bool   // true leaves no recipient's key id in the document
}

// Sealer seals to desks and signs as the line. It is safe for concurrent use.
type Sealer struct {
	signing *SigningKey
	now     func() time.Time
	desks   atomic.Pointer[map[string]Desk]
	plain   sync.Pool // *[]byte, cleared before they are put back
	sealed  sync.Pool // *bytes.Buffer, only ever with ciphertext
}

// New makes a Sealer for desks whose ids are unique and not empty. A desk may have no
// usable key: sealing to it fails then, and [Sealer.Usable] says so beforehand. The
// signing key must be able to sign now.
func New(signing *SigningKey, desks []Desk, now func() time.Time) (*Sealer, error) {
	if err := signing.Usable(now()); err != nil {
		return nil, err
	}
	s := &Sealer{signing: signing, now: now}
	if err := s.Replace(desks); err != nil {
		return nil, err
	}
	return s, nil
}

// Replace swaps all desks at once. What is being sealed meanwhile uses the former or
// the new desks, never a mixture. On an error the former desks stay.
func (s *Sealer) Replace(desks []Desk) error {
	table := make(map[string]Desk, len(desks))
	for _, d := range desks {
		if _, twice := table[d.ID]; twice || d.ID == "" {
			return deskError(d.ID, ReasonDesk, "its id is empty or used twice", "give each desk an id of its own")
		}
		d.Keys = append([]*Key(nil), d.Keys...)
		table[d.ID] = d
	}
	s.desks.Store(&table)
	return nil
}

// String says nothing of keys or desks.
func (s *Sealer) String() string { return "sealer" }

// GoString is String.
func (s *Sealer) GoString() string { return s.String() }

// Usable is nil when a case for the desk could be sealed now: at least one of its keys
// is usable and the line's key can sign. It looks at dates every time and costs about a
// microsecond once each key has been tried.
func (s *Sealer) Usable(desk string) error {
	now := s.now()
	if err := s.signing.Usable(now); err != nil {
		return err
	}
	d, err := s.desk(desk)
	if err != nil {
		return err
	}
	for _, k := range d.Keys {
		if k.Usable(now) == nil {
			return nil
		}
	}
	return noKeyError(d, now)
}

// SealNamed pads the text, signs it, seals it to every usable key of the desk and armors
// the result. The signature covers name too, the file name of this copy, so that a copy of
// another case cannot be put in its place unseen: [NotationName]. With no usable key it
// fails; it never returns anything but a sealed document. The text is at most
// [MaxDocument] bytes.
func (s *Sealer) SealNamed(desk, name string, text []byte) ([]byte, error) {
	l, err := copyLabel("", name)
	if err != nil {
		return nil, err
	}
	return s.sealText(desk, l, text)
}

// Seal is SealNamed for what is no copy of a case: a trial of a desk's keys.
func (s *Sealer) Seal(desk string, text []byte) ([]byte, error) {
	return s.sealText(desk, label{}, text)
}

func (s *Sealer) sealText(desk string, l label, text []byte) ([]byte, error) {
	if len(text) > MaxDocument {
		return nil, deskError(desk, ReasonTooLarge, fmt.Sprintf("the document has more than %d bytes", MaxDocument), "send it in several parts")
	}
	now := s.now()
	if err := s.signing.Usable(now); err != nil {
		return nil, err
	}
	d, err := s.desk(desk)
	if err != nil {
		return nil, err
	}
	session, err := newSessionKey()
	if err != nil {
		return nil, err
	}
	defer clear(session)
	out := s.borrowSealed()
	defer s.returnSealed(out)
	if err := writeHeader(out, d, session, now); err != nil {
		return nil, err
	}
	if err := s.writeDocument(out, session, l, text, now); err != nil {
		return nil, err
	}
	return enarmor(messageType, out.Bytes()), nil
}

// writeDocument writes the padded text as one write: the library cuts a body into chunks
// as it is written, and chunks must not tell where the text ends and the padding begins.
func (s *Sealer) writeDocument(out *bytes.Buffer, session []byte, l label, text []byte, now time.Time) error {
	plain := s.borrowPlain(PaddedSize(len(text)))
	defer s.returnPlain(plain)
	pad(*plain, text)
	body, err := newBody(out, session, s.signing.entity, l, now)
	if err != nil {
		return internalError()
	}
	if _, err := body.Write(*plain); err != nil {
		return internalError()
	}
	if err := body.Close(); err != nil {
		return internalError()
	}
	return nil
}

// writeHeader writes a key packet for each usable key of the desk; at least one.
func writeHeader(out *bytes.Buffer, d Desk, session []byte, now time.Time) error {
	written := 0
	for _, k := range d.Keys {
		pub, err := k.target(now)
		if err != nil {
			continue
		}
		before := out.Len()
		if err := writeKeyPacket(out, pub, session, d.HideKeyIDs); err != nil {
			out.Truncate(before)
			continue
		}
		written++
	}
	if written == 0 {
		return noKeyError(d, now)
	}
	return nil
}

func (s *Sealer) desk(id string) (Desk, error) {
	d, ok := (*s.desks.Load())[id]
	if !ok {
		return Desk{}, deskError(id, ReasonDesk, "there is no such desk", "check the configuration's missions, headquarters and ngos")
	}
	return d, nil
}

// noKeyError lists each key with its reason; the remedies are those of the keys.
func noKeyError(d Desk, now time.Time) error {
	var each []string
	for _, k := range d.Keys {
		each = append(each, k.fingerprint+" "+string(ReasonOf(k.Usable(now))))
	}
	if each == nil {
		each = []string{"it has none"}
	}
	return deskError(d.ID, ReasonNoKey, "none of its keys can be sealed to ("+strings.Join(each, ", ")+")", "run the keys command and replace them")
}

func (s *Sealer) borrowPlain(size int) *[]byte {
	if b, ok := s.plain.Get().(*[]byte); ok && cap(*b) >= size {
		*b = (*b)[:size]
		return b
	}
	b := make([]byte, size)
	return &b
}

func (s *Sealer) returnPlain(b *[]byte) {
	clear(*b)
	if cap(*b) <= keptBuffer {
		s.plain.Put(b)
	}
}

func (s *Sealer) borrowSealed() *bytes.Buffer {
	if b, ok := s.sealed.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

func (s *Sealer) returnSealed(b *bytes.Buffer) {
	if b.Cap() <= keptBuffer {
		b.Reset()
		s.sealed.Put(b)
	}
}
