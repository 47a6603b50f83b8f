package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
)

// letFileGo gives pages of the program's own file back to the page cache. What is used again is mapped again, from the same
// cache. That it could not be done matters to nobody.
func letFileGo() {
	if self, err := os.Executable(); err == nil {
		unmap(self)
	}
}

// unmap takes the pages of a file out of the process's memory, where that loses nothing.
func unmap(path string) {
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range unchanged(string(smaps), path) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED) // madvise(2)
	}
}

// mapping is a stretch of memory.
type mapping struct{ from, to uintptr }

// unchanged finds the mappings of a file that nobody may write to and that hold what the file holds. A page that was written to
// before (by the loader, in a program that may lie anywhere) is the process's own: anonymous, or swapped. One that is dirty need not
// be; so is each of a file just written.
func unchanged(smaps, path string) (found []mapping) {
	var at mapping
	var fits bool
	var none int
	for line := range strings.Lines(smaps) { // proc(5): a line for each mapping, followed by its figures
		var from, to uintptr
		var mode string
		if n, _ := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n == 3 {
			at, fits, none = mapping{from, to}, (mode == "r-xp" || mode == "r--p") && strings.HasSuffix(line, " "+path+"\n"), 0
			continue
		}
		if f := strings.Fields(line); len(f) > 1 && (f[0] == "Anonymous:" || f[0] == "Swap:") && f[1] == "0" {
			if none++; fits && none == 2 {
				found = append(found, at)
			}
		}
	}
	return found
}
