//go:build ignore

// Gen writes api.txt: the reduced table of methods and types that the simulation checks calls against.
// Source: github.com/PaulSonOfLars/telegram-bot-api-spec (MIT), the file api.json.
//
//	go run gen.go api.json > api.txt
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
)

type member struct {
	Name     string   `json:"name"`
	Types    []string `json:"types"`
	Required bool     `json:"required"`
}

type entry struct {
	Fields   []member `json:"fields"`
	Subtypes []string `json:"subtypes"`
}

func main() {
	raw, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var spec struct {
		Version     string           `json:"version"`
		ReleaseDate string           `json:"release_date"`
		Methods     map[string]entry `json:"methods"`
		Types       map[string]entry `json:"types"`
	}
	if err := json.Unmarshal(raw, &spec); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("# Telegram %s (%s), reduced to names, types and required marks (!).\n", spec.Version, spec.ReleaseDate)
	fmt.Println("# Source: github.com/PaulSonOfLars/telegram-bot-api-spec at 8d92bcd (MIT). Made by gen.go; not edited by hand.")
	write("method", spec.Methods)
	write("type", spec.Types)
}

func write(kind string, entries map[string]entry) {
	names := make([]string, 0, len(entries))
	for name := range entries {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if subtypes := entries[name].Subtypes; len(subtypes) > 0 {
			fmt.Println("union", name, strings.Join(subtypes, "|"))
			continue
		}
		line := kind + " " + name
		for _, m := range entries[name].Fields {
			mark := ""
			if m.Required {
				mark = "!"
			}
			line += " " + m.Name + mark + ":" + strings.ReplaceAll(strings.Join(m.Types, "|"), "Array of ", "[]")
		}
		fmt.Println(line)
	}
}
