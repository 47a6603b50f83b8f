package flows

// threat reports a threat or an attack. Safety, country, account and consent are
// required. What comes after the account can be skipped one by one or left out as a whole, and
// begins with what keeps the person safe.
var threat = Table{Flow: FlowThreat, Begin: atLanguage, Steps: []Step{
	{At: "language", From: FromLanguages, Next: []Answer{
		{On: Chosen, To: "notice"},
		{On: Known, To: "notice"},
	}},
	{At: "notice", Next: []Answer{
		{On: "understood", To: "safe"},
		{On: "leave", To: End, Do: Discard, Say: "note.left"},
		{On: Known, To: "safe"},
	}},
	{At: "safe", Next: []Answer{
		{On: "yes", To: "peaceful"},
		{On: "no", To: "not_safe"},
	}},
	{At: "not_safe", Next: []Answer{
		{On: "nav:done", To: End, Do: Discard, Say: "note.left"},
	}},
	{At: "peaceful", Next: []Answer{
		{On: "yes", To: "urgency"},
		{On: "no", To: "not_peaceful"},
		{On: "nav:skip", To: "urgency"},
	}},
	{At: "not_peaceful", Next: []Answer{
		{On: "nav:done", To: End, Do: Discard, Say: "note.left"},
	}},
	{At: "urgency", Next: []Answer{
		{On: "now", To: "subject"},
		{On: "today", To: "subject"},
		{On: "week", To: "subject"},
		{On: "ongoing", To: "subject"},
		{On: "nav:skip", To: "subject"},
	}},
	{At: "subject", Next: []Answer{
		{On: "self", To: "country"},
		{On: "other", To: "knows"},
		{On: "organisation", To: "country"},
		{On: "nav:skip", To: "country"},
	}},
	{At: "knows", Part: true, Next: []Answer{
		{On: "yes", To: "country"},
		{On: "no", To: "country", Say: "note.does_not_know"},
		{On: "nav:skip", To: "country"},
	}},
	{At: "country", From: FromCountries, Next: []Answer{
		{On: Chosen, To: "account"},
		{On: Found, To: "account"},
	}},
	{At: "account", Takes: Messages, Next: []Answer{
		{On: Written, To: "account"},
		{On: "nav:done", To: "reach"},
	}},

	{At: "reach", Say: "note.rest", Next: []Answer{
		{On: "here", To: "avoid"},
		{On: "signal", To: "reach_detail"},
		{On: "phone", To: "reach_detail"},
		{On: "email", To: "reach_detail"},
		{On: "person", To: "reach_detail"},
		{On: "none", To: "avoid"},
		{On: "nav:skip", To: "avoid"},
		{On: Enough, To: "consent"},
	}},
	{At: "reach_detail", Part: true, Takes: OneMessage, Next: []Answer{
		{On: Written, To: "avoid"},
		{On: "nav:skip", To: "avoid"},
		{On: Enough, To: "consent"},
	}},
	{At: "avoid", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "ask"},
		{On: "nav:skip", To: "ask"},
		{On: Enough, To: "consent"},
	}},
	{At: "ask", From: FromAsks, Takes: Several, Next: []Answer{
		{On: Chosen, To: "ask"},
		{On: "nav:done", To: "need"},
		{On: "nav:skip", To: "need"},
		{On: Enough, To: "consent"},
	}},
	{At: "need", Takes: Several, Options: needs, Next: []Answer{
		{On: "nav:done", To: "applicant"},
		{On: "nav:skip", To: "applicant"},
		{On: Enough, To: "consent"},
	}},
	{At: "applicant", Next: []Answer{
		{On: "individual", To: "harm"},
		{On: "family", To: "harm"},
		{On: "organisation", To: "harm"},
		{On: "community", To: "harm"},
		{On: "nav:skip", To: "harm"},
		{On: Enough, To: "consent"},
	}},
	{At: "harm", Takes: Several, Options: harms, Next: []Answer{
		{On: "nav:done", To: "when"},
		{On: "nav:skip", To: "when"},
		{On: Enough, To: "consent"},
	}},
	{At: "when", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "place"},
		{On: "nav:skip", To: "place"},
		{On: Enough, To: "consent"},
	}},
	{At: "place", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "actor"},
		{On: "nav:skip", To: "actor"},
		{On: Enough, To: "consent"},
	}},
	{At: "actor", Next: []Answer{
		{On: "state", To: "why_actor"},
		{On: "company", To: "why_actor"},
		{On: "armed_group", To: "why_actor"},
		{On: "private", To: "why_actor"},
		{On: "unknown", To: "work"},
		{On: "nav:skip", To: "work"},
		{On: Enough, To: "consent"},
	}},
	{At: "why_actor", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "work"},
		{On: "nav:skip", To: "work"},
		{On: Enough, To: "consent"},
	}},
	{At: "work", Takes: Several, Options: works, Next: []Answer{
		{On: "nav:done", To: "link"},
		{On: "nav:skip", To: "link"},
		{On: Enough, To: "consent"},
	}},
	{At: "link", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "earlier"},
		{On: "nav:skip", To: "earlier"},
		{On: Enough, To: "consent"},
	}},
	{At: "earlier", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "told"},
		{On: "nav:skip", To: "told"},
		{On: Enough, To: "consent"},
	}},
	{At: "told", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "uk_company"},
		{On: "nav:skip", To: "uk_company"},
		{On: Enough, To: "consent"},
	}},
	{At: "uk_company", Next: []Answer{
		{On: "yes", To: "public"},
		{On: "no", To: "public"},
		{On: "unsure", To: "public"},
		{On: "nav:skip", To: "public"},
		{On: Enough, To: "consent"},
	}},
	{At: "public", Next: []Answer{
		{On: "no", To: "alias"},
		{On: "ask_me", To: "alias"},
		{On: "nav:skip", To: "alias"},
		{On: Enough, To: "consent"},
	}},
	{At: "alias", Next: []Answer{
		{On: "name", To: "who"},
		{On: "alias", To: "who"},
		{On: "anonymous", To: "consent"},
		{On: "nav:skip", To: "consent"},
		{On: Enough, To: "consent"},
	}},
	{At: "who", Part: true, Takes: OneMessage, Next: []Answer{
		{On: Written, To: "consent"},
		{On: "nav:skip", To: "consent"},
		{On: Enough, To: "consent"},
	}},

	{At: "consent", From: FromRecipients, Takes: Several, Next: []Answer{
		{On: Chosen, To: "consent"},
		{On: "nav:done", To: "review"},
		{On: Nobody, To: "consent", Say: "note.nobody"},
	}},
	{At: "review", Next: []Answer{
		{On: "review:send", To: End, Do: Submit},
		{On: Nobody, To: "consent", Say: "note.nobody"},
		{On: "review:edit", To: "edit"},
		{On: "review:discard", To: "cancel"},
	}},
	{At: "edit", From: FromFields, Next: []Answer{
		{On: "nav:done", To: "review"},
	}},
}}
