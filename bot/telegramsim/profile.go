package telegramsim

import (
	"encoding/json"
	"regexp"
	"strings"
	"sync"
)

// Command is the Bot API's BotCommand.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// profile is what a bot shows of itself. Keys hold scope and language.
type profile struct {
	mu       sync.Mutex
	commands map[string][]Command
	texts    map[string]string
	menus    map[int64]json.RawMessage
}

// Commands gives the commands set for a scope as JSON ("" for the default scope) and a language ("" for all).
func (b *Bot) Commands(scope, language string) []Command {
	b.profile.mu.Lock()
	defer b.profile.mu.Unlock()
	return b.profile.commands[scopeKey(scope)+"/"+language]
}

// ProfileText gives the name, description or short_description set for a language.
func (b *Bot) ProfileText(which, language string) string {
	b.profile.mu.Lock()
	defer b.profile.mu.Unlock()
	return b.profile.texts[which+"/"+language]
}

// scopeKey makes one key of all ways to write a scope.
func scopeKey(raw string) string {
	scope := struct {
		Type string          `json:"type"`
		Chat json.RawMessage `json:"chat_id,omitempty"`
		User int64           `json:"user_id,omitempty"`
	}{Type: "default"}
	if raw != "" && json.Unmarshal([]byte(raw), &scope) != nil {
		return raw
	}
	key, err := json.Marshal(scope)
	if err != nil {
		return raw
	}
	return string(key)
}

// language checks language_code: empty or two letters.
func (c *call) language() (string, *Error) {
	code := c.str("language_code")
	if code == "" {
		return "", nil
	}
	if len(code) != 2 || strings.ContainsFunc(code, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return "", badRequest("invalid language code specified")
	}
	return code, nil
}

func (c *call) setMyCommands() (any, *Error) {
	var commands []Command
	if err := json.Unmarshal([]byte(c.str("commands")), &commands); err != nil {
		return nil, badRequest("can't parse commands JSON object")
	}
	if len(commands) > 100 {
		return nil, badRequest("BOT_COMMANDS_TOO_MUCH")
	}
	name := regexp.MustCompile(`^[a-z0-9_]{1,32}$`)
	for _, command := range commands {
		if !name.MatchString(command.Command) {
			return nil, badRequest("BOT_COMMAND_INVALID")
		}
		if n := utf16Length(command.Description); n < 1 || n > 256 {
			return nil, badRequest("BOT_COMMAND_DESCRIPTION_INVALID")
		}
	}
	return c.keepCommands(commands)
}

func (c *call) deleteMyCommands() (any, *Error) { return c.keepCommands(nil) }

func (c *call) keepCommands(commands []Command) (any, *Error) {
	language, err := c.language()
	if err != nil {
		return nil, err
	}
	p := &c.bot.profile
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.commands == nil {
		p.commands = map[string][]Command{}
	}
	p.commands[scopeKey(c.str("scope"))+"/"+language] = commands
	return true, nil
}

func (c *call) getMyCommands() (any, *Error) {
	language, err := c.language()
	if err != nil {
		return nil, err
	}
	commands := c.bot.Commands(c.str("scope"), language)
	if commands == nil {
		commands = []Command{}
	}
	return commands, nil
}

// textMethods set and get one text of the profile, measured in UTF-16 units.
type textMethods struct {
	field string
	most  int
}

func profileText(field string, most int) textMethods { return textMethods{field, most} }

func (t textMethods) set(c *call) (any, *Error) {
	language, err := c.language()
	if err != nil {
		return nil, err
	}
	if utf16Length(c.str(t.field)) > t.most {
		return nil, badRequest("bot %s is too long", strings.ReplaceAll(t.field, "_", " "))
	}
	p := &c.bot.profile
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.texts == nil {
		p.texts = map[string]string{}
	}
	p.texts[t.field+"/"+language] = c.str(t.field)
	return true, nil
}

func (t textMethods) get(c *call) (any, *Error) {
	language, err := c.language()
	if err != nil {
		return nil, err
	}
	text := c.bot.ProfileText(t.field, language)
	if text == "" {
		text = c.bot.ProfileText(t.field, "")
	}
	return map[string]string{t.field: text}, nil
}

func (c *call) setChatMenuButton() (any, *Error) {
	p := &c.bot.profile
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.menus == nil {
		p.menus = map[int64]json.RawMessage{}
	}
	p.menus[c.int("chat_id")] = c.raw("menu_button")
	return true, nil
}

func (c *call) getChatMenuButton() (any, *Error) {
	p := &c.bot.profile
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, chat := range []int64{c.int("chat_id"), 0} {
		if raw := p.menus[chat]; raw != nil {
			return raw, nil
		}
	}
	return map[string]string{"type": "default"}, nil
}
