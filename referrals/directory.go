package referrals

import "sync/atomic"

// Directory knows every desk of the line. It is made once from the configuration, whose desks nobody may change; who was
// enrolled since is added by [Directory.Follow]. It is safe for concurrent use, and each answer is of one moment.
type Directory struct {
	configured []*Desk
	now        atomic.Pointer[index]
	loads      atomic.Pointer[map[string]int]
}

// index is what a directory knows at one time.
type index struct {
	all          []*Desk
	byID         map[string]*Desk
	byCountry    map[string]*Desk // missions only
	headquarters *Desk
	ngos         []*Desk
	seats        map[int64][]Seat
}

// Seat is a chat's place at a desk: an officer may sit at several.
type Seat struct {
	Desk *Desk
	// Rung is the place in the desk's ladder, from zero.
	Rung int
}

// NewDirectory files desks in the order of the configuration. Ids and the countries of missions
// are expected to be unique, which the configuration's check sees to; of two the first is kept.
func NewDirectory(desks []*Desk) *Directory {
	d := &Directory{configured: desks}
	d.now.Store(newIndex(desks))
	return d
}

func newIndex(desks []*Desk) *index {
	x := &index{
		byID:      make(map[string]*Desk, len(desks)),
		byCountry: make(map[string]*Desk),
		seats:     make(map[int64][]Seat),
	}
	for _, desk := range desks {
		if _, twice := x.byID[desk.ID]; !twice {
			x.add(desk)
		}
	}
	return x
}

func (x *index) add(desk *Desk) {
	x.all = append(x.all, desk)
	x.byID[desk.ID] = desk
	for i, rung := range desk.Ladder {
		if rung.Chat != 0 {
			x.seats[rung.Chat] = append(x.seats[rung.Chat], Seat{Desk: desk, Rung: i})
		}
	}
	switch desk.Kind {
	case HeadquartersDesk:
		x.headquarters = desk
	case NGODesk:
		x.ngos = append(x.ngos, desk)
	case MissionDesk:
		for _, c := range desk.Countries {
			if _, taken := x.byCountry[c]; !taken {
				x.byCountry[c] = desk
			}
		}
	}
}

// Desk is the desk of that id, or nil.
func (d *Directory) Desk(id string) *Desk { return d.now.Load().byID[id] }

// Desks are all desks in configured order.
func (d *Directory) Desks() []*Desk { return append([]*Desk(nil), d.now.Load().all...) }

// Mission is the mission that serves a country (ISO 3166-1 alpha-2), or nil when none takes part.
func (d *Directory) Mission(country string) *Desk { return d.now.Load().byCountry[country] }

// Headquarters is the desk behind all missions, or nil when there is none.
func (d *Directory) Headquarters() *Desk { return d.now.Load().headquarters }

// NGOs are the NGOs in configured order.
func (d *Directory) NGOs() []*Desk { return append([]*Desk(nil), d.now.Load().ngos...) }

// ByChat are the seats of an officer's or a caseworker's chat, in configured order; none when
// the chat belongs to nobody of a desk.
func (d *Directory) ByChat(chat int64) []Seat {
	return append([]Seat(nil), d.now.Load().seats[chat]...)
}

// Loaded tells the directory how many referrals NGOs have claimed or accepted, by their ids. What it was told before is forgotten.
func (d *Directory) Loaded(open map[string]int) { d.loads.Store(&open) }

// Load is how many referrals an NGO has claimed or accepted, as the directory was told last, if it was.
func (d *Directory) Load(id string) (open int, known bool) {
	if loads := d.loads.Load(); loads != nil {
		open, known = (*loads)[id]
	}
	return open, known
}
