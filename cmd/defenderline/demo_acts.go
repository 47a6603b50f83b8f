package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"defenderline/bot/telegramsim"
	"defenderline/referrals/seal"
)

// order is what the page asks to be done in a chat.
type order struct {
	Chat     string `json:"chat"`
	Text     string `json:"text"`
	Message  int64  `json:"message"`
	Data     string `json:"data"`
	Kind     string `json:"kind"`
	Language string `json:"language"`
}

// Limits of what the page sends.
const (
	mostOrder  = 64 << 10
	mostUpload = 8 << 20
	// mostUploads is for all files of one demo together: the line, its store and the desks each hold a copy.
	mostUploads = 32 << 20
)

var (
	errNoChat    = errors.New("there is no such chat on this page; reload it")
	errNoMessage = errors.New("that message is no longer there")
	errNotSealed = errors.New("that message carries no sealed document; choose one that ends in .asc or .pgp")
	errUpload    = fmt.Errorf("a file has 1 byte to %d MB here; choose a smaller one", mostUpload>>20)
	errFull      = fmt.Errorf("this demo takes %d MB of files in all, and has them; end it with Ctrl-C and start it again", mostUploads>>20)
)

// acts adds what the page can do.
func (p *pages) acts(mux *http.ServeMux) {
	for path, do := range map[string]func(context.Context, order) (any, error){
		"start": p.start, "send": p.send, "press": p.press, "edit": p.edit, "delete": p.delete, "sample": p.sample,
		"person": p.another, "open": p.open,
	} {
		mux.HandleFunc("POST /api/"+path, func(w http.ResponseWriter, r *http.Request) {
			var o order
			if json.NewDecoder(http.MaxBytesReader(w, r.Body, mostOrder)).Decode(&o) != nil {
				refuseAct(w, errors.New("the page sent something this server does not understand; reload it"))
				return
			}
			answerAct(w, func() (any, error) { return do(r.Context(), o) })
		})
	}
	mux.HandleFunc("POST /api/file", p.upload)
	mux.HandleFunc("GET /api/document", p.document)
	mux.HandleFunc("GET /api/picture", p.picture)
}

func answerAct(w http.ResponseWriter, act func() (any, error)) {
	result, err := act()
	if err != nil {
		refuseAct(w, err)
		return
	}
	answerJSON(w, http.StatusOK, result)
}

// refuseAct says to the person at the page what could not be done.
func refuseAct(w http.ResponseWriter, err error) {
	answerJSON(w, http.StatusBadRequest, map[string]string{"problem": plainly(err)})
}

// done is the answer to an act that has no other.
type done struct{}

func (p *pages) start(_ context.Context, o order) (any, error) {
	phone := p.phone(o.Chat)
	if phone == nil {
		return nil, errNoChat
	}
	_, err := phone.Start("")
	return done{}, err
}

func (p *pages) send(_ context.Context, o order) (any, error) {
	phone := p.phone(o.Chat)
	if phone == nil {
		return nil, errNoChat
	}
	if o.Chat == "defender" && !strings.HasPrefix(o.Text, "/") {
		p.remember(o.Text)
	}
	_, err := phone.Send(o.Text)
	return done{}, err
}

// pressWait is how long the page waits for the answer to a press.
const pressWait = 10 * time.Second

// press presses a button of a message and answers with what the bot says to it.
func (p *pages) press(ctx context.Context, o order) (any, error) {
	m, phone, err := p.message(o)
	if err != nil {
		return nil, err
	}
	if o.Chat == "defender" && strings.HasPrefix(o.Data, "wipe:yes") {
		p.forgetCodes() // nothing links them to this person from now on
	}
	press, err := phone.PressStale(m, o.Data)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, pressWait)
	defer cancel()
	toast, err := press.Wait(ctx)
	if err != nil {
		return nil, errors.New("the line has not answered the press yet; its answer will still come")
	}
	return map[string]string{"toast": toast.Text}, nil
}

// message is the message an order is about.
func (p *pages) message(o order) (*telegramsim.Message, *telegramsim.Phone, error) {
	phone := p.phone(o.Chat)
	if phone == nil {
		return nil, nil, errNoChat
	}
	for _, m := range phone.View().Messages {
		if m.ID == o.Message {
			return m, phone, nil
		}
	}
	return nil, nil, errNoMessage
}

func (p *pages) edit(_ context.Context, o order) (any, error) {
	_, phone, err := p.message(o)
	if err != nil {
		return nil, err
	}
	p.remember(o.Text)
	_, err = phone.Edit(o.Message, o.Text)
	return done{}, err
}

func (p *pages) delete(_ context.Context, o order) (any, error) {
	m, phone, err := p.message(o)
	if err != nil {
		return nil, err
	}
	phone.Delete(m.ID)
	return done{}, nil
}

// another puts somebody else in the defender's place.
func (p *pages) another(_ context.Context, o order) (any, error) {
	return done{}, p.newPerson(o.Language)
}

