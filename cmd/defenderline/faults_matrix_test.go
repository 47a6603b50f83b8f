package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The flags of a long run; without -soak each fault is tried once, with few people.
var (
	soak   = flag.Duration("soak", 0, "repeat the matrix of faults for so long, every cell once at least")
	people = flag.Int("people", 100, "conversations at once, with -soak")
	seeds  = flag.Uint64("seed", 0, "repeat a run's choices; 0: others each time")
)

// fault is one kind of trouble that a line must withstand under a crowd.
type fault struct {
	name string
	// rig says what it takes beside mode and store.
	rig rigOptions
	// stores are where it can happen; the first, by polling or as webhook says, is where it is tried without -soak.
	stores  []storeKind
	webhook bool
	// strikes is how often it strikes without -soak.
	strikes int
	// mayRepeat: who is killed or frozen between Telegram's act and noting it down cannot know that it was done, nor does
	// a replica that takes over know of the turns whose screens were sent in the moments that it was behind.
	mayRepeat bool
	// strike makes the trouble, at a random moment, and mends it.
	strike func(*trial)
}

// trial is one run of a fault.
type trial struct {
	*rig
	crowd  *crowd
	random *rand.Rand
}

// pick is one of the replicas.
func (x *trial) pick() *replica { return x.replicas[x.random.IntN(len(x.replicas))] }

// faults are all of them.
func faults() []fault {
	return slices.Concat(lineFaults(), redisFaults())
}

var everyStore = []storeKind{singleStore, sentinelStore, clusterStore}

// cell is a fault in a mode on a store.
type cell struct {
	fault
	store   storeKind
	webhook bool
}

func (c cell) mode() string { return map[bool]string{false: "polling", true: "webhook"}[c.webhook] }
func (c cell) name() string { return fmt.Sprintf("%s/%s/%s", c.fault.name, c.mode(), c.store) }

// run lets a crowd walk while the fault strikes again and again, and judges.
func (c cell) run(t *testing.T, people, strikes int, seed uint64) *verdict {
	t.Helper()
	o := c.rig
	o.webhook, o.store = c.webhook, c.store
	o.flags = append([]string{"--appendfsync", "always"}, o.flags...)
	o.change = append(o.change, roomy)
	x := &trial{rig: newRigWith(t, o), random: rand.New(rand.NewPCG(seed, 2))}
	x.crowd = calling(x.rig, people, seed)
	x.crowd.within = time.Duration(strikes+3) * patience
	x.crowd.begin()
	for i := range strikes {
		if !x.crowd.after(1+x.random.IntN(2*people)) && i > 0 {
			break // everybody has finished
		}
		c.strike(x)
	}
	x.crowd.wait()
	v := x.crowd.judge()
	if c.mayRepeat {
		t.Logf("told twice, which cannot be excluded: %q", v.repeats)
	} else {
		v.problems = append(v.problems, v.repeats...)
	}
	if len(v.problems) > 0 {
		for i, p := range x.replicas {
			t.Logf("replica %d:\n%s", i, tail(p.log.String(), 30))
		}
	}
	return v
}

// tail is the last lines of a text.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// newSeed is the one that was asked for, or any.
func newSeed() uint64 {
	if *seeds != 0 {
		return *seeds
	}
	return uint64(rand.Uint32())
}

// Without -soak so many people walk in each cell, and so many cells are tried side by side: they are mostly waiting.
const (
	few          = 12
	faultsAtOnce = 6
)

// TestFaults tries every fault once: everybody finishes without repeating anything, and nothing is lost or doubled.
func TestFaults(t *testing.T) {
	if *soak > 0 {
		t.Skip("TestSoak does the same longer")
	}
	beside(t, crowded)
	binary(t) // not while others wait for it
	var all sync.WaitGroup
	var tried atomic.Int32
	room := make(chan struct{}, faultsAtOnce)
	var names []string
	for _, f := range faults() {
		c := cell{f, f.stores[0], f.webhook}
		names = append(names, c.name())
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			t.Run(c.name(), func(t *testing.T) {
				tried.Add(1)
				seed := newSeed()
				c.run(t, few, c.strikes, seed).must(t, seed)
			})
		})
	}
	all.Wait()
	mustHaveTried(t, tried.Load(), names)
}

