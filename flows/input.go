package flows

import "time"

// InputKind says how a person answered.
type InputKind string

// The kinds of input. Everything else a messenger can bring is Unsupported.
const (
	Press       InputKind = "press"       // a button: Field and Value
	Words       InputKind = "words"       // Item.Text
	Attachment  InputKind = "attachment"  // Item with a File
	Location    InputKind = "location"    // Item.Lat, Item.Lon
	Edited      InputKind = "edited"      // Item: an earlier message, by Item.Message, now reads so
	Command     InputKind = "command"     // Value: the command's name without slash and bot name
	Unsupported InputKind = "unsupported" // a sticker, a poll, a contact card …
)

// Input is one act of a person, read from what the messenger brought.
type Input struct {
	Kind  InputKind
	Field string // of a button: "urgency"
	Value string // of a button: "now"; of a command: "start"
	// Token is what stood behind # on the button: the turn of its screen, and of a multiple choice what it was to do.
	Token string
	Item  Item
	// Countries are those that the words or the place may mean, best first, found
	// by whoever read the input.
	Countries []string
	// Unseen says that it was written before the question that is asked now could be seen: it cannot be its answer.
	Unseen bool
	At     time.Time
}
