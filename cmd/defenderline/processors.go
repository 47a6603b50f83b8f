package main

import (
	"os"
	"runtime"
	"strconv"
)

// leaveProcessors has Go run this program on half of the processors that it may use when it starts, unless GOMAXPROCS says on how many; what is
// no number above zero says nothing, to Go neither. The line waits for Redis and for Telegram nearly always, and each answer wakes several
// goroutines for some microseconds each. On every free processor Go then wakes a thread to take one from another, which costs more than
// the goroutine does, and stands in the way of the redis-server beside it.
func leaveProcessors() {
	if n, err := strconv.Atoi(os.Getenv("GOMAXPROCS")); err != nil || n <= 0 {
		runtime.GOMAXPROCS(halfOf(runtime.GOMAXPROCS(0)))
	}
}

// halfOf some processors is at least one.
func halfOf(processors int) int { return (processors + 1) / 2 }
