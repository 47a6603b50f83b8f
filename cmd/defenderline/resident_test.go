package main

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestStayLean: once when everything has begun, then every so often, until the end.
func TestStayLean(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var times atomic.Int64
		ended := make(chan error, 1)
		go func() { ended <- stayLean(ctx, func() { times.Add(1) }) }()
		for _, step := range []struct {
			after time.Duration
			want  int64
		}{{settled - 1, 0}, {1, 1}, {lapse - 1, 1}, {1, 2}, {3 * lapse, 5}} {
			time.Sleep(step.after)
			synctest.Wait()
			if got := times.Load(); got != step.want {
				t.Errorf("%v later the file was let go of %d times, not %d", step.after, got, step.want)
			}
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
