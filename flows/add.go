package flows

// add takes more for a case that was already sent; it goes to every desk that holds it.
var add = Table{Flow: FlowAdd, Begin: "account", Steps: []Step{
	{At: "account", Ask: "ask.account_add", Takes: Messages, Next: []Answer{
		{On: Written, To: "account"},
		{On: "nav:done", To: "review"},
	}},
	{At: "review", Ask: "ask.review_add", Next: []Answer{
		{On: "review:send", To: End, Do: Append},
		{On: "review:edit", To: "account", Say: "note.edit_messages"},
		{On: "review:discard", To: "cancel"},
	}},
}}
