package referrals

// ReasonKind says why a desk stands where it stands in a route. The set is closed.
type ReasonKind string

// The kinds of reason.
const (
	CoversCountry    ReasonKind = "covers_country"
	ServesEverywhere ReasonKind = "serves_everywhere"
	NoMission        ReasonKind = "no_mission"       // headquarters: no mission of the line has the country
	MissionUnusable  ReasonKind = "mission_unusable" // headquarters: the mission cannot read
	BehindAll        ReasonKind = "behind_all"       // headquarters: picks up what nobody did
	MeetsNeed        ReasonKind = "meets_need"
	ServesApplicant  ReasonKind = "serves_applicant"
	ReadsLanguage    ReasonKind = "reads_language"
	HasRoom          ReasonKind = "has_room"        // how many are open, of how many at a time
	TakesAtATime     ReasonKind = "takes_at_a_time" // the same, where it is not known how many are open

	OtherCountries  ReasonKind = "other_countries"
	OtherNeeds      ReasonKind = "other_needs"
	OtherApplicants ReasonKind = "other_applicants"
	OtherLanguages  ReasonKind = "other_languages"
	NotAccepting    ReasonKind = "not_accepting"
	KeyUnusable     ReasonKind = "key_unusable"
	IsFull          ReasonKind = "is_full" // passed over while it is
)

// Reason is one ground for or against a desk. It names values of the configuration and of the
// facts, and nothing a person wrote.
type Reason struct {
	Kind    ReasonKind `json:"kind"`
	Against bool       `json:"against"`
	// Detail is what it is about: a country, needs, an applicant, a language, a mission's id.
	Detail string `json:"detail,omitempty"`
}

// String says it in English for an operator's terminal.
func (r Reason) String() string {
	switch r.Kind {
	case CoversCountry:
		return "serves " + r.Detail
	case ServesEverywhere:
		return "serves every country"
	case NoMission:
		return "in place of a mission: none of the line serves " + orUnknown(r.Detail)
	case MissionUnusable:
		return "in place of " + r.Detail + ", which has no usable key"
	case BehindAll:
		return "behind all others, for what nobody picked up"
	case MeetsNeed:
		return "offers " + r.Detail
	case ServesApplicant:
		return "takes " + r.Detail + " cases"
	case ReadsLanguage:
		return "reads " + r.Detail
	case HasRoom:
		return "has room: " + r.Detail + " open"
	case TakesAtATime:
		return "takes " + r.Detail + " at a time"
	default:
		return r.objection()
	}
}

func (r Reason) objection() string {
	switch r.Kind {
	case OtherCountries:
		return "does not serve " + r.Detail
	case OtherNeeds:
		return "does not offer " + r.Detail
	case OtherApplicants:
		return "does not take " + r.Detail + " cases"
	case OtherLanguages:
		return "does not read " + r.Detail
	case NotAccepting:
		return "takes nothing at present (accepting: false)"
	case KeyUnusable:
		return "has no usable key"
	case IsFull:
		return "is full: " + r.Detail + " open; passed over until it has room"
	default:
		return string(r.Kind)
	}
}

func orUnknown(country string) string {
	if country == "" {
		return "a country that is not known"
	}
	return country
}
