package main

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

const (
	garbage = 80                     // percent of what is in use that may wait to be collected; Go's own is 100
	settled = 500 * time.Millisecond // after it listens, a line has done everything that it does once
	lapse   = time.Minute            // after which it lets go of what it needed while it was busy
)

// stayLean gives back what it took to start, and from then on, every so often, garbage and what of the program's file was
// mapped since, until ctx ends. Each time costs 10 to 20 ms of a processor, most of it for mapping again what is needed. Besides,
// garbage is collected earlier than Go would, unless GOGC says when.
func stayLean(ctx context.Context, letFileGo func()) error {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(garbage)
	}
	timer := time.NewTimer(settled)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		debug.FreeOSMemory()
		letFileGo()
		timer.Reset(lapse)
	}
}
