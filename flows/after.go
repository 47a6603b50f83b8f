package flows

// after asks what could wait until an emergency was sent. Nothing in it is required, it
// can be ended at any question, and what was answered goes to the same case as one
// addition, also when the person just stops.
var after = Table{Flow: FlowAfter, Begin: "subject", Steps: []Step{
	{At: "subject", Next: []Answer{
		{On: "self", To: "reach"},
		{On: "other", To: "knows"},
		{On: "organisation", To: "reach"},
		{On: Known, To: "reach"},
		{On: "nav:skip", To: "reach"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "knows", Part: true, Next: []Answer{
		{On: "yes", To: "reach"},
		{On: "no", To: "reach", Say: "note.does_not_know"},
		{On: "nav:skip", To: "reach"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "reach", Next: []Answer{
		{On: "here", To: "avoid"},
		{On: "signal", To: "reach_detail"},
		{On: "phone", To: "reach_detail"},
		{On: "email", To: "reach_detail"},
		{On: "person", To: "reach_detail"},
		{On: "none", To: "avoid"},
		{On: "nav:skip", To: "avoid"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "reach_detail", Part: true, Takes: OneMessage, Next: []Answer{
		{On: Written, To: "avoid"},
		{On: "nav:skip", To: "avoid"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "avoid", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "need"},
		{On: "nav:skip", To: "need"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "need", Takes: Several, Options: needs, Next: []Answer{
		{On: "nav:done", To: "applicant"},
		{On: "nav:skip", To: "applicant"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "applicant", Next: []Answer{
		{On: "individual", To: "dependants"},
		{On: "family", To: "dependants"},
		{On: "organisation", To: "dependants"},
		{On: "community", To: "dependants"},
		{On: "nav:skip", To: "dependants"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "dependants", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "detention"},
		{On: "nav:skip", To: "detention"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "detention", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "told"},
		{On: "nav:skip", To: "told"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "told", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "endangered"},
		{On: "nav:skip", To: "endangered"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "endangered", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "references"},
		{On: "nav:skip", To: "references"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "references", Takes: OneMessage, Next: []Answer{
		{On: Written, To: "evidence"},
		{On: "nav:skip", To: "evidence"},
		{On: Enough, To: End, Do: Append},
	}},
	{At: "evidence", Takes: Messages, Next: []Answer{
		{On: Written, To: "evidence"},
		{On: "nav:done", To: End, Do: Append},
	}},
}}
