package flows

// emergency gets help on its way within seven acts; everything that can wait is asked
// after it was sent. A country that was typed costs one act more to confirm, so whose
// safety it is then waits too.
var emergency = Table{Flow: FlowEmergency, Begin: atLanguage, Steps: []Step{
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
		{On: "yes", To: "urgency"},
		{On: "no", To: "not_safe"},
	}},
	{At: "not_safe", Next: []Answer{
		{On: "nav:done", To: End, Do: Discard, Say: "note.left"},
	}},
	{At: "urgency", Next: []Answer{
		{On: "now", To: "country"},
		{On: "today", To: "country"},
		{On: "week", To: "country"},
		{On: "ongoing", To: "country"},
	}},
	{At: "country", From: FromCountries, Next: []Answer{
		{On: Chosen, To: "subject"},
		{On: Found, To: "account"},
	}},
	{At: "subject", Next: []Answer{
		{On: "self", To: "account"},
		{On: "other", To: "knows"},
		{On: "organisation", To: "account"},
	}},
	{At: "knows", Part: true, Next: []Answer{
		{On: "yes", To: "account"},
		{On: "no", To: "account", Say: "note.does_not_know"},
	}},
	{At: "account", Takes: Messages, Next: []Answer{
		{On: Written, To: "account"},
		{On: "nav:done", To: "consent"},
	}},
	{At: "consent", Ask: "ask.consent_emergency", From: FromRecipients, Takes: Several, Next: []Answer{
		{On: Chosen, To: "consent"},
		{On: "review:send", To: End, Do: Submit},
		{On: Nobody, To: "consent", Say: "note.nobody"},
		{On: "review:edit", To: "edit"},
		{On: "review:discard", To: "cancel"},
	}},
	{At: "edit", From: FromFields, Next: []Answer{
		{On: "nav:done", To: "consent"},
	}},
	{At: "reach", Apart: true, Default: "here", Next: []Answer{
		{On: "here", To: "consent"},
		{On: "signal", To: "reach_detail"},
		{On: "phone", To: "reach_detail"},
		{On: "email", To: "reach_detail"},
		{On: "person", To: "reach_detail"},
		{On: "none", To: "consent"},
	}},
	{At: "reach_detail", Part: true, Takes: OneMessage, Next: []Answer{
		{On: Written, To: "consent"},
	}},
}}
