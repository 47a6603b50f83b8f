package mail

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
	"time"
)

// encryptedPart heads the second part of PGP/MIME; its type is the one that RFC 3156 demands. It is
// the type of an attachment too, because mail gateways know it and programs go by the file's name.
const encryptedPart = "application/octet-stream"

// letter is a mail that was checked, with what must be different in each.
type letter struct {
	alert    Alert
	armored  []byte // nil: nothing sealed in it
	from     string
	at       time.Time
	id       string // random
	boundary string // random
}

// newLetter checks the alert and draws what is random: 256 bits. It fails otherwise only when random does.
func newLetter(a Alert, from string, at time.Time, random io.Reader) (letter, error) {
	armored, err := a.check()
	if err != nil {
		return letter{}, err
	}
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return letter{}, &Error{Reason: Later, Step: StepAlert, Problem: "this system gives no randomness", Remedy: "try again"}
	}
	return letter{alert: a, armored: armored, from: from, at: at,
		id: hex.EncodeToString(raw[:16]), boundary: hex.EncodeToString(raw[16:])}, nil
}

// bytes writes the mail: ASCII, lines ending in CRLF.
func (l letter) bytes() ([]byte, error) {
	var out bytes.Buffer
	l.head(&out)
	var err error
	switch {
	case l.armored == nil:
		err = l.plain(&out)
	case l.alert.Entity:
		err = l.encrypted(&out)
	default:
		err = l.attached(&out)
	}
	if err != nil { // a buffer does not fail; the boundary might be refused
		return nil, refuse(StepAlert, "the mail could not be written", "report it with the program's version")
	}
	return out.Bytes(), nil
}

// head writes the header fields that all forms share. Each value is a constant, was checked, or is made
// here: none can hold a line end.
func (l letter) head(out *bytes.Buffer) {
	_, domain, _ := strings.Cut(l.from, "@")
	for _, field := range [][2]string{
		{"Date", date(l.at)},
		{"From", "<" + l.from + ">"},
		{"To", "<" + l.alert.To + ">"},
		{"Subject", subject(l.alert.Kind, l.alert.Lane)},
		{"Message-ID", "<" + l.id + "@" + domain + ">"},
		{"Auto-Submitted", "auto-generated"}, // RFC 3834: no holiday note comes back
		{"X-Auto-Response-Suppress", "All"},  // the same to Exchange, which many desks have
		{"Precedence", precedence(l.alert.Lane)},
		{"MIME-Version", "1.0"},
	} {
		out.WriteString(field[0] + ": " + field[1] + "\r\n")
	}
}

// encrypted writes PGP/MIME: two parts and nothing else that a reader shows.
func (l letter) encrypted(out *bytes.Buffer) error {
	w, err := l.begin(out, `multipart/encrypted; protocol="application/pgp-encrypted"`)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\r\n\r\n", canonical([]byte(words(l.alert)))) // the preamble: for who reads the source
	if err := part(w, []byte("Version: 1\r\n"), "application/pgp-encrypted", ""); err != nil {
		return err
	}
	if err := part(w, l.armored, encryptedPart, "inline; filename="+quoted(l.alert.file())); err != nil {
		return err
	}
	return w.Close()
}

// attached writes neutral words and the sealed message as a file.
func (l letter) attached(out *bytes.Buffer) error {
	w, err := l.begin(out, "multipart/mixed")
	if err != nil {
		return err
	}
	field := textproto.MIMEHeader{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"}}
	text, err := w.CreatePart(field)
	if err != nil {
		return err
	}
	if err := l.say(text); err != nil {
		return err
	}
	if err := part(w, l.armored, encryptedPart, "attachment; filename="+quoted(l.alert.file())); err != nil {
		return err
	}
	return w.Close()
}

// plain writes neutral words alone.
func (l letter) plain(out *bytes.Buffer) error {
	out.WriteString("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	return l.say(out)
}

// begin writes the last header field and starts the parts.
func (l letter) begin(out *bytes.Buffer, kind string) (*multipart.Writer, error) {
	w := multipart.NewWriter(out)
	if err := w.SetBoundary(l.boundary); err != nil {
		return nil, err
	}
	out.WriteString("Content-Type: " + kind + ";\r\n boundary=" + quoted(l.boundary) + "\r\n\r\n")
	return w, nil
}

// say writes the words, in English and then in the desk's language, as quoted-printable.
func (l letter) say(w io.Writer) error {
	text := words(l.alert)
	if l.alert.Local != "" {
		text += "\n" + l.alert.Local + "\n"
	}
	q := quotedprintable.NewWriter(w)
	if _, err := q.Write(canonical([]byte(text))); err != nil {
		return err
	}
	return q.Close()
}

func part(w *multipart.Writer, body []byte, kind, disposition string) error {
	field := textproto.MIMEHeader{"Content-Type": {kind}}
	if disposition != "" {
		field["Content-Disposition"] = []string{disposition}
	}
	p, err := w.CreatePart(field)
	if err != nil {
		return err
	}
	_, err = p.Write(body)
	return err
}

func quoted(s string) string { return `"` + s + `"` }
