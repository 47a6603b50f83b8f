package bot

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"defenderline/referrals"
)

// revoke takes back the consent for one desk of a case: its copies are deleted with this very turn, nothing more is sealed for it,
// and the case goes on to whoever is next.
func (tn *turn) revoke(name, desk string) {
	code, ok := referrals.ParseCode(name)
	if !ok {
		return
	}
	tn.out.Drops = append(tn.out.Drops, referrals.Drop{Case: code, Desk: desk})
	tn.out.Documents = slices.DeleteFunc(slices.Clone(tn.out.Documents), func(d referrals.Document) bool { return d.Case == code && d.Desk == desk })
	tn.state.Held = slices.DeleteFunc(slices.Clone(tn.state.Held), func(h heldNews) bool { // what it wrote, or asks, is not wanted any more
		theirs := string(h.News.Code) == name && h.News.Desk == desk
		if theirs && h.News.Reply != nil {
			tn.fate(h.News, referrals.FateEnded, time.Time{})
		}
		return theirs
	})
	if agreed := tn.state.Agreed[name]; agreed != nil {
		value := desk
		if d := tn.dir.Desk(desk); d != nil && d.Kind == referrals.MissionDesk && !slices.Contains(agreed, desk) { // the country's own
			value = "mission"
		}
		tn.state.Agreed = maps.Clone(tn.state.Agreed) // turns share the map with those before them
		tn.state.Agreed[name] = slices.DeleteFunc(slices.Clone(agreed), func(v string) bool { return v == value })
	}
	id := "revoked:" + name + ":" + strconv.FormatInt(tn.at.UnixMilli(), 10) // in the clear: whom it is about is not in it
	p := referrals.EventPost(tn.work.Slot, code, id, referrals.Event{Kind: referrals.WasRevoked, Desk: desk, At: tn.at})
	tn.out.Errands = append(tn.out.Errands, referrals.Errand{Post: &p})
}
