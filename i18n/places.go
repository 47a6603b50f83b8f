package i18n

import (
	"cmp"
	_ "embed" // the raster
	"encoding/binary"
	"math"
	"slices"
)

// placesFile is the raster of nearest countries; gen/places.mjs describes its format. A string is read
// where the binary is mapped and takes no heap.
//
//go:embed places.bin
var placesFile string

// Around a place, countries are offered that are no farther than this: borders in the raster and in the
// data are some kilometres off, and a phone may be too.
const (
	nearKm     = 30
	maxNearby  = 4
	kmPerDeg   = 111.2
	smallBonus = 0.5 // km by which a very small country is preferred to the one around it
	disputedKm = 1   // how near the other name of a disputed place counts
)

// CountriesAt gives the countries in which a place may be, the nearest first, at most four, for offering as
// buttons: the one whose land is there or nearest, up to 200 km out at sea, and others within 30 km. It is
// nil in mid-ocean and for numbers that are no place. Latitude is in degrees north, -90 to 90, longitude in
// degrees east, taken round the globe.
func CountriesAt(lat, lon float64) []string {
	if !(math.Abs(lat) <= 90) || math.IsNaN(lon) || math.IsInf(lon, 0) {
		return nil
	}
	lon = math.Mod(math.Mod(lon+180, 360)+360, 360) - 180
	r := openRaster(placesFile)
	nearest := map[byte]float64{}
	r.land(lat, lon, nearest)
	r.small(lat, lon, nearest)
	r.disputed(lat, lon, nearest)
	return r.ordered(nearest)
}

// raster reads placesFile in place.
type raster struct {
	step    float64
	codes   string
	places  string
	offsets string
	runs    string
	rows    int
}

func openRaster(file string) raster {
	step := int(number16(file[3:]))
	countries := int(number16(file[5:]))
	rest := file[7:]
	r := raster{step: float64(step) / 1000, codes: rest[:2*countries], rows: 180_000 / step}
	rest = rest[2*countries:]
	small := int(number16(rest))
	rest = rest[2:]
	r.places, rest = rest[:6*small], rest[6*small:]
	r.offsets, r.runs = rest[:4*r.rows], rest[4*r.rows:]
	return r
}

func number16(s string) uint16 { return uint16(s[0]) | uint16(s[1])<<8 }

// land notes the distance to the nearest cell of each country within reach.
func (r raster) land(lat, lon float64, nearest map[byte]float64) {
	reach := nearKm / kmPerDeg
	first := max(0, int((lat-reach+90)/r.step))
	last := min(r.rows-1, int((lat+reach+90)/r.step))
	for row := first; row <= last; row++ {
		south := -90 + float64(row)*r.step
		dy := max(0, south-lat, lat-south-r.step) * kmPerDeg
		if dy <= nearKm {
			// Degrees of longitude are as long as at the place itself; nearer is exact enough.
			r.row(row, lon, dy, kmPerDeg*math.Cos(lat*math.Pi/180), nearest)
		}
	}
}

// row notes the countries of one row. perDegree is the length of a degree of longitude in km.
func (r raster) row(row int, lon, dy, perDegree float64, nearest map[byte]float64) {
	at := int(binary.LittleEndian.Uint32([]byte(r.offsets[4*row : 4*row+4])))
	for west := -180.0; west < 180-r.step/2; {
		n, size := uvarint(r.runs[at:])
		country := r.runs[at+size]
		at += size + 1
		east := west + float64(n)*r.step
		if country != 0 {
			dx := outside(lon, west, east) * perDegree
			note(nearest, country, math.Hypot(dx, dy))
		}
		west = east
	}
}

// outside is how many degrees a longitude is from a stretch of them, the short way round.
func outside(lon, west, east float64) float64 {
	if lon >= west && lon <= east {
		return 0
	}
	return min(roundTheGlobe(west-lon), roundTheGlobe(lon-east))
}

func roundTheGlobe(degrees float64) float64 {
	return math.Mod(degrees+720, 360)
}

// uvarint reads a number of 7-bit groups, the lowest first.
func uvarint(s string) (n, size int) {
	for shift := 0; ; shift += 7 {
		b := s[size]
		size++
		n |= int(b&0x7F) << shift
		if b < 0x80 {
			return n, size
		}
	}
}

// note keeps the least distance of each country within reach.
func note(nearest map[byte]float64, country byte, km float64) {
	if before, ok := nearest[country]; km <= nearKm && (!ok || km < before) {
		nearest[country] = km
	}
}

// small notes the countries that the raster is too coarse for.
func (r raster) small(lat, lon float64, nearest map[byte]float64) {
	for at := 0; at < len(r.places); at += 6 {
		north := float64(int16(number16(r.places[at:]))) / 100
		east := float64(int16(number16(r.places[at+2:]))) / 100
		radius := float64(r.places[at+4]) / 10
		dx := min(roundTheGlobe(east-lon), roundTheGlobe(lon-east)) * math.Cos(lat*math.Pi/180)
		km := math.Hypot(dx, north-lat)*kmPerDeg - radius
		if km <= 0 {
			km = -smallBonus
		}
		note(nearest, r.places[at+5], km)
	}
}

// area is a stretch of land, in degrees, that people call by more than one country's name.
type area struct {
	south, west, north, east float64
	codes                    []string
}

// disputedAreas are offered under each name, whatever the data says: a button must be there for everyone, and
// says nothing about whose the land is.
func disputedAreas() []area {
	sahara, crimea, kashmir, golan := []string{"EH", "MA"}, []string{"UA", "RU"}, []string{"IN", "PK"}, []string{"SY", "IL"}
	return []area{
		{20.7, -17.2, 23.4, -13.0, sahara}, {23.4, -16.2, 26.0, -12.0, sahara}, {26.0, -14.6, 27.7, -8.7, sahara},
		{44.3, 32.4, 46.2, 36.7, crimea}, {32.7, 73.4, 36.9, 79.0, kashmir}, {32.7, 35.62, 33.4, 35.9, golan},
	}
}

// disputed notes the further names of a place.
func (r raster) disputed(lat, lon float64, nearest map[byte]float64) {
	for _, a := range disputedAreas() {
		if lat < a.south || lat > a.north || lon < a.west || lon > a.east {
			continue
		}
		for _, code := range a.codes {
			note(nearest, r.id(code), disputedKm)
		}
	}
}

// id is the number of a country in the raster; each of Countries has one.
func (r raster) id(code string) byte {
	for at := 0; at < len(r.codes); at += 2 {
		if r.codes[at:at+2] == code {
			return byte(at/2 + 1)
		}
	}
	return 0
}

// ordered gives the letters of the countries, the nearest first.
func (r raster) ordered(nearest map[byte]float64) []string {
	var ids []byte
	for id := range nearest {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b byte) int {
		return cmp.Or(cmp.Compare(nearest[a], nearest[b]), cmp.Compare(a, b))
	})
	var codes []string
	for _, id := range ids[:min(len(ids), maxNearby)] {
		codes = append(codes, r.codes[2*int(id)-2:2*int(id)])
	}
	return codes
}
