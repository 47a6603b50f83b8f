package store

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"defenderline/referrals"
	"defenderline/referrals/store/redistest"
)

// BenchmarkTrail weighs a million lines of the audit trail, of a month at one desk and of a year at thirty, and reads them. The first two moves
// are real; the others are their lines with other codes, appended as move.lua appends them: one in four has a reason.
func BenchmarkTrail(b *testing.B) {
	const lines, perScript = 1_000_000, 20
	ctx := context.Background()
	for name, spread := range map[string]struct{ desks, days int }{"one desk, a month": {1, 30}, "thirty desks, a year": {30, 365}} {
		b.Run(name, func(b *testing.B) {
			server := redistest.Start(b)
			s, db := openNow(b, server.URL()), server.Client()
			code := newCodes(b, 1, 1)[0]
			plain, reasoned := realLines(b, s, code)
			codes := newCodes(b, 10_000, 1)
			for b.Loop() {
				if err := db.FlushDB(ctx).Err(); err != nil {
					b.Fatal(err)
				}
				before, size := info(b, db, "memory", "used_memory"), 0
				pipe := db.Pipeline()
				for i := 0; i < lines; i += perScript {
					var text strings.Builder
					for n := range perScript {
						line := plain
						if n%4 == 0 {
							line = reasoned
						}
						text.WriteString(strings.Replace(line, code, codes[(i+n)%len(codes)], 1))
					}
					size += text.Len()
					at := i / perScript
					pipe.Append(ctx, s.trailKey(DeskSlot(fmt.Sprint("d", at%spread.desks)), time.Now().AddDate(0, 0, -at%spread.days)), text.String())
					if pipe.Len() == 1000 || i+perScript == lines {
						if _, err := pipe.Exec(ctx); err != nil {
							b.Fatal(err)
						}
					}
				}
				each := (info(b, db, "memory", "used_memory") - before) / lines
				from, read := time.Now(), 0
				if _, err := s.Trail(ctx, "d0", time.Now().AddDate(-1, 0, -2), time.Now().AddDate(0, 0, 1), func(referrals.Line) { read++ }); err != nil || read == 0 {
					b.Fatal(read, err)
				}
				fmt.Fprintf(os.Stdout, "%s: %.1f bytes of text a line, %.1f in Redis; %d of one desk read in %v\n", name, float64(size)/lines, each, read, time.Since(from).Round(time.Millisecond))
				b.ReportMetric(each, "bytes/line")
			}
		})
	}
}

// realLines are the lines of an offer, and of what declined it.
func realLines(b *testing.B, s *Store, code string) (plain, reasoned string) {
	b.Helper()
	ctx, now := context.Background(), time.Now()
	decline := referrals.Move{ID: "d", Desk: "fld", Code: code, From: []referrals.State{referrals.Offered}, To: referrals.Declined, AtRung: -1, Reason: "capacity", At: now}
	for _, m := range []referrals.Move{offerOf(code, now, false), decline} {
		if _, _, err := s.Move(ctx, m); err != nil {
			b.Fatal(err)
		}
	}
	text, err := s.db.Get(ctx, s.trailKey(DeskSlot("fld"), now)).Result()
	if err != nil {
		b.Fatal(err)
	}
	lines := strings.SplitAfter(text, "\n")
	return lines[0], lines[1]
}
