package i18n

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPlacesAreInTheirCountries(t *testing.T) {
	rows := tableRows(t, "places.txt", 4)
	if len(rows) < 60 {
		t.Fatalf("only %d places", len(rows))
	}
	for _, row := range rows {
		lat, err := strconv.ParseFloat(row[1], 64)
		lon, err2 := strconv.ParseFloat(row[2], 64)
		if err != nil || err2 != nil {
			t.Fatalf("%s: %v %v", row[0], err, err2)
		}
		for _, turns := range []float64{0, 360, -720} {
			if got := CountriesAt(lat, lon+turns); !offers(got, row[3]) {
				t.Errorf("%s: got %v, want %s", row[0], got, row[3])
			}
		}
	}
}

// offers compares countries with the expected ones, which come first and in order, or after ? anywhere.
func offers(got []string, want string) bool {
	if unordered, ok := strings.CutPrefix(want, "? "); ok {
		for code := range strings.FieldsSeq(unordered) {
			if !slices.Contains(got, code) {
				return false
			}
		}
		return true
	}
	first := strings.Fields(want)
	return len(got) >= len(first) && slices.Equal(got[:len(first)], first)
}

func TestNowhereIsNoCountry(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, place := range [][2]float64{{nan, 0}, {0, nan}, {inf, 0}, {0, inf}, {-inf, 0}, {0, -inf}, {90.01, 0}, {-91, 0},
		{90, 0}, {0, -140}, {40, -40}, {-45, 90}, {0, -20}} {
		if got := CountriesAt(place[0], place[1]); got != nil {
			t.Errorf("%v: got %v", place, got)
		}
	}
}

// Each country of the file must have a place where it is offered, and each of its rows must fill the globe.
func TestTheRasterIsWhole(t *testing.T) {
	r := openRaster(placesFile)
	seen := map[byte]bool{}
	at := 0
	for row := range r.rows {
		width := 0
		for width < int(math.Round(360/r.step)) {
			n, size := uvarint(r.runs[at:])
			seen[r.runs[at+size]] = true
			at, width = at+size+1, width+n
		}
		if width != int(math.Round(360/r.step)) {
			t.Fatalf("row %d is %d cells wide", row, width)
		}
	}
	for i := 0; i < len(r.places); i += 6 {
		seen[r.places[i+5]] = true
	}
	for i, code := range Countries() {
		if id := r.id(code); id == 0 || !seen[id] {
			t.Errorf("country %d, %s, is nowhere", i, code)
		}
	}
	if at != len(r.runs) || len(placesFile) > 100_000 {
		t.Errorf("the file has %d bytes, %d of them in runs, %d read", len(placesFile), len(r.runs), at)
	}
}

func FuzzCountriesAt(f *testing.F) {
	f.Add(-12.05, -77.03)
	f.Add(90.0, 180.0)
	f.Add(-90.0, -180.0)
	f.Add(0.0, 1e300)
	f.Fuzz(func(t *testing.T, lat, lon float64) {
		got := CountriesAt(lat, lon)
		if len(got) > maxNearby {
			t.Errorf("got %v", got)
		}
		for i, code := range got {
			if !IsCountry(code) || slices.Contains(got[:i], code) {
				t.Errorf("got %v", got)
			}
		}
	})
}

func BenchmarkCountriesAt(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		CountriesAt(4.36, 18.55)
	}
}
