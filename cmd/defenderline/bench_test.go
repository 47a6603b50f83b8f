package main

import (
	"strconv"
	"testing"
)

// BenchmarkEmergency is a whole emergency through the real binary: ten acts of a person over the simulated
// Telegram and a real redis-server, until the sealed, signed and padded document is with the officer.
// It runs alone, one person after another, and with many at once.
func BenchmarkEmergency(b *testing.B) {
	for _, people := range []int{1, 50} {
		b.Run(strconv.Itoa(people)+"people", func(b *testing.B) {
			r := newRig(b, func(_ *rig, config *string) {
				*config += "limits: {updates_per_chat_per_minute: 1000000, open_cases_per_chat: 1000000}\n"
			})
			r.desk(lima1)
			b.SetParallelism(people) // times GOMAXPROCS
			b.ResetTimer()
			if people == 1 {
				for b.Loop() {
					r.sent("somebody is at the door", "mission")
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					r.sent("somebody is at the door", "mission")
				}
			})
		})
	}
}
