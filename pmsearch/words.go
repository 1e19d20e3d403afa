package pmsearch

import (
	"strings"
	"unicode/utf8"
)

// stopWords are words that say nothing about a text.
var stopWords = func() map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq("a is the an and are as at be but by for if in into it no not of on or such that their then there these they this to was will with") {
		all[w] = true
	}
	return all
}()

// maxWord is the number of bytes of a word that count.
const maxWord = 64

// word is a word of a text.
type word struct {
	term     string // by which it is found
	from, to int    // in the text, in bytes
}

// isSeparator reports whether a character separates words. Underscores separate the parts of
// a word.
func isSeparator(r rune) bool {
	return r <= ' ' || r == utf8.RuneError || strings.ContainsRune(`,.<>{}[]"':;!@#$%^&*()-+=~/|\?`+"`", r)
}

// eachWord visits the words of a text, and the parts of words with underscores.
func eachWord(text string, visit func(word)) {
	from := -1
	end := func(to int) {
		if from < 0 {
			return
		}
		whole := text[from:to]
		visitWord(whole, from, visit)
		if strings.Contains(whole, "_") {
			at := from
			for part := range strings.SplitSeq(whole, "_") {
				visitWord(part, at, visit)
				at += len(part) + 1
			}
		}
		from = -1
	}
	for i, r := range text {
		if isSeparator(r) {
			end(i)
		} else if from < 0 {
			from = i
		}
	}
	end(len(text))
}

// visitWord visits a word unless it says nothing.
func visitWord(s string, from int, visit func(word)) {
	if s == "" || len(s) > maxWord {
		return
	}
	lower := strings.ToLower(s)
	if !stopWords[lower] {
		visit(word{stem(lower), from, from + len(s)})
	}
}

// stem removes the endings of an English word that seldom matter.
func stem(s string) string {
	for _, ending := range []struct{ end, instead string }{
		{"sses", "ss"}, {"ies", "y"}, {"ing", ""}, {"ed", ""}, {"es", "e"}, {"s", ""},
	} {
		if rest, ok := strings.CutSuffix(s, ending.end); ok && len(rest) >= 3 && !strings.HasSuffix(s, "ss") {
			return rest + ending.instead
		}
	}
	return s
}

// terms returns the different terms of a query, in their order. They may be none.
func terms(query string) (all []string) {
	seen := map[string]bool{}
	end := 0
	eachWord(query, func(w word) {
		if w.to <= end {
			return // a part of the word before
		}
		end = w.to
		if !seen[w.term] && len(all) < maxTerms {
			seen[w.term] = true
			all = append(all, w.term)
		}
	})
	return all
}

// maxTerms is the number of words of a query that count.
const maxTerms = 32
