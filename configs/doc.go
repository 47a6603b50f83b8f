// Package configs reads the line's configuration file and makes ready values of it.
//
// # Choices
//
// The file is YAML and strict. Everything wrong with it is found in one reading and told as
// findings: the field's path, what is wrong, what to do. The library's own decoder stops at the
// first problem, so it only parses here; a small decoder over its syntax tree fills the types of
// file.go, whose field names are the public contract. Anchors, aliases, merges and tags are refused,
// because a configuration that hides who receives a case is not read correctly under pressure.
//
// A secret is never written in the file but named by a field that ends in _file. It is read at once,
// trimmed of one newline at its end, and kept in a Secret that does not print. A secret file that its
// group or others may read, write or execute is refused. Relative paths are relative to the file.
//
// Nothing is asked of a network, and OpenPGP keys are only read, not understood: whoever serves
// joins them with the package that does.
//
// # Fallback contacts
//
// The file named by fallback_contacts says, for each language of the line, what to show when the line
// itself is down: plain text of at most 4096 UTF-16 units, one Telegram message. It needs the first language;
// a language that it lacks is answered in the first.
//
//	en: |
//	  The line cannot take anything at present. In danger, call …
//	es: |
//	  …
package configs