// sample sends something that a phone can send and a page cannot.
func (p *pages) sample(_ context.Context, o order) (any, error) {
	phone := p.phone(o.Chat)
	if phone == nil {
		return nil, errNoChat
	}
	if o.Kind == "place" {
		_, err := phone.SendLocation(sampleLatitude, sampleLongitude)
		return done{}, err
	}
	a, err := sampleFile(o.Kind)
	if err != nil {
		return nil, err
	}
	if !p.takeRoom(int64(len(a.Data))) {
		return nil, errFull
	}
	_, err = phone.SendFile(a)
	return done{}, err
}

// upload sends a file of the person at the page. Its bytes are the body.
func (p *pages) upload(w http.ResponseWriter, r *http.Request) {
	answerAct(w, func() (any, error) {
		phone := p.phone(r.URL.Query().Get("chat"))
		if phone == nil {
			return nil, errNoChat
		}
		body := http.MaxBytesReader(w, r.Body, mostUpload)
		data, err := p.receive(body, r.ContentLength)
		if err != nil {
			_, _ = io.Copy(io.Discard, body) // a browser reads no answer before it has sent its file
			return nil, err
		}
		name := r.URL.Query().Get("name")
		p.remember(name)
		_, err = phone.SendFile(telegramsim.Attachment{Kind: "document", Name: name, Data: data})
		return done{}, err
	})
}

// receive reads a file of a known size when there is room for it.
func (p *pages) receive(body io.Reader, size int64) ([]byte, error) {
	if size < 1 || size > mostUpload {
		return nil, errUpload
	}
	if !p.takeRoom(size) {
		return nil, errFull
	}
	data, err := io.ReadAll(body)
	if err != nil {
		p.giveRoom(size)
		return nil, errUpload
	}
	return data, nil
}

// document gives a sealed document as it travels: armored text, or the first bytes of a file.
func (p *pages) document(w http.ResponseWriter, r *http.Request) {
	sealed, _, err := p.sealed(named(r))
	if err != nil {
		refuseAct(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if isArmored(sealed) {
		_, _ = w.Write(sealed) // a reader that is gone is no concern of the server
		return
	}
	const shown = 512
	fmt.Fprintf(w, "% x\n", sealed[:min(len(sealed), shown)])
}

// picture gives a sealed picture as the desk sees it once it is opened. Nothing else is given: what a browser
// might run stays text.
func (p *pages) picture(w http.ResponseWriter, r *http.Request) {
	text, out, err := p.unseal(named(r))
	if err != nil || !isPicture(out.Kind) {
		refuseAct(w, errNoMessage)
		return
	}
	w.Header().Set("Content-Type", out.Kind)
	_, _ = w.Write(text) // as above
}

// named is the message that a request's query names.
func named(r *http.Request) order {
	id, err := strconv.ParseInt(r.URL.Query().Get("message"), 10, 64)
	if err != nil {
		id = 0 // no message has it
	}
	return order{Chat: r.URL.Query().Get("chat"), Message: id}
}

func isArmored(sealed []byte) bool { return bytes.HasPrefix(sealed, []byte("-----BEGIN PGP")) }

func isPicture(kind string) bool { return kind == "image/png" || kind == "image/jpeg" }

// sealed is the sealed document of a desk's message, and the desk's seat.
func (p *pages) sealed(o order) ([]byte, *seat, error) {
	m, _, err := p.message(o)
	if err != nil {
		return nil, nil, err
	}
	s := p.seat(o.Chat)
	if s == nil || m.Document == nil || !sealedName(m.Document.FileName) {
		return nil, nil, errNotSealed
	}
	content := p.sim.Bytes(m.Document.FileID)
	if content == nil {
		return nil, nil, errNoMessage
	}
	return content, s, nil
}

// opened is a document as the desk reads it in its own OpenPGP program.
type opened struct {
	Text   string `json:"text"`
	Signed bool   `json:"signed"` // the line's signature inside is good
	Bytes  int    `json:"bytes"`  // of the plaintext, padding included
	Kind   string `json:"kind"`   // of a file
}

// open does what the desk's own program would do with its own key. In the demo the keys lie in this process,
// because nobody has made any elsewhere; the line's code never sees them.
func (p *pages) open(_ context.Context, o order) (any, error) {
	text, out, err := p.unseal(o)
	if err == nil && out.Kind == documentKind {
		out.Text = withoutPadding(string(text))
	}
	return out, err
}

// documentKind is the kind of a case's own document, which is text; files keep theirs.
const documentKind = "text/plain"

func (p *pages) unseal(o order) ([]byte, opened, error) {
	content, s, err := p.sealed(o)
	if err != nil {
		return nil, opened{}, err
	}
	text, signed, err := seal.Open(s.private, p.signer, content)
	if err != nil {
		return nil, opened{}, errors.New("this desk's key does not open the document")
	}
	kind := documentKind
	if !isArmored(content) {
		kind = http.DetectContentType(text)
	}
	return text, opened{Signed: signed, Bytes: len(text), Kind: kind}, nil
}

// withoutPadding drops the padding line at the end.
func withoutPadding(text string) string {
	if i := strings.LastIndex(text, "\npadding:"); i >= 0 {
		return text[:i+1]
	}
	return text
}

// sealedName says whether a file's name is that of a sealed document.
func sealedName(name string) bool {
	return strings.HasSuffix(name, ".asc") || strings.HasSuffix(name, ".pgp")
}
