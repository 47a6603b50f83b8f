package flows

// contact asks a mission for contact; nothing in it is urgent. Safety, country, account
// and consent are required. What comes after the account can be skipped one by one or left out as a
// whole.
var contact = Table{Flow: FlowContact, Begin: atLanguage, Steps: []Step{
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
		{On: "yes", To: "country"},
		{On: "no", To: "not_peaceful"},
		{On: "nav:skip", To: "country"},
	}},
	{At: "not_peaceful", Next: []Answer{
		{On: "nav:done", To: End, Do: Discard, Say: "note.left"},
	}},
	{At: "country", Ask: "ask.country_contact", From: FromCountries, Next: []Answer{
		{On: Chosen, To: "account"},
		{On: Found, To: "account"},
	}},
	{At: "account", Ask: "ask.account_contact", Takes: Messages, Next: []Answer{
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
		{On: Written, To: "times"},
		{On: "nav:skip", To: "times"},
		{On: Enough, To: "consent"},
	}},
	{At: "times", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "alias"},
		{On: "nav:skip", To: "alias"},
		{On: Enough, To: "consent"},
	}},
	{At: "alias", Next: []Answer{
		{On: "name", To: "who"},
		{On: "alias", To: "who"},
		{On: "anonymous", To: "ask"},
		{On: "nav:skip", To: "ask"},
		{On: Enough, To: "consent"},
	}},
	{At: "who", Part: true, Takes: OneMessage, Next: []Answer{
		{On: Written, To: "ask"},
		{On: "nav:skip", To: "ask"},
		{On: Enough, To: "consent"},
	}},
	{At: "ask", From: FromAsks, Takes: Several, Next: []Answer{
		{On: Chosen, To: "ask"},
		{On: "nav:done", To: "work"},
		{On: "nav:skip", To: "work"},
		{On: Enough, To: "consent"},
	}},
	{At: "work", Takes: Several, Options: works, Next: []Answer{
		{On: "nav:done", To: "speaks"},
		{On: "nav:skip", To: "speaks"},
		{On: Enough, To: "consent"},
	}},
	{At: "speaks", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "public"},
		{On: "nav:skip", To: "public"},
		{On: Enough, To: "consent"},
	}},
	{At: "public", Next: []Answer{
		{On: "no", To: "consent"},
		{On: "ask_me", To: "consent"},
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
