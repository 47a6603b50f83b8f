package main

import (
	"runtime"
	"testing"
)

func TestHalfOfTheProcessors(t *testing.T) {
	for of, want := range map[int]int{1: 1, 2: 1, 3: 2, 4: 2, 16: 8} {
		if got := halfOf(of); got != want {
			t.Errorf("%d of %d, not %d", got, of, want)
		}
	}
}

// The line leaves half of the processors to others, unless it is told how many it has.
func TestALineLeavesProcessors(t *testing.T) {
	const metric = "go_sched_gomaxprocs_threads"
	before := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
	runtime.SetDefaultGOMAXPROCS()
	half := halfOf(runtime.GOMAXPROCS(0))
	for given, want := range map[string]int{"": half, "0": half, "all": half, "3": 3} {
		t.Run("GOMAXPROCS="+given, func(t *testing.T) {
			t.Setenv("GOMAXPROCS", given)
			r := newRig(t)
			if got, ok := r.metric(metric); !ok || int(got) != want {
				t.Errorf("%v processors, not %d", got, want)
			}
		})
	}
}
