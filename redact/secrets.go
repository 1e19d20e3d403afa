package redact

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/manytext"
)

// secrets are the originals that the first pass collects.
type secrets struct {
	rules *Rules
	kinds map[string]Kind
	size  int // of all originals
}

// mostBytes limits the total length of all originals.
const mostBytes = 256 << 20

// errTooMany reports that the originals do not fit memory.
var errTooMany = errors.New("too many different names")

// order says which kind counts if one text is of several: the first one. Other kinds come
// before the last two.
var order = map[Kind]int{KindAddress: -9, KindHost: -8, KindDomain: -7, KindUser: -6, KindContainer: -5, KindProcess: 1, KindCommand: 2}

// learn adds an original, and its parts that may occur alone.
func (s *secrets) learn(kind Kind, text string, pid bool) {
	switch {
	case s.rules.keep[text] || kind == KindNone || text == "":
		return
	case kind == KindHost:
		s.learnHost(text)
		return
	case kind == KindCommand:
		c := cutCommand(text, pid)
		s.add(KindProcess, c.program)
		if c.path != c.program {
			s.add(KindCommand, c.path)
		}
		s.add(KindCommand, strings.TrimPrefix(text, c.pid))
		return
	case kind == KindProcess:
		s.add(kind, cutCommand(text, false).program)
	}
	s.add(kind, text)
}

// learnHost adds the name of a host, its first part and its domain.
func (s *secrets) learnHost(text string) {
	if strings.Contains(text, "://") {
		s.find(text, false)
		return
	}
	text, _ = cutPort(text)
	if s.rules.keep[text] || isNumber(text) {
		return
	}
	if isAddress(text) {
		if !s.rules.keepsText(text) {
			s.add(KindAddress, text)
		}
		return
	}
	short, domain := cutHost(text)
	s.add(KindHost, text)
	s.add(KindHost, short)
	if strings.Contains(domain, ".") {
		s.add(KindDomain, domain)
	}
}

// find adds the originals that patterns find in a text.
func (s *secrets) find(text string, help bool) {
	s.rules.described(text, help, func(sp span) {
		s.learn(sp.kind, text[sp.from:sp.to], false)
	})
}

func (s *secrets) add(kind Kind, text string) {
	if text == "" || s.rules.keep[text] {
		return
	}
	before, ok := s.kinds[text]
	if !ok {
		text = strings.Clone(text)
		s.size += len(text)
	}
	if !ok || order[kind] < order[before] {
		s.kinds[text] = kind
	}
}

// full returns an error if the originals take too much memory.
func (s *secrets) full() error {
	if s.size > mostBytes {
		return fmt.Errorf("%w: they take more than %d MiB; redact fewer archives at once", errTooMany, mostBytes>>20)
	}
	return nil
}

// place says where an original counts.
type place int8

const (
	anywhere  place = iota
	asWord          // not inside a word: the original is short
	asAddress       // not inside a longer number
	ownOnly         // where a rule finds it
)

// index finds originals in texts. It does not change once it is made.
type index struct {
	finder    *manytext.Finder
	originals int // the first texts; the others are their forms
	kinds     []Kind
	places    []place
	fixed     []bool // the original is part of a text that never changes
	forms     map[int]form
}

// vocabulary are the words of which pseudonyms consist.
const vocabulary = "-args .example address-"

