package outcomes

import (
	"math"
	"time"
)

// fewSpread is from how many times on the middle half and the 95th percentile are shown: of fewer than twenty the latter is the greatest.
const fewSpread = 20

// Times are how long a desk took. What is not shown is nothing: see the package comment.
type Times struct {
	ID, Name string
	Median   time.Duration
	P95      time.Duration
	// Lower and Upper are what a quarter of the times, and three quarters, do not exceed.
	Lower, Upper time.Duration
	// Shown says that there is a median, Spread that there are a 95th percentile and a middle half, too.
	Shown, Spread bool
}

// timesOf are those of desks, in their order; behind them those of all desks together, of each lane and of all cases.
func timesOf(desks []*tally) []Times {
	together := map[string]*tally{}
	ids := append(laneNames(), Total)
	for _, id := range ids {
		together[id] = &tally{Desk: Desk{ID: id, Name: id}, cases: map[string]*course{}}
	}
	var out []Times
	for _, d := range desks {
		out = append(out, d.summary())
		for code, is := range d.cases {
			together[ids[is.lane.Rank()]].cases[d.ID+" "+code] = is
			together[Total].cases[d.ID+" "+code] = is
		}
	}
	for _, id := range ids {
		out = append(out, together[id].summary())
	}
	return out
}

// summary is what is shown of a desk's times.
func (t *tally) summary() Times {
	all := t.times()
	is := Times{ID: t.ID, Name: t.Name, Shown: len(all) >= under, Spread: len(all) >= fewSpread}
	if is.Shown {
		half := len(all) / 2
		is.Median = rounded((all[half] + all[(len(all)-1)/2]) / 2)
	}
	if is.Spread {
		is.Lower, is.Upper = rounded(quantile(all, 0.25)), rounded(quantile(all, 0.75))
		is.P95 = rounded(quantile(all, 0.95))
	}
	return is
}

// quantile is the smallest time that so many of all do not exceed; they are sorted.
func quantile(all []time.Duration, q float64) time.Duration {
	return all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
}

// rounded is a time as people say it: whole minutes from two minutes on, tenths of an hour from two hours on, tenths of a
// day from two days on.
func rounded(d time.Duration) time.Duration {
	const tenthOfHour, tenthOfDay = time.Hour / 10, 24 * time.Hour / 10
	switch d = max(0, d); {
	case d < 2*time.Minute:
		return d.Round(time.Second)
	case d < 2*time.Hour:
		return d.Round(time.Minute)
	case d < 48*time.Hour:
		return d.Round(tenthOfHour)
	default:
		return d.Round(tenthOfDay)
	}
}
