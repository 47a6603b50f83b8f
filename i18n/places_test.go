package i18n

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// known are places with the countries they may be in: the first is where they are, the others are near.
// A first "?" means that any order will do.
func known() map[string]struct {
	lat, lon float64
	want     string
} {
	return map[string]struct {
		lat, lon float64
		want     string
	}{
		"Lima": {-12.05, -77.03, "PE"}, "Iquitos": {-3.75, -73.25, "PE"}, "Cusco": {-13.52, -71.97, "PE"}, "Callao airport": {-12.02, -77.11, "PE"},
		"Bogotá": {4.71, -74.07, "CO"}, "Quito": {-0.18, -78.47, "EC"}, "La Paz": {-16.5, -68.15, "BO"}, "Brasília": {-15.79, -47.88, "BR"},
		"Manaus": {-3.12, -60.02, "BR"}, "Cayenne": {4.93, -52.33, "GF"}, "Guatemala City": {14.63, -90.51, "GT"}, "Tegucigalpa": {14.07, -87.19, "HN"},
		"Mexico City": {19.43, -99.13, "MX"}, "Havana": {23.11, -82.37, "CU"}, "Nairobi": {-1.29, 36.82, "KE"}, "Kampala": {0.35, 32.58, "UG"},
		"Goma": {-1.67, 29.22, "? CD RW"}, "Gisenyi": {-1.70, 29.26, "? RW CD"}, "Kinshasa": {-4.33, 15.31, "? CD CG"}, "Brazzaville": {-4.26, 15.27, "? CG CD"},
		"Lagos": {6.52, 3.38, "NG"}, "Lomé": {6.13, 1.22, "? TG GH"}, "N'Djamena": {12.11, 15.04, "? TD CM"}, "Bangui": {4.36, 18.55, "? CF CD"},
		"Maseru": {-29.31, 27.48, "? LS ZA"}, "Cairo": {30.04, 31.24, "EG"}, "Khartoum": {15.50, 32.56, "SD"}, "Juba": {4.85, 31.58, "SS"},
		"Laayoune": {27.15, -13.20, "? EH MA"}, "Tripoli": {32.89, 13.19, "LY"}, "Tunis": {36.81, 10.18, "TN"}, "Rabat": {34.02, -6.84, "MA"},
		"Ceuta": {35.89, -5.31, "? ES MA"}, "Gaza": {31.51, 34.46, "? PS IL"}, "Ramallah": {31.90, 35.20, "PS"}, "Jerusalem": {31.78, 35.23, "? IL PS"},
		"Beirut": {33.89, 35.50, "LB"}, "Damascus": {33.51, 36.29, "SY"}, "Aqaba": {29.53, 35.01, "? JO IL EG"}, "Eilat": {29.56, 34.95, "? IL JO EG"},
		"Baghdad": {33.31, 44.37, "IQ"}, "Tehran": {35.69, 51.39, "IR"}, "Kabul": {34.55, 69.21, "AF"}, "Torkham": {34.12, 71.09, "? AF PK"},
		"Manama": {26.23, 50.59, "BH"}, "Doha": {25.29, 51.53, "QA"}, "Nicosia": {35.19, 33.38, "CY"}, "Pristina": {42.66, 21.17, "XK"},
		"Rome, Vatican": {41.902, 12.453, "VA IT"}, "Rome, south": {41.80, 12.60, "IT VA"}, "Monaco": {43.738, 7.424, "MC FR"}, "Nice": {43.70, 7.22, "FR MC"},
		"San Marino": {43.94, 12.45, "SM IT"}, "Vaduz": {47.14, 9.52, "? LI CH AT"}, "Gibraltar": {36.14, -5.35, "? GI ES"}, "Geneva": {46.20, 6.14, "? CH FR"},
		"Strasbourg": {48.57, 7.75, "? FR DE"}, "Narva": {59.38, 28.19, "? EE RU"}, "Simferopol": {44.95, 34.10, "UA RU"}, "Srinagar": {34.08, 74.80, "? IN PK"}, "Majdal Shams": {33.27, 35.77, "? SY IL"}, "Kaliningrad": {54.71, 20.51, "RU"},
		"Tijuana": {32.53, -117.02, "? MX US"}, "Cúcuta": {7.89, -72.51, "? CO VE"}, "Tapachula": {14.91, -92.26, "? MX GT"}, "Leticia": {-4.21, -69.94, "? CO BR PE"},
		"Foz do Iguaçu": {-25.55, -54.59, "? BR PY AR"}, "Dajabón": {19.55, -71.71, "? DO HT"}, "Singapore": {1.35, 103.82, "SG MY"}, "Hong Kong": {22.28, 114.16, "HK"},
		"Macao": {22.19, 113.54, "? MO CN"}, "Mae Sot": {16.71, 98.57, "? TH MM"}, "Dili": {-8.56, 125.57, "TL"}, "Taipei": {25.03, 121.57, "TW"},
		"Suva": {-18.14, 178.44, "FJ"}, "Taveuni, antimeridian": {-16.85, 179.99, "FJ"}, "beyond it": {-16.85, -179.99, "FJ"}, "Funafuti": {-8.52, 179.20, "TV"},
		"Tarawa": {1.33, 173.0, "KI"}, "Apia": {-13.83, -171.77, "WS"}, "Nuku'alofa": {-21.14, -175.20, "TO"}, "Malé": {4.18, 73.51, "MV"}, "Victoria": {-4.62, 55.45, "SC"},
		"Saint-Denis": {-20.88, 55.45, "RE"}, "Mamoudzou": {-12.78, 45.23, "YT"}, "Fort-de-France": {14.60, -61.07, "MQ"}, "Port of Spain": {10.65, -61.51, "TT"},
		"Longyearbyen": {78.22, 15.64, "SJ"}, "Stanley": {-51.70, -57.85, "FK"}, "Anadyr": {64.73, 177.5, "RU"}, "Uelen": {66.16, -169.8, "RU"},
		"Honolulu": {21.31, -157.86, "US"}, "Nuuk": {64.18, -51.72, "GL"}, "South Pole": {-90, 0, "AQ"}, "off Lima": {-12.1, -77.9, "PE"}, "Oslo": {59.91, 10.75, "NO"},
		"Kralendijk": {12.15, -68.27, "BQ"}, "Christmas Island": {-10.49, 105.63, "CX"}, "Atafu, Tokelau": {-8.56, -172.5, "TK"},
	}
}

func TestPlacesAreInTheirCountries(t *testing.T) {
	places := known()
	for name, place := range places {
		want := strings.Fields(place.want)
		for _, turns := range []float64{0, 360, -720} {
			got := CountriesAt(place.lat, place.lon+turns)
			if want[0] == "?" {
				for _, code := range want[1:] {
					if !slices.Contains(got, code) {
						t.Errorf("%s: got %v, want %s among them", name, got, code)
					}
				}
				continue
			}
			if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
				t.Errorf("%s: got %v, want first %v", name, got, want)
			}
		}
	}
	if len(places) < 60 {
		t.Errorf("only %d places", len(places))
	}
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
