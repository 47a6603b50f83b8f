package flows

// pages are the commands that open a page of home.
var pages = map[string]string{
	"help": "help", "privacy": "privacy", "verify": "verify", "settings": "settings",
	"language": "change_language", "cases": "cases", "wipe": "wipe", "missions": "missions",
	"safety": "safety", "about": "about",
}

// command answers a command; commands hold everywhere.
func (t *turn) command() error {
	if t.in.Value != atWipe { // which says that what was not sent is lost
		t.flush()
	}
	switch name := t.in.Value; name {
	case "start":
		return t.start()
	case FlowEmergency, FlowThreat, FlowContact:
		return t.begin(name, "")
	case "cancel":
		return t.cancel()
	default:
		if page, ok := pages[name]; ok {
			return t.open(page)
		}
		t.note("note.unknown_command", nil)
		return nil
	}
}

// start shows the menu, or again the question that waits.
func (t *turn) start() error {
	if !t.home() {
		t.note("note.waiting", nil)
		return nil
	}
	t.s.Draft.Trail = nil
	t.place(atMenu)
	if !t.home() || t.languageKnown() {
		return nil
	}
	t.place(atLanguage)
	return nil
}
