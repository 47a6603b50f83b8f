package configs

// The closed sets of the file, as the conversation's buttons name them.

// Asks are the kinds of contact that a mission may offer.
func Asks() []string {
	return []string{
		"meeting", "trial", "visit", "raise_private", "raise_public", "statement", "uk_company", "capacity",
		"visibility", "multilateral", "regular_contact",
	}
}

// Needs are what an NGO may offer.
func Needs() []string {
	return []string{
		"funding", "relocation", "legal", "medical", "digital", "accompaniment", "training", "family", "transport",
		"advocacy", "equipment", "other",
	}
}

// Applicants are for whom an NGO may be there.
func Applicants() []string { return []string{"individual", "family", "organisation", "community"} }
