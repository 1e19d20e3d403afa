package main

import (
	"slices"
	"strings"
)

// prepositions holds the word that may stand between a group of verbs and a verb, by
// group, as in "export to tsdb".
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
			// The command line to explain or to complete follows.
		case word == "":
			if word = prepositions[arg]; word == "" {
				return args
			}
		case arg != word:
			return args
		case strings.HasPrefix(args[0], "__complete") && i+1 == len(args):
			return args // the user may still be typing this word
		default:
			return slices.Delete(slices.Clone(args), i, i+1)
		}
	}
	return args
}
