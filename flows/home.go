package flows

// home is where everybody arrives: the menu, the pages to read, one's own cases, the wipe.
// Its end is the beginning of another conversation.
var home = Table{Flow: FlowHome, Begin: atLanguage, Steps: []Step{
	{At: "language", From: FromLanguages, Next: []Answer{
		{On: Chosen, To: "menu"},
		{On: Known, To: "menu"},
	}},
	{At: "menu", Next: []Answer{
		{On: Newest, To: End, Begin: FlowAdd},
		{On: "emergency", To: End, Begin: FlowEmergency},
		{On: "threat", To: End, Begin: FlowThreat},
		{On: "contact", To: End, Begin: FlowContact},
		{On: "cases", To: "cases"},
		{On: "missions", To: "missions"},
		{On: "about", To: "about"},
		{On: "safety", To: "safety"},
		{On: "language", To: "change_language"},
		{On: "wipe", To: "wipe"},
		{On: "review:discard", To: End, Do: Discard, Say: "note.discarded"},
	}},

	{At: "about", Ask: "page.about", Next: []Answer{{On: "nav:back", To: "menu"}}},
	{At: "safety", Ask: "page.safety", Next: []Answer{{On: "nav:back", To: "menu"}}},
	{At: "help", Ask: "page.help", Next: []Answer{{On: "nav:back", To: "menu"}}, Apart: true},
	{At: "privacy", Ask: "page.privacy", Next: []Answer{{On: "nav:back", To: "menu"}}, Apart: true},
	{At: "verify", Ask: "page.verify", Next: []Answer{{On: "nav:back", To: "menu"}}, Apart: true},
	{At: "settings", Ask: "page.settings", Apart: true, Next: []Answer{
		{On: "menu:language", To: "change_language"},
		{On: "menu:hours", To: "hours"},
		{On: "menu:wipe", To: "wipe"},
		{On: "nav:back", To: "menu"},
	}},
	{At: "hours", Ask: "page.hours", Next: []Answer{
		{On: "22-7", To: "clock"},
		{On: "20-8", To: "clock"},
		{On: "none", To: "settings"},
		{On: "never", To: "settings"},
	}},
	{At: "clock", From: FromClock, Next: []Answer{
		{On: Chosen, To: "settings"},
	}},
	{At: "change_language", Field: "language", Ask: "ask.language", From: FromLanguages, Next: []Answer{
		{On: Chosen, To: "menu", Say: "note.language"},
	}},

	{At: "missions", Field: "country", From: FromCountries, Next: []Answer{
		{On: Chosen, To: "mission"},
		{On: Found, To: "mission"},
	}},
	{At: "mission", Next: []Answer{
		{On: "nav:back", To: "missions"},
		{On: "nav:done", To: "menu"},
	}},

	{At: "cases", Field: "case", From: FromCases, Next: []Answer{
		{On: Chosen, To: "case"},
	}},
	{At: "case", Field: "caseact", Next: []Answer{
		{On: "status", To: "case"},
		{On: "add", To: End, Begin: FlowAdd},
		{On: "withdraw", To: "withdraw"},
		{On: "close", To: "close"},
	}},
	{At: "withdraw", Field: "caseact", Next: []Answer{
		{On: Reader, To: "revoke"},
		{On: "withdraw", To: "cases", Do: Withdraw, Say: "note.withdrawn"},
	}},
	{At: "revoke", Field: "caseact", Next: []Answer{
		{On: Reader, To: "case", Do: Revoke},
	}},
	{At: "close", Field: "caseact", Next: []Answer{
		{On: "close", To: "cases", Do: Close, Say: "note.closed"},
	}},

	{At: "wipe", Next: []Answer{
		{On: "no", To: "menu"},
		{On: "yes", To: End, Do: Wipe},
	}},
}}
