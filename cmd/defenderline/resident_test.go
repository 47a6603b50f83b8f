package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestStayLean: once when everything has begun, then every so often, until the end.
func TestStayLean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		times, ended := 0, make(chan error, 1)
		go func() { ended <- stayLean(ctx, func() { times++ }) }()
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{settled - 1, 0}, {1, 1}, {lapse - 1, 1}, {1, 2}, {3 * lapse, 5}} {
			time.Sleep(step.after)
			synctest.Wait()
			if times != step.want {
				t.Errorf("%v later the file was let go of %d times, not %d", step.after, times, step.want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