// index returns the index of all originals. fixed yields the texts that never change:
// names of metrics and labels, zones.
func (s *secrets) index(fixed map[string]bool) *index {
	words := vocabulary
	for _, kind := range s.kinds {
		if !strings.Contains(words, string(kind)+"-") {
			words += " " + string(kind) + "-"
		}
	}
	forms := s.forms(words)
	texts := append(slices.Sorted(maps.Keys(s.kinds)), slices.Sorted(maps.Keys(forms))...)
	x := &index{finder: manytext.New(texts), originals: len(s.kinds), kinds: make([]Kind, len(texts)), places: make([]place, len(texts)), fixed: make([]bool, len(texts)), forms: map[int]form{}}
	for i, text := range texts {
		if i < x.originals {
			x.kinds[i] = s.kinds[text]
			x.places[i] = s.place(text, x.kinds[i], words)
			continue
		}
		x.forms[i], x.kinds[i] = forms[text], forms[text].kind
		x.places[i] = s.formPlace(text, x.kinds[i], words)
	}
	for text := range fixed {
		for m := range manytext.All(x.finder, text) {
			x.fixed[m.Index] = true
			if k := x.kinds[m.Index]; k == KindProcess || k == KindCommand {
				x.places[m.Index] = ownOnly
			}
		}
	}
	return x
}

// Lengths of originals in bytes.
const (
	leastWord = 3 // shorter ones occur everywhere by chance
	leastPart = 5 // shorter ones occur inside words by chance
	leastRaw  = 6 // shorter ones occur in numbers by chance
)

// place returns where an original counts. words are those of pseudonyms.
func (s *secrets) place(text string, kind Kind, words string) place {
	switch {
	case kind == KindAddress:
		return asAddress
	case len(text) < leastWord, isNumber(text), s.rules.common[strings.ToLower(text)], strings.Contains(words, text):
		return ownOnly
	case len(text) < leastPart:
		return asWord
	}
	return anywhere
}

// counts reports whether an occurrence of an original counts, by the bytes around it.
func (x *index) counts(i int, around manytext.Around) bool {
	switch x.places[i] {
	case anywhere:
		return true
	case asWord:
		return !isWord(around.Before) && !isWord(around.After)
	case asAddress:
		part := func(c byte) bool { return isWord(c) }
		if strings.ContainsAny(x.finder.Text(i), ":-") {
			part = func(c byte) bool { return isWord(c) || c == ':' }
		}
		return !part(around.Before) && around.Before != '.' && !part(around.After)
	}
	return false
}

// in calls found for the originals in a text until it returns false. Names of hosts, users
// and others count in large and small letters.
func in[T string | []byte](x *index, text T, found func(m manytext.Match) bool) {
	goOn := true
	each(x, text, func(m manytext.Match) bool {
		goOn = found(m)
		return goOn
	})
	small, changed := smallLetters(text)
	if !goOn || !changed {
		return
	}
	each(x, small, func(m manytext.Match) bool {
		kind := x.kinds[m.Index]
		return kind == KindProcess || kind == KindCommand || string(text[m.From:m.To]) == small[m.From:m.To] || found(m)
	})
}

// smallLetters returns a text with small letters, as many bytes.
func smallLetters[T string | []byte](text T) (small string, changed bool) {
	for i := range len(text) {
		if c := text[i]; c >= 'A' && c <= 'Z' {
			b := []byte(text)
			for j, c := range b[i:] {
				if c >= 'A' && c <= 'Z' {
					b[i+j] = c + 'a' - 'A'
				}
			}
			return string(b), true
		}
	}
	return "", false
}

// each calls found for the originals in a text, as they are spelled, until it returns false.
func each[T string | []byte](x *index, text T, found func(m manytext.Match) bool) {
	for m := range manytext.All(x.finder, text) {
		var a manytext.Around
		if m.From > 0 {
			a.Before = text[m.From-1]
		}
		if m.To < len(text) {
			a.After = text[m.To]
		}
		if x.counts(m.Index, a) && !found(m) {
			return
		}
	}
}

// holds reports whether a text contains an original.
func (x *index) holds(text string) (found bool) {
	in(x, text, func(manytext.Match) bool {
		found = true
		return false
	})
	return found
}

// holdsPart reports whether a text contains an original even as part of a word or number.
func (x *index) holdsPart(text string) bool {
	for m := range manytext.All(x.finder, text) {
		if x.places[m.Index] != ownOnly {
			return true
		}
	}
	return false
}
