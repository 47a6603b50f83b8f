package store

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"defenderline/referrals"
)

const code = referrals.Code("ABCD-EFGH")

func TestDocumentsAreKeptForADeskAndDropped(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		w := b.mustKeep(t, post(b.Chat("line", 1), 1))[0]
		doc := func(desk, name string) referrals.Document {
			return referrals.Document{Case: code, Desk: desk, Name: name, Body: []byte(desk + name), Keep: 168 * time.Hour}
		}
		names := []string{"ABCD-EFGH.asc", "ABCD-EFGH.2.asc", "ABCD-EFGH.10.asc", "ABCD-EFGH.f1.pgp", "ABCD-EFGH.f2.pgp"}
		c := referrals.Commit{State: []byte("s"), Keep: time.Hour}
		for _, i := range []int{3, 0, 2, 4, 1} {
			c.Documents = append(c.Documents, doc("lima", names[i]))
		}
		const forMail = "ABCD-EFGH.2.mail.asc"
		c.Documents = append(c.Documents, doc("lima-2", names[0]), doc("lima", forMail))
		b.writeFile(t, w.Slot, "ABCD-EFGH.f1.pgp", []byte("body"))
		_, again := b.mustCommit(t, w, c)
		got, err := b.Documents(b.ctx, w.Slot, code, "lima")
		if err != nil || !slices.Equal(got, names) {
			t.Fatalf("documents: %v %v", got, err)
		}
		body, err := b.Document(b.ctx, w.Slot, code, "lima", names[1])
		if err != nil || string(body) != "lima"+names[1] {
			t.Fatalf("document: %q %v", body, err)
		}
		if body, err := b.Document(b.ctx, w.Slot, code, "lima", forMail); err != nil || string(body) != "lima"+forMail {
			t.Fatalf("a copy for mail, which is not listed: %q %v", body, err)
		}
		if _, err := b.Document(b.ctx, w.Slot, code, "lima-2", names[1]); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatalf("another desk's document: %v", err)
		}

		drop := referrals.Commit{State: []byte("s"), Keep: time.Hour, Drops: []referrals.Drop{{Case: code, Desk: "lima"}}}
		_, again = b.mustCommit(t, *again, drop)
		if got, _ := b.Documents(b.ctx, w.Slot, code, "lima"); len(got) != 0 {
			t.Fatalf("dropped: %v", got)
		}
		if _, err := b.Document(b.ctx, w.Slot, code, "lima", forMail); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatalf("a copy for mail was not dropped: %v", err)
		}
		if got, _ := b.Documents(b.ctx, w.Slot, code, "lima-2"); len(got) != 1 {
			t.Fatalf("another desk's copies went too: %v", got)
		}
		if _, err := b.FileReader(b.ctx, w.Slot, code, "ABCD-EFGH.f1.pgp"); err != nil {
			t.Fatalf("the file of a desk that is left: %v", err)
		}
		drop.Drops[0].Desk = ""
		b.mustCommit(t, *again, drop)
		if got, _ := b.Documents(b.ctx, w.Slot, code, "lima-2"); len(got) != 0 {
			t.Fatalf("dropped: %v", got)
		}
		if _, err := b.FileReader(b.ctx, w.Slot, code, "ABCD-EFGH.f1.pgp"); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatalf("a file that nobody can open is left: %v", err)
		}
	})
}

func (b backend) writeFile(t *testing.T, slot, name string, body []byte) {
	t.Helper()
	w, err := b.FileWriter(b.ctx, slot, code, name, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if _, err := b.FileReader(b.ctx, slot, code, name); !errors.Is(err, referrals.ErrUnknown) {
		t.Fatalf("a file was readable before it was complete: %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err == nil {
		t.Fatal("a closed file took more")
	}
}

func TestFilesComeBackWhole(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		for _, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3*pieceSize + 7} {
			body := bytes.Repeat([]byte{1, 2, 3, 0, 255}, size/5+1)[:size]
			b.writeFile(t, "p01", "x", body)
			r, err := b.FileReader(b.ctx, "p01", code, "x")
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, body) {
				t.Fatalf("%d bytes came back as %d: %v", size, len(got), err)
			}
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
		lengths, err := b.db.HVals(b.ctx, b.filesKey("p01", code)).Result()
		if err != nil || len(lengths) == 0 {
			t.Fatal(err)
		}
		for _, piece := range lengths {
			if len(piece) > pieceSize {
				t.Fatalf("a piece of %d bytes", len(piece))
			}
		}
	})
}

func TestAnAbortedFileLeavesNothing(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		w, err := b.FileWriter(b.ctx, "p01", code, "x", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, pieceSize*2)); err != nil {
			t.Fatal(err)
		}
		if err := w.Abort(b.ctx); err != nil {
			t.Fatal(err)
		}
		if n := b.db.Exists(b.ctx, b.filesKey("p01", code)).Val(); n != 0 {
			t.Fatal("pieces are left")
		}
		if err := w.Close(); err == nil {
			t.Fatal("an aborted file was closed")
		}
	})
}

func TestAFileDroppedWhileItIsReadEnds(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		b.writeFile(t, "p01", "x", make([]byte, 2*pieceSize))
		r, err := b.FileReader(b.ctx, "p01", code, "x")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, pieceSize)); err != nil {
			t.Fatal(err)
		}
		b.db.Del(b.ctx, b.filesKey("p01", code))
		if _, err := io.ReadAll(r); !errors.Is(err, referrals.ErrUnknown) {
			t.Fatalf("half a file was taken for a whole one: %v", err)
		}
	})
}