// mustHaveTried fails a run whose -run names no cell: it would pass and have proved nothing.
func mustHaveTried(t *testing.T, tried int32, names []string) {
	t.Helper()
	if tried == 0 {
		t.Errorf("-run names none of the cells, which are (a space is written _):\n%s", strings.Join(names, "\n"))
	}
}

// TestEveryFaultIsDescribed: the page says what each fault is, and of no other.
func TestEveryFaultIsDescribed(t *testing.T) {
	page, err := os.ReadFile("../../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## The faults\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var described []string
	for line := range strings.Lines(section) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.HasPrefix(line, "| ") && name != "fault" {
			described = append(described, name)
		}
	}
	var struck []string
	for _, f := range faults() {
		struck = append(struck, f.name)
	}
	slices.Sort(described)
	slices.Sort(struck)
	if !slices.Equal(described, struck) {
		t.Errorf("docs/faults.md describes\n%q\nand the matrix strikes with\n%q", described, struck)
	}
}

// row is a line of the table: what all runs of a cell came to.
type row struct {
	runs  int
	sum   verdict
	seeds []uint64 // of the runs that found something, or of the last
}

// TestSoak runs the matrix fault × mode × store for as long as -soak says and prints a table.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		return // TestFaults does it once
	}
	var mu sync.Mutex
	rows := map[string]*row{}
	var order, names []string
	for _, c := range matrix() {
		names = append(names, c.name())
	}
	end := time.Now().Add(*soak)
	for round := 0; round == 0 || len(rows) > 0 && time.Now().Before(end); round++ {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			for _, c := range matrix() {
				t.Run(c.name(), func(t *testing.T) {
					beside(t, crowded)
					seed := newSeed()
					v := c.run(t, *people, 3*c.strikes, seed)
					mu.Lock()
					defer mu.Unlock()
					if rows[c.name()] == nil {
						rows[c.name()], order = &row{}, append(order, c.name())
					}
					rows[c.name()].add(v, seed)
					v.must(t, seed)
				})
			}
		})
	}
	mustHaveTried(t, int32(len(rows)), names)
	fmt.Fprint(os.Stdout, table(order, rows))
}

// matrix is every cell.
func matrix() []cell {
	var all []cell
	for _, f := range faults() {
		for _, s := range f.stores {
			for _, webhook := range []bool{false, true} {
				all = append(all, cell{f, s, webhook})
			}
		}
	}
	return all
}

func (r *row) add(v *verdict, seed uint64) {
	r.runs++
	r.sum.people += v.people
	r.sum.stuck += v.stuck
	r.sum.lost += v.lost
	r.sum.doubled += v.doubled
	r.sum.repeated += v.repeated
	if len(v.problems) > 0 || len(r.seeds) == 0 {
		r.seeds = append(r.seeds, seed)
	}
}

// table is what was found, in Markdown.
func table(order []string, rows map[string]*row) string {
	var b strings.Builder
	b.WriteString("| fault | mode | store | runs | people | lost | doubled | repeated | stuck | seed |\n|---|---|---|---|---|---|---|---|---|---|\n")
	slices.Sort(order)
	for _, name := range order {
		r, parts := rows[name], strings.Split(name, "/")
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %d | %d | %s |\n", parts[0], parts[1], parts[2], r.runs, r.sum.people,
			r.sum.lost, r.sum.doubled, r.sum.repeated, r.sum.stuck, strings.Trim(fmt.Sprint(r.seeds), "[]"))
	}
	return b.String()
}
