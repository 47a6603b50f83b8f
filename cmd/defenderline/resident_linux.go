package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// letCodeGo gives the pages of the program's own code back to the page cache: most of those in memory were needed
// to start. What is used again is mapped again, from the same cache. Code is never written to, so nothing is lost; that it
// could not be done matters to nobody.
func letCodeGo() {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	self, err := os.Executable()
	if err != nil {
		return
	}
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to uintptr
		var mode string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &mode); err != nil {
			return
		}
		if mode == "r-xp" && strings.HasSuffix(lines.Text(), " "+self) { // proc(5): private code of this very file
			_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, to-from, syscall.MADV_DONTNEED) // madvise(2)
		}
	}
}
