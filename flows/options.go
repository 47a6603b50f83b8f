package flows

// The options of the multiple choices that more than one conversation asks for.
var (
	harms = []string{
		"death_threat", "attack", "killing", "detention", "disappearance", "prosecution", "raid",
		"surveillance", "intimidation", "smear", "stigmatisation", "job_loss", "regulation",
		"travel_ban", "exile", "eviction", "digital", "sexual_violence", "reprisal", "other",
	}
	works = []string{
		"journalist", "women", "land", "lgbt", "indigenous", "business", "religion", "lawyer",
		"labour", "minority", "children", "other",
	}
	needs = []string{
		"funding", "relocation", "legal", "medical", "digital", "accompaniment", "training",
		"family", "transport", "advocacy", "equipment", "other",
	}
)
