// Package telegramsim is a simulated Telegram Bot API server with simulated people, for the demo, the
// end-to-end tests and the benchmarks. A bot under test talks to it over HTTP as it would to
// api.telegram.org; people are driven through Go ([Person], [Phone]) or over HTTP ([Server.Control]).
//
// It is strict where the real server is lenient: an unknown parameter, an unknown nested field, a mistyped
// or missing one is refused with 400 and named, because the real server ignores such mistakes and tests
// would never find them. The table it checks against (api.txt) is the Bot API 9.4 in machine-readable form
// by PaulSonOfLars/telegram-bot-api-spec (MIT), reduced. Refusals use the real server's words where they
// are known. Methods of the table without a simulation answer "method not simulated".
//
// What it knows: polling with one poller at a time, webhooks with one sequence a chat and the presses of
// buttons apart, texts and captions with HTML or entities, keyboards, files, edits, deletions within 48
// hours, callback queries that age, commands and descriptions, speed limits (off until [Server.Limit]),
// and failures on command ([Server.Inject], [Bot.DisturbWebhook]). Updates wait as long as at the real server:
// messages a day, presses 150 seconds. [Server.Trace], [Server.TooMany] and [Bot.Sent] measure floods.
//
// What it does not know: Markdown, inline mode, payments, stories, topics, business connections, splitting
// of long texts, media groups sent by bots, the detection of entities other than commands, and the window of updates a
// webhook loads, beyond which a sequence that fails holds up others. Groups are
// supergroups; a bot hears in them what privacy mode lets through, or everything as administrator.
// Message ids count per bot in private chats and per chat elsewhere; file ids are shared by all bots.
//
// Memory is bounded only with Options.Load, which keeps the last messages of a chat and records nothing.
// It imports nothing else of this module, so that a mistake of ours cannot hide in both.
package telegramsim
