package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// column is one figure of the table, and its unit among the benchmark's metrics, empty for none.
type column struct {
	title, unit string
	of          func(figures) float64
}

var columns = [...]column{
	{"conversations/s", "conv/s", func(f figures) float64 { return float64(f.conversations()) / f.wall().Seconds() }},
	{"updates/s", "updates/s", func(f figures) float64 {
		return float64(f.conversations()) * float64(len(conversation)) / f.wall().Seconds()
	}},
	{"reply p50, 200 chats, ms", "p50-ms", func(f figures) float64 { return percentile(f.busy, .5) }},
	{"reply p95, 200 chats, ms", "p95-ms", func(f figures) float64 { return percentile(f.busy, .95) }},
	{"reply p99, 200 chats, ms", "p99-ms", func(f figures) float64 { return percentile(f.busy, .99) }},
	{"  to /start, behind emergencies, p50, ms", "", func(f figures) float64 { return percentile(f.began, .5) }},
	{"  to /start, behind emergencies, p99, ms", "", func(f figures) float64 { return percentile(f.began, .99) }},
	{"reply p50, 10 chats, ms", "", func(f figures) float64 { return percentile(f.quiet, .5) }},
	{"reply p99, 10 chats, ms", "", func(f figures) float64 { return percentile(f.quiet, .99) }},
	{"reply p50, API of 50 ms, 20 chats, ms", "slow-p50-ms", func(f figures) float64 { return percentile(f.slow, .5) + 50 }},
	{"  presses whose two calls were side by side, %", "", func(f figures) float64 { return 100 * float64(f.beside) / float64(f.pairs) }},
	{"CPU of the line, ms/conversation", "cpu-ms/conv", func(f figures) float64 { return f.cpu() }},
	{"  on so many of the machine's processors", "", func(f figures) float64 { return f.processors }},
	{"CPU of the floor on all, ms/conversation", "floor-ms/conv", func(f figures) float64 { return f.floorCPU(all) }},
	{"  line / floor", "x-floor", func(f figures) float64 { return f.cpu() / f.floorCPU(all) }},
	{"  line / floor, least of the rounds", "", func(f figures) float64 { return slices.Min(f.ratios()) }},
	{"  line / floor, most of the rounds", "", func(f figures) float64 { return slices.Max(f.ratios()) }},
	{"CPU of the floor on as many as the line", "", func(f figures) float64 { return f.floorCPU(asMany) }},
	{"  line / floor on as many", "x-floor-as-many", func(f figures) float64 { return f.cpu() / f.floorCPU(asMany) }},
	{"  line / the parts of the floor, each alone, added up", "x-parts", func(f figures) float64 { return f.cpu() / f.parts(floor.sum) }},
	{"  floor: calls alone, ms", "", func(f figures) float64 { return f.parts(func(p floor) float64 { return p.calls.perConversation() }) }},
	{"  floor: receive and decode alone, ms", "", func(f figures) float64 { return f.parts(func(p floor) float64 { return p.decode.perConversation() }) }},
	{"  floor: Redis alone, ms", "", func(f figures) float64 { return f.parts(func(p floor) float64 { return p.redis.perConversation() }) }},
	{"  floor: seal and sign alone, ms", "", func(f figures) float64 { return f.parts(func(p floor) float64 { return p.seal.perConversation() }) }},
	{"CPU of redis-server, ms/conversation", "", func(f figures) float64 { return f.per(func(s snapshot) float64 { return ms(s.redisCPU) }) }},
	{"KB that Redis keeps of a conversation", "redis-KB", func(f figures) float64 { return f.per(func(s snapshot) float64 { return s.redisBytes / 1024 }) }},
	{"allocations/conversation", "allocs/conv", func(f figures) float64 { return f.per(func(s snapshot) float64 { return s.mallocs }) }},
	{"KB allocated/conversation", "KB/conv", func(f figures) float64 { return f.per(func(s snapshot) float64 { return s.bytes / 1024 }) }},
	{"  floor: allocations/conversation", "", func(f figures) float64 { return f.rounds[0].floor.mallocs() }},
	{"Redis commands/conversation", "redis/conv", func(f figures) float64 { return float64(f.counted.total()) / float64(f.countedOver) }},
	{"  per update", "redis/update", func(f figures) float64 {
		return float64(f.counted.total()) / float64(f.countedOver) / float64(len(conversation))
	}},
	{"  round trips/conversation", "", func(f figures) float64 { return float64(f.counted.trips) / float64(f.countedOver) }},
	{"  scripts/conversation in the measured run", "", func(f figures) float64 { return f.per(func(s snapshot) float64 { return float64(s.scripts) }) }},
	{"  at rest, commands/s", "", func(f figures) float64 { return float64(f.idle.total()) / f.idleOver.Seconds() }},
	{"CPU at rest, ms/s", "", func(f figures) float64 { return ms(f.idleCPU) / f.idleOver.Seconds() }},
	{"calls to Telegram/conversation", "calls/conv", func(f figures) float64 { return f.apiCalls() }},
	{"  per act", "calls/act", func(f figures) float64 { return f.apiCalls() / float64(len(conversation)) }},
	{"  polls/conversation", "", func(f figures) float64 { return f.called("getUpdates") }},
	{"new connections to Telegram", "conns", func(f figures) float64 {
		return f.per(func(s snapshot) float64 { return float64(s.connections) }) * float64(f.conversations())
	}},
	{"start, exec until listening, ms", "start-ms", func(f figures) float64 { return ms(f.started) }},
	{"RSS just started, MB", "idle-MB", func(f figures) float64 { return f.idleMB }},
	{"  of it not the program's file, MB", "", func(f figures) float64 { return f.ownMB }},
	{"RSS at most, 200 chats, MB", "peak-MB", func(f figures) float64 { return f.peakMB }},
}

