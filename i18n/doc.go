// Package i18n holds what the line says, in every language it ships, and what it knows of countries.
//
// # Catalogues
//
// A language is shipped when texts/<tag>/ exists and locale/<tag>.toml says how that language counts,
// lists, writes dates and names countries. Both are embedded. Adding a language is adding that folder
// and that file; no code changes. The files of a folder:
//
//	flows.toml   the conversations
//	fields.toml  names of fields and of their values: button labels, labels in the sealed document
//	line.toml    what the line tells defenders outside the tables: notices, errors, commands, the bot
//	desk.toml    what officers and NGOs see
//	*.toml       what one feature says, to both sides: reply, refer, duty and others
//
// go-i18n reads and validates the files; keys are flat ("menu.text" = "…") or nested in tables, a full
// stop between the parts. A table that holds only plural categories (zero, one, two, few, many, other)
// is one text with plurals, chosen by the argument Count. A name of value may be called "other": a table
// with any further name is a group of texts. Placeholders are written {{.Code}}; nothing else of Go's
// templates is allowed, because texts are data and are cut into pieces once, when they are loaded.
// go-i18n's localizer is not used for answering: it runs a template for each message.
//
// # Keys
//
// Check knows what a text is for by the parts of its key and by its file:
//
//	a part button, or anything in fields.toml   label of a button      at most 64 UTF-16 units, warned above 30
//	a part toast                                answer to a press      at most 200
//	a part caption                              caption of a file      at most 1024
//	a part command or commands                  a command's words      1 to 256
//	bot.name, bot.description, bot.short        the bot's profile      at most 64, 512, 120
//	everything else                             a message              at most 4096, warned above 1200
//
// The limits are those of the Bot API (InlineKeyboardButton, answerCallbackQuery, sendDocument,
// setMyCommands, setMyName, setMyDescription, setMyShortDescription, sendMessage).
//
// # What is inserted
//
// Values may come from people and from configuration; they are plain text and stay plain text. In
// languages written from right to left each inserted line that holds letters written from left to right,
// or a number with signs in it (codes, @names, addresses, telephone numbers), is set between FSI and PDI
// (Unicode Bidirectional Algorithm, UAX 9), so that it is read in its own order. Direction marks inside a
// value that would not end with it are removed. Commands such as /wipe in the texts themselves are set apart
// likewise when they are loaded. Digits are Western in all languages.
//
// # Countries
//
// Names come from golang.org/x/text/language/display (CLDR): its tables add 2.4 MB to the binary and
// nothing to the heap, and each further language is there already. Names that have changed since, and
// the other names people use, stand in locale/<tag>.toml. Where a shared location may be is answered from
// places.bin, a raster of nearest countries made by gen/places.mjs from public-domain data; it is good for
// offering buttons and for nothing finer.
package i18n
