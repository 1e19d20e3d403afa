package main

import (
	"slices"
	"strings"
)

// prepositions are the words that may precede the name of a verb, by its group, as
// in "export to tsdb".
var prepositions = map[string]string{"export": "to", "import": "from"}

// dropPreposition returns a command line without the word after export or import.
// An archive cannot stand there, so the word has no other meaning.
func dropPreposition(args []string) []string {
	word := ""
	for i, arg := range args {
		switch {
		case strings.HasPrefix(arg, "-"):
			if arg == "--" {
				return args
			}
		case word == "" && (arg == "help" || strings.HasPrefix(arg, "__complete")):
			// The words after these are those of the command that they are about.
		case word == "":
			if word = prepositions[arg]; word == "" {
				return args
			}
		case arg != word:
			return args
		case strings.HasPrefix(args[0], "__complete") && i+1 == len(args):
			return args // the shell still asks how the word goes on
		default:
			return slices.Delete(slices.Clone(args), i, i+1)
		}
	}
	return args
}