// per is what a conversation of the measured run added to something, on average.
func (f figures) per(what func(snapshot) float64) float64 {
	var sum float64
	for _, r := range f.rounds {
		sum += what(r.to) - what(r.from)
	}
	return sum / float64(max(1, f.conversations()))
}

func (f figures) conversations() (n int64) {
	for _, r := range f.rounds {
		n += r.conversations
	}
	return n
}

func (f figures) wall() (d time.Duration) {
	for _, r := range f.rounds {
		d += r.wall
	}
	return d
}

// cpu is the line's time for a conversation, in milliseconds.
func (f figures) cpu() float64 { return f.per(func(s snapshot) float64 { return ms(s.cpu) }) }

// floorCPU is the floor's, on all processors or on as many as the line.
func (f figures) floorCPU(of func(round) partCost) (sum float64) {
	for _, r := range f.rounds {
		sum += of(r).perConversation()
	}
	return sum / float64(len(f.rounds))
}

func all(r round) partCost    { return r.floor }
func asMany(r round) partCost { return r.sharing }

// parts is a figure of the floor's parts, on average.
func (f figures) parts(of func(floor) float64) (sum float64) {
	for _, r := range f.rounds {
		sum += of(r.parts)
	}
	return sum / float64(len(f.rounds))
}

// ratios are the line's time over the floor's, round by round.
func (f figures) ratios() (each []float64) {
	for _, r := range f.rounds {
		each = append(each, figures{rounds: []round{r}}.cpu()/r.floor.perConversation())
	}
	return each
}

// called is how often a conversation calls a method, on average.
func (f figures) called(method string) float64 {
	return f.per(func(s snapshot) float64 { return float64(s.calls[method]) })
}

// apiCalls are all calls to Telegram of a conversation but the polls.
func (f figures) apiCalls() (sum float64) {
	for method := range f.rounds[0].to.calls {
		if method != "getUpdates" {
			sum += f.called(method)
		}
	}
	return sum
}

// report is the table of all figures, a column for each way to receive and to keep.
type report []figures

// String is what `make bench` prints.
func (r report) String() string {
	if len(r) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d conversations of %d updates (/start, \"emergency\", 8 answers, \"send\") measured in the first column\n",
		r[0].conversations(), len(conversation))
	fmt.Fprintf(&b, "%-46s", "")
	for _, f := range r {
		fmt.Fprintf(&b, "%18s", f.name)
	}
	fmt.Fprintf(&b, "\n%-46s", "load of the machine before")
	for _, f := range r {
		fmt.Fprintf(&b, "%18s", f.load)
	}
	for _, c := range columns {
		fmt.Fprintf(&b, "\n%-46s", c.title)
		for _, f := range r {
			fmt.Fprintf(&b, "%18s", number(c.of(f)))
		}
	}
	r.details(&b, "\n\nCommands to Redis per conversation, counted by a proxy between the two", func(f figures) map[string]float64 {
		return each(f.counted.commands, float64(f.countedOver))
	})
	r.details(&b, "\nCalls to Telegram per conversation", func(f figures) map[string]float64 {
		calls := map[string]float64{}
		for method := range f.rounds[0].to.calls {
			calls[method] = f.called(method)
		}
		return calls
	})
	b.WriteByte('\n')
	return b.String()
}

// each divides counts.
func each(counts map[string]int64, by float64) map[string]float64 {
	out := map[string]float64{}
	for name, n := range counts {
		out[name] = float64(n) / by
	}
	return out
}

// details adds a line for each name that occurs.
func (r report) details(b *strings.Builder, title string, of func(figures) map[string]float64) {
	b.WriteString(title)
	names := map[string]bool{}
	for _, f := range r {
		for name, n := range of(f) {
			names[name] = names[name] || n >= .005
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !names[name] {
			continue
		}
		fmt.Fprintf(b, "\n  %-44s", name)
		for _, f := range r {
			n, known := of(f)[name]
			if !known {
				n = math.NaN()
			}
			fmt.Fprintf(b, "%18s", number(n))
		}
	}
}

// number writes three digits or so, and a dash for what was not measured.
func number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "-"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}
