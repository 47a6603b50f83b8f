package i18n

import (
	"fmt"
	"maps"
	"slices"
)

// messages are a file's texts under flat keys, as go-i18n takes them: a string, or a table of plural forms.
type messages struct {
	all     map[string]any
	plurals map[string]map[string]string
}

// flatten joins the names of nested tables with full stops. go-i18n takes any table with a name such as
// "other" for a text with plurals, and the defender's answers have that name too; so the tables are taken
// apart here: only one that holds nothing but plural categories is a text with plurals.
func flatten(raw map[string]any) (messages, error) {
	m := messages{all: map[string]any{}, plurals: map[string]map[string]string{}}
	return m, m.add("", raw)
}

func (m *messages) add(prefix string, table map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		key := prefix + name
		switch value := table[name].(type) {
		case string:
			if err := m.put(key, value); err != nil {
				return err
			}
		case map[string]any:
			if err := m.addTable(key, value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("key %s: is %T; write a text between quotes", key, value)
		}
	}
	return nil
}

// addTable adds a text with plurals or a group.
func (m *messages) addTable(key string, table map[string]any) error {
	forms, ok := pluralTable(table)
	if !ok {
		return m.add(key+".", table)
	}
	m.plurals[key] = forms
	return m.put(key, table)
}

// put refuses a key that is written both flat and nested.
func (m *messages) put(key string, value any) error {
	if _, ok := m.all[key]; ok {
		return fmt.Errorf("key %s: stands twice; keep one", key)
	}
	m.all[key] = value
	return nil
}

// pluralTable gives the forms of a table that holds plural categories and nothing else.
func pluralTable(table map[string]any) (map[string]string, bool) {
	names := categories()
	forms := map[string]string{}
	for name, value := range table {
		text, ok := value.(string)
		if !ok || !slices.Contains(names[:], name) {
			return nil, false
		}
		forms[name] = text
	}
	return forms, len(forms) > 0
}
