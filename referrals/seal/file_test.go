package seal

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// sampled is a file of zeros that samples the live heap at each mebibyte.
type sampled struct {
	left, sinceSample int
	peak              uint64
}

func (f *sampled) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), f.left)
	clear(p[:n])
	f.left -= n
	if f.sinceSample += n; f.sinceSample >= 1<<20 {
		f.sinceSample = 0
		f.peak = max(f.peak, liveHeap())
	}
	return n, nil
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestSealFileHoldsNoMoreForALargerFile(t *testing.T) {
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{newRecipient(t).key}})
	before := liveHeap()
	src := &sampled{left: 20 << 20}
	if _, err := s.SealFile([]string{"lima"}, "film.mp4", src, io.Discard); err != nil {
		t.Fatal(err)
	}
	const bound = 2 << 20
	if src.peak == 0 || src.peak > before+bound {
		t.Fatalf("20 MiB sealed with %d bytes alive, %d before", src.peak, before)
	}
}

func TestGnuPGReadsFilesOfEachDesk(t *testing.T) {
	g := newGnuPG(t)
	a, b := newRecipient(t), newRecipient(t)
	g.must(bytes.NewReader(a.private), "--import")
	s := newSealer(t, Desk{ID: "a", Keys: []*Key{a.key, b.key}, HideKeyIDs: true}, Desk{ID: "b", Keys: []*Key{b.key}})
	g.must(bytes.NewReader(s.signing.Public()), "--import")
	random := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, 511, fileBlock - 1, fileBlock, fileBlock + 1, 20 << 20} {
		file := make([]byte, size)
		random.Read(file)
		var body bytes.Buffer
		headers, err := s.SealFile([]string{"a", "b"}, "front/door.jpg", iotest.HalfReader(bytes.NewReader(file)), &body)
		if err != nil {
			t.Fatal(err)
		}
		forA := append(bytes.Clone(headers["a"]), body.Bytes()...)
		if got := g.open(forA); !bytes.Equal(got, file) {
			t.Fatalf("%d bytes: gpg reads otherwise", size)
		}
		got, signed, err := Open(b.private, s.signing.Public(), append(headers["b"], body.Bytes()...))
		if err != nil || !signed || !bytes.Equal(got, file) {
			t.Fatalf("%d bytes: b's copy: %v %v", size, signed, err)
		}
		if size < fileBlock {
			wantAll(t, g.packets(forA), `name="front_door.jpg"`, "version 3", "mdc_method: 2")
		}
		if bytes.Contains(forA, []byte("door")) {
			t.Fatal("the name is in the clear")
		}
	}
}

// A body whose source failed is worth nothing: even with the right session key, GnuPG
// refuses it and finds no signature.
func TestSealFileLeavesNothingUsableWhenItFails(t *testing.T) {
	g := newGnuPG(t)
	r := newRecipient(t)
	g.must(bytes.NewReader(r.private), "--import")
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{r.key}}, Desk{ID: "dead"})
	g.must(bytes.NewReader(s.signing.Public()), "--import")
	broken := errors.New("https://example.org/token123/words")
	src := io.MultiReader(bytes.NewReader(make([]byte, 300_000)), iotest.ErrReader(broken))
	var body bytes.Buffer
	headers, err := s.SealFile([]string{"lima"}, "a.jpg", src, &body)
	wantReason(t, err, ReasonSource)
	if headers != nil || !errors.Is(err, broken) || strings.Contains(err.Error(), "token123") {
		t.Fatalf("headers %v, error %v", headers, err)
	}
	header := keyPacketsFor(t, s, r.key, bytes.NewReader(make([]byte, 300_000)), broken, &body)
	_, status, err := g.try(bytes.NewReader(append(header, body.Bytes()...)), "--decrypt")
	if err == nil || strings.Contains(status, "GOODSIG") || strings.Contains(status, "GOODMDC") {
		t.Fatalf("gpg accepts half a file: %v\n%s", err, status)
	}
	body.Reset()
	_, err = s.SealFile([]string{"lima", "dead"}, "a.jpg", src, &body)
	wantReason(t, err, ReasonNoKey)
	_, err = s.SealFile([]string{"lima", "nobody"}, "a.jpg", src, &body)
	wantReason(t, err, ReasonDesk)
	_, err = s.SealFile(nil, "a.jpg", src, &body)
	wantReason(t, err, ReasonDesk)
	if body.Len() != 0 {
		t.Fatal("a body was begun for a desk that cannot read it")
	}
}

// keyPacketsFor seals half a file as SealFile does, but keeps the key packets that
// SealFile withholds.
func keyPacketsFor(t *testing.T, s *Sealer, k *Key, half io.Reader, broken error, body *bytes.Buffer) []byte {
	t.Helper()
	body.Reset()
	session, err := newSessionKey()
	if err != nil {
		t.Fatal(err)
	}
	var header bytes.Buffer
	if err := writeHeader(&header, Desk{ID: "lima", Keys: []*Key{k}}, session, s.now()); err != nil {
		t.Fatal(err)
	}
	w, err := newBody(body, session, s.signing.entity, label{given: "a.jpg"}, s.now())
	if err != nil {
		t.Fatal(err)
	}
	err = copyBlocks(w, io.MultiReader(half, iotest.ErrReader(broken)), &sink{w: body})
	wantReason(t, err, ReasonSource)
	return header.Bytes()
}

// full is a disk without space.
type full struct{ left int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestSealFileTellsWhenItCannotWrite(t *testing.T) {
	s := newSealer(t, Desk{ID: "lima", Keys: []*Key{newRecipient(t).key}})
	for _, space := range []int{0, 10, 70_000, 200_000} {
		headers, err := s.SealFile([]string{"lima"}, "a", bytes.NewReader(make([]byte, 200_000)), &full{space})
		wantReason(t, err, ReasonSink)
		if headers != nil || !errors.Is(err, errFull) {
			t.Fatalf("%d: %v", space, err)
		}
	}
}

func TestCleanName(t *testing.T) {
	long := strings.Repeat("ñ", 200) + ".jpeg"
	for name, want := range map[string]string{
		"photo.jpg":         "photo.jpg",
		"../../etc/passwd":  ".._.._etc_passwd",
		`C:\a.txt`:          "C__a.txt",
		"a\nb\x1b[31m":      "a_b_[31m",
		"a\u202egpj.exe":    "a_gpj.exe",
		"\xff.png":          "_.png",
		"_CONSOLE":          "CONSOLE",
		"":                  "",
		long:                strings.Repeat("ñ", 125) + ".jpeg",
		"صورة.jpg":          "صورة.jpg",
		"a." + long[:300]:   ("a." + long[:300])[:254],
		"a\u2028b separate": "a\u2028b separate",
	} {
		if got := cleanName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
