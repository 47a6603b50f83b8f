package main

import (
	"flag"
	"testing"

	"golang.org/x/sync/semaphore"
)

// What a test weighs that runs beside others, on two cores. Most tests of a whole line wait: for a lease to end, for a rung to be
// silent, for a process to start.
const (
	waiting = 1
	working = 2 // a browser draws, or a dozen people walk
	crowded = 3 // crowds or a flood

	together = 2 * crowded // what weighs more than that waits
)

// room is shared by all tests that run beside others.
var room = semaphore.NewWeighted(together)

// beside lets a test run beside others, once there is room: the time that go test says it took begins before. It is the first line of a
// test. One whose subtests say it themselves says t.Parallel() instead: it would keep the room that they wait for.
func beside(t *testing.T, weight int64) {
	t.Helper()
	t.Parallel()
	if err := room.Acquire(t.Context(), weight); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { room.Release(weight) }) // the first to be registered, so the last: after the rig's
}

// makeRoom lets more tests begin than find room, unless -parallel is given. (As many as there are processors is what go test does
// otherwise, and these wait for other processes.)
func makeRoom() {
	if err := flag.Set("test.parallel", "8"); err != nil {
		panic(err)
	}
}
