package pmsearch

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sort"
	"strings"
)

// Fields are parts of a document.
type Fields uint8

// The fields.
const (
	Name Fields = 1 << iota
	OneLine
	Help
	AllFields = Name | OneLine | Help
)

// FieldOf returns the field with a name: name, oneline or helptext.
func FieldOf(name string) (Fields, bool) {
	f, ok := map[string]Fields{"name": Name, "oneline": OneLine, "helptext": Help}[name]
	return f, ok
}

// weights say how much a word counts in each field.
var weights = [...]float64{9, 4, 2}

// posting is a document that has a term.
type posting struct {
	doc    uint32
	counts [len(weights)]uint8 // occurrences in each field
}

// inverted finds documents by their terms.
type inverted struct {
	parts    []*part
	docs     []*doc
	lengths  []float64 // weighted number of words of each document
	average  float64
	terms    []string // sorted
	postings [][]posting
	records  int
	leftOut  int
}

// invert makes the index of documents. Of documents that differ in their texts alone it takes
// the last one. The index is of no use if ctx has ended.
func invert(ctx context.Context, parts []*part, most int) *inverted {
	x := &inverted{parts: parts}
	type subject struct {
		kind        Kind
		name, indom string
	}
	at, dropped := map[subject]int{}, map[subject]bool{}
	for _, wanted := range [][]Kind{{Metric, InDom}, {Instance}} { // instances are what is left out
		for _, p := range parts {
			if ctx.Err() != nil {
				return x
			}
			for _, d := range p.docs {
				if !slices.Contains(wanted, d.kind) {
					continue
				}
				key := subject{d.kind, d.name, d.indom}
				if i, ok := at[key]; ok {
					x.docs[i] = d
				} else if len(x.docs) < most {
					at[key] = len(x.docs)
					x.docs = append(x.docs, d)
				} else if !dropped[key] {
					dropped[key] = true
					x.leftOut++
				}
			}
		}
	}
	for _, p := range parts {
		x.leftOut += p.leftOut
	}
	x.index(ctx)
	return x
}

// index collects the terms of the documents.
func (x *inverted) index(ctx context.Context) {
	byTerm := map[string][]posting{}
	total := 0.
	for i, d := range x.docs {
		if ctx.Err() != nil {
			return
		}
		counts := map[string]*[len(weights)]uint8{}
		length := 0.
		for field, text := range []string{d.name, d.oneLine, d.help} {
			eachWord(text, func(w word) {
				length += weights[field]
				c := counts[w.term]
				if c == nil {
					c = &[len(weights)]uint8{}
					counts[w.term] = c
				}
				if c[field] < math.MaxUint8 {
					c[field]++
				}
			})
		}
		for term, c := range counts {
			byTerm[term] = append(byTerm[term], posting{uint32(i), *c})
		}
		x.lengths = append(x.lengths, length)
		total += length
		x.records += len(counts)
	}
	x.average = total / max(float64(len(x.docs)), 1)
	for term := range byTerm {
		x.terms = append(x.terms, strings.Clone(term))
	}
	slices.Sort(x.terms)
	x.postings = make([][]posting, len(x.terms))
	for i, term := range x.terms {
		x.postings[i] = slices.Clip(byTerm[term])
	}
}

// find returns the numbers of the terms for a word of a query: the word itself, or else the
// terms that begin with it.
func (x *inverted) find(term string) []int {
	if i, ok := slices.BinarySearch(x.terms, term); ok {
		return []int{i}
	}
	return x.withPrefix(term)
}

// maxExpansion is the number of terms that a word may stand for.
const maxExpansion = 200

// withPrefix returns the numbers of the terms that begin with a text.
func (x *inverted) withPrefix(prefix string) (all []int) {
	for i := sort.SearchStrings(x.terms, prefix); i < len(x.terms) && strings.HasPrefix(x.terms[i], prefix) && len(all) < maxExpansion; i++ {
		all = append(all, i)
	}
	return all
}

// hit is a document with its score.
type hit struct {
	doc   uint32
	score float64
}

// Parameters of BM25, the ranking of search engines.
const (
	saturation = 1.2
	lengthBias = 0.5
)

// score adds to each document that has one of some terms in some fields how much that says.
func (x *inverted) score(numbers []int, fields Fields, factor float64, scores map[uint32]float64) {
	for _, n := range numbers {
		idf := math.Log(1 + (float64(len(x.docs))-float64(len(x.postings[n]))+0.5)/(float64(len(x.postings[n]))+0.5))
		for _, p := range x.postings[n] {
			frequency := 0.
			for field, count := range p.counts {
				if fields&(1<<field) != 0 {
					frequency += weights[field] * float64(count)
				}
			}
			if frequency == 0 {
				continue
			}
			norm := saturation * (1 - lengthBias + lengthBias*x.lengths[p.doc]/max(x.average, 1))
			value := factor * idf * frequency * (saturation + 1) / (frequency + norm)
			scores[p.doc] = max(scores[p.doc], value)
		}
	}
}

// all returns the documents that have all words, in the order of their rank.
func (x *inverted) all(words [][]int, fields Fields, keep func(*doc) bool) []hit {
	var total map[uint32]float64
	for _, numbers := range words {
		scores := map[uint32]float64{}
		x.score(numbers, fields, 1, scores)
		total = meet(total, scores)
	}
	return x.ranked(total, keep)
}

// meet adds the scores of documents that both have. A nil map stands for all documents.
func meet(a, b map[uint32]float64) map[uint32]float64 {
	if a == nil {
		return b
	}
	out := map[uint32]float64{}
	for doc, s := range a {
		if t, ok := b[doc]; ok {
			out[doc] = s + t
		}
	}
	return out
}

// ranked sorts documents by score, and by name if that is equal.
func (x *inverted) ranked(scores map[uint32]float64, keep func(*doc) bool) []hit {
	hits := make([]hit, 0, len(scores))
	for doc, s := range scores {
		if keep(x.docs[doc]) {
			hits = append(hits, hit{doc, s})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		p, q := x.docs[a.doc], x.docs[b.doc]
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(q.kind, p.kind), cmp.Compare(len(p.name), len(q.name)), strings.Compare(p.name, q.name),
			strings.Compare(p.indom, q.indom))
	})
	return hits
}
