package store

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"defenderline/referrals"
)

// TestTheLastWayThatFailsIsTold: whichever of two processes notes the second way is told, both when they come at once, and what is
// noted of one alert says nothing of another.
func TestTheLastWayThatFailsIsTold(t *testing.T) {
	each(t, func(t *testing.T, b backend) {
		n := referrals.Notice{Desk: "lima", Code: "ABCD-EFGH", Rung: 1, Due: b.clock.now()}
		ways := []string{"chat", "mail"}
		missed := func(n referrals.Notice, way string) bool {
			t.Helper()
			all, err := b.Missed(b.ctx, n, way, ways)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		for range 2 {
			if missed(n, "chat") {
				t.Error("one way of two is all")
			}
		}
		again, next := n, n
		again.Due = n.Due.Add(time.Second)
		next.Rung = 2
		if missed(again, "mail") || missed(next, "mail") {
			t.Error("the failure of another alert counts")
		}
		for _, way := range []string{"mail", "chat"} {
			if !missed(n, way) {
				t.Error("both ways are not all")
			}
		}
		n.Code = "ABCD-EFGJ"
		told := make(chan bool, 2)
		var g errgroup.Group
		for _, way := range ways {
			g.Go(func() error {
				all, err := b.Missed(b.ctx, n, way, ways)
				told <- all
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		if first, second := <-told, <-told; first == second {
			t.Errorf("told: %v, %v", first, second)
		}
		if life := b.db.PTTL(b.ctx, b.missedKey("lima", n.Code)).Val(); life <= 0 {
			t.Errorf("it has no end: %v", life)
		}
	})
}
