package desk

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"

	"defenderline/referrals"
)

// named is a sealed document in a list.
type named struct {
	Name string `json:"name"`
}

// files is the list of a case's sealed documents.
type files struct {
	Items []named `json:"items"`
}

// sealed answers the document that a case began with.
func sealed(c *call) error {
	h, code, err := c.readable()
	if err != nil {
		return err
	}
	return c.document(h, code, code.DocumentName(1))
}

// documents lists all sealed documents of a case: the first, what was added, the files.
func documents(c *call) error {
	h, code, err := c.readable()
	if err != nil {
		return err
	}
	names, err := c.Archive.Documents(c.ctx(), h.Origin, code, c.guest.ID)
	if err != nil {
		return err
	}
	list := files{Items: make([]named, len(names))}
	for i, name := range names {
		list.Items[i].Name = name
	}
	return c.answer(list)
}

// document answers one of them. What is not among them is not looked for.
func document(c *call) error {
	h, code, err := c.readable()
	if err != nil {
		return err
	}
	names, err := c.Archive.Documents(c.ctx(), h.Origin, code, c.guest.ID)
	if err != nil {
		return err
	}
	name := c.req.PathValue("name")
	if !slices.Contains(names, name) {
		return notFound(c)
	}
	return c.document(h, code, name)
}

// keep renews the claim of a referral whose documents are read: whoever reads is working on it.
func (c *call) keep(h referrals.Holding) error {
	now := c.Now()
	if c.req.Method == http.MethodHead || !h.Renewable(c.guest.Desk, now) {
		return nil
	}
	id, err := c.random()
	if err != nil {
		return err
	}
	h, err = c.Mover.Move(c.ctx(), referrals.Renew(h, c.guest.Desk, id, now))
	switch {
	case errors.Is(err, referrals.ErrUnknown):
		return notFound(c)
	case errors.Is(err, referrals.ErrNotThere) && !h.Readable():
		return in(h)
	case errors.Is(err, referrals.ErrNotThere):
		return nil
	}
	return err
}

// readable is the case that the path names, if the desk may have its documents now: consent and turn are checked
// with each one.
func (c *call) readable() (referrals.Holding, referrals.Code, error) {
	h, err := c.held()
	if err != nil {
		return h, "", err
	}
	if !h.Readable() {
		return h, "", in(h)
	}
	code, _ := referrals.CaseOf(h.Code)
	return h, code, nil
}

// fileWithin is how long a file may take on its way: 20 MB, the most there are, in that time is 14 kB a second.
const fileWithin = 25 * time.Minute

// document writes a sealed document. A file's is what opens it, and its body, which all desks share, follows.
func (c *call) document(h referrals.Holding, code referrals.Code, name string) error {
	head, err := c.Archive.Document(c.ctx(), h.Origin, code, c.guest.ID, name)
	if errors.Is(err, referrals.ErrUnknown) {
		return problemOf(gone)
	}
	if err != nil {
		return err
	}
	if err := c.keep(h); err != nil {
		return err
	}
	var body io.ReadCloser = http.NoBody
	if strings.HasSuffix(name, ".pgp") {
		body, err = c.Archive.FileReader(c.ctx(), h.Origin, code, name)
		if errors.Is(err, referrals.ErrUnknown) {
			return problemOf(gone)
		}
		if err != nil {
			return err
		}
		c.within(fileWithin)
	}
	defer body.Close()
	header := c.w.Header()
	header.Set("Content-Type", "application/pgp-encrypted")
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return c.copy(head, body)
}

// copy writes a document. One that cannot be read to its end is cut, so that the caller sees that it is not whole.
func (c *call) copy(head []byte, body io.Reader) error {
	if c.req.Method == http.MethodHead {
		return nil
	}
	if _, err := c.w.Write(head); err != nil {
		return nil // the caller is gone
	}
	if _, err := io.Copy(c.w, body); err != nil {
		c.Log.Warn("a sealed file could not be passed on to its end")
		panic(http.ErrAbortHandler)
	}
	return nil
}
