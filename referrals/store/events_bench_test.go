package store

import (
	"slices"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// BenchmarkAnOfferIsSeen measures from the call that makes an offer to its sight by a reader who was
// waiting for it, the move's own round trip included.
func BenchmarkAnOfferIsSeen(b *testing.B) {
	s := open(b, Options{URL: redistest.Start(b).URL()})
	seen, failed := make(chan time.Time), make(chan error, 1)
	go func() { // ends with the benchmark's last offer
		for after, n := "0-0", 0; n < b.N; {
			events, err := s.Events(s.ctx, "fld", after, time.Second)
			if err != nil {
				failed <- err
				return
			}
			for _, e := range events {
				after, n = e.ID, n+1
				seen <- time.Now()
			}
		}
	}()
	var took []time.Duration
	for i := range b.N {
		start := time.Now()
		s.offer(b, referrals.ReferralCode("ABCD-EFGH", i+1), referrals.Emergency)
		select {
		case at := <-seen:
			took = append(took, at.Sub(start))
		case err := <-failed:
			b.Fatal(err)
		}
	}
	slices.Sort(took)
	for name, share := range map[string]float64{"p50-µs": 0.5, "p99-µs": 0.99, "p99.9-µs": 0.999} {
		b.ReportMetric(float64(took[int(share*float64(len(took)-1))].Microseconds()), name)
	}
}
