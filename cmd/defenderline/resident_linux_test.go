package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// TestOwnFileGoes: all of the program's file is in memory, is let go of, and is the same as before when it is read again.
func TestOwnFileGoes(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ours := unchanged(smaps(t), self)
	var size uintptr
	for _, m := range ours {
		size += m.to - m.from
	}
	if size < 1<<20 {
		t.Fatalf("no more than %d bytes of this program's file would be let go of", size)
	}
	before := contents(t, ours)
	if got := resident(t, ours); got < int(size)*9/10 {
		t.Fatalf("%d of %d bytes are in memory after all of them were read", got, size)
	}
	letFileGo()
	if got := resident(t, ours); got > int(size)/2 {
		t.Errorf("%d of %d bytes are in memory after they were let go of", got, size)
	}
	if !bytes.Equal(contents(t, ours), before) {
		t.Error("the program's file reads otherwise than before")
	}
}

// TestWhatWasWrittenStays: of one file's mappings the one that was only read goes, and the bytes that were written into others, which
// the file has not, are there afterwards: also where nobody may write any more, as in the tables of a program that may lie anywhere.
func TestWhatWasWrittenStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "program")
	content := make([]byte, 32*os.Getpagesize())
	_, _ = rand.Read(content) // never fails (crypto/rand)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	onlyRead := mapped(t, file, len(content), syscall.PROT_READ)
	relocated := mapped(t, file, len(content), syscall.PROT_READ|syscall.PROT_WRITE)
	writable := mapped(t, file, len(content), syscall.PROT_READ|syscall.PROT_WRITE)
	changed := slices.Clone(content)
	for _, b := range [][]byte{changed, relocated, writable} {
		b[5*os.Getpagesize()+7] ^= 0xff
	}
	if err := syscall.Mprotect(relocated, syscall.PROT_READ); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(onlyRead, content) {
		t.Fatal("the file was mapped wrongly")
	}
	unmap(path)
	if got := resident(t, []mapping{stretch(onlyRead)}); got != 0 {
		t.Errorf("%d bytes that were only read are in memory", got)
	}
	if !bytes.Equal(onlyRead, content) {
		t.Error("what was only read is not what the file holds")
	}
	if !bytes.Equal(relocated, changed) || !bytes.Equal(writable, changed) {
		t.Error("what was written is lost")
	}
}

// TestUnchanged: each reason for which a mapping stays.
func TestUnchanged(t *testing.T) {
	const figures = "Rss: 8 kB\nPrivate_Dirty: 8 kB\nAnonymous: %d kB\nAnonHugePages: 0 kB\nSwap: %d kB\nSwapPss: 0 kB\nVmFlags: rd mr mw me\n"
	for _, tt := range []struct {
		name, head    string
		anon, swapped int
		goes          bool
	}{
		{"code", "1000-3000 r-xp 00000000 fe:00 12   /usr/bin/line", 0, 0, true},
		{"constants", "1000-3000 r--p 00002000 fe:00 12   /usr/bin/line", 0, 0, true},
		{"relocated", "1000-3000 r--p 00002000 fe:00 12   /usr/bin/line", 8, 0, false},
		{"relocated and swapped", "1000-3000 r--p 00002000 fe:00 12   /usr/bin/line", 0, 8, false},
		{"data", "1000-3000 rw-p 00002000 fe:00 12   /usr/bin/line", 0, 0, false},
		{"shared", "1000-3000 r--s 00002000 fe:00 12   /usr/bin/line", 0, 0, false},
		{"a library", "1000-3000 r-xp 00000000 fe:00 13   /usr/lib/libc.so", 0, 0, false},
		{"a longer name", "1000-3000 r-xp 00000000 fe:00 14   /chroot/usr/bin/line", 0, 0, false},
		{"the heap", "1000-3000 r--p 00000000 00:00 0", 0, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			others := "5000-6000 rw-p 00000000 00:00 0 [heap]\n" + fmt.Sprintf(figures, 0, 0)
			got := unchanged(others+tt.head+"\n"+fmt.Sprintf(figures, tt.anon, tt.swapped)+others, "/usr/bin/line")
			if want := []mapping{{0x1000, 0x3000}}; tt.goes != slices.Equal(got, want) || !tt.goes && len(got) > 0 {
				t.Errorf("goes: %x", got)
			}
		})
	}
	if got := unchanged("1000-3000 r-xp 00000000 fe:00 12 /usr/bin/line\nRss: 8 kB\n", "/usr/bin/line"); len(got) > 0 {
		t.Errorf("a system that does not say what is anonymous: %x", got)
	}
}

// mapped maps a file privately, all of it read.
func mapped(t *testing.T, f *os.File, size, prot int) []byte {
	t.Helper()
	b, err := syscall.Mmap(int(f.Fd()), 0, size, prot, syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(b) })
	return b
}

// stretch is where bytes lie.
func stretch(b []byte) mapping {
	from := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return mapping{from, from + uintptr(len(b))}
}

func smaps(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// resident is how many bytes of mappings are in memory.
func resident(t *testing.T, of []mapping) (sum int) {
	t.Helper()
	found := 0
	for _, m := range of {
		_, rest, ok := strings.Cut("\n"+smaps(t), fmt.Sprintf("\n%08x-%08x ", m.from, m.to))
		_, rest, rss := strings.Cut(rest, "\nRss:")
		if !ok || !rss {
			continue
		}
		kb, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			t.Fatal(err)
		}
		sum, found = sum+kb<<10, found+1
	}
	if found != len(of) {
		t.Fatalf("%d of %d mappings are known to the system", found, len(of))
	}
	return sum
}

// contents reads mappings as a debugger does.
func contents(t *testing.T, of []mapping) []byte {
	t.Helper()
	mem, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	var all []byte
	for _, m := range of {
		part := make([]byte, m.to-m.from)
		if _, err := mem.ReadAt(part, int64(m.from)); err != nil {
			t.Fatal(err)
		}
		all = append(all, part...)
	}
	return all
}
