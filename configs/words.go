package configs

// The closed sets of the file, as the conversation's buttons name them.

func knownAsks() []string {
	return []string{
		"meeting", "trial", "visit", "raise_private", "raise_public", "statement", "uk_company", "capacity",
		"visibility", "multilateral", "regular_contact",
	}
}

func knownNeeds() []string {
	return []string{
		"funding", "relocation", "legal", "medical", "digital", "accompaniment", "training", "family", "transport",
		"advocacy", "equipment", "other",
	}
}

func knownApplicants() []string { return []string{"individual", "family", "organisation", "community"} }
