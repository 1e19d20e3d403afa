package pmsearch

import (
	"context"
	"slices"
	"strings"
)

// Query is a search.
type Query struct {
	Text      string
	Fields    Fields // in which words must occur; zero means all
	Kinds     []Kind // of results; none means all
	Highlight Fields // in which the words are marked by <b> and </b>
	Offset    int    // number of results to pass over
	Limit     int    // zero means DefaultLimit
}

// DefaultLimit is the number of results if a query names none.
const DefaultLimit = 10

// MaxLimit is the largest number of results.
const MaxLimit = 10_000

// Results are the results of a search.
type Results struct {
	Total int // number of results without offset and limit
	Found []Result
}

// Result is a document.
type Result struct {
	Kind          Kind
	Name, InDom   string
	OneLine, Help string
	Score         float64 // how well it matches; results come by descending scores
}

// Text returns the documents that have all words of a query.
func (v *View) Text(ctx context.Context, q Query) (*Results, error) {
	x, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	if q.Fields == 0 {
		q.Fields = AllFields
	}
	var words [][]int
	matched := map[string]bool{}
	for _, term := range terms(q.Text) {
		numbers := x.find(term)
		for _, n := range numbers {
			matched[x.terms[n]] = true
		}
		words = append(words, numbers)
	}
	hits := x.all(words, q.Fields, func(d *doc) bool { return len(q.Kinds) == 0 || slices.Contains(q.Kinds, d.kind) })
	exact := func(h hit) bool { return x.docs[h.doc].name == q.Text }
	slices.SortStableFunc(hits, func(a, b hit) int { // a name that was typed in full comes first
		switch {
		case exact(a) == exact(b):
			return 0
		case exact(a):
			return -1
		}
		return 1
	})
	return x.page(hits, q, matched), nil
}

// page returns the results between offset and limit.
func (x *inverted) page(hits []hit, q Query, matched map[string]bool) *Results {
	if q.Limit <= 0 {
		q.Limit = DefaultLimit
	}
	r := &Results{Total: len(hits), Found: []Result{}}
	from := max(0, min(q.Offset, len(hits)))
	for _, h := range hits[from:min(from+min(q.Limit, MaxLimit), len(hits))] {
		d := x.docs[h.doc]
		r.Found = append(r.Found, Result{
			Kind: d.kind, Name: marked(d.name, matched, q.Highlight&Name), InDom: d.indom,
			OneLine: marked(d.oneLine, matched, q.Highlight&OneLine), Help: marked(d.help, matched, q.Highlight&Help), Score: h.score,
		})
	}
	return r
}

// marked returns a text with <b> and </b> around the words that were searched for.
func marked(text string, matched map[string]bool, wanted Fields) string {
	if wanted == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	eachWord(text, func(w word) {
		if w.from >= at && matched[w.term] {
			b.WriteString(text[at:w.from] + "<b>" + text[w.from:w.to] + "</b>")
			at = w.to
		}
	})
	return b.String() + text[at:]
}

// InDom returns an instance domain, its instances and its metrics.
func (v *View) InDom(ctx context.Context, q Query) (*Results, error) {
	x, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	var hits []hit
	for i, d := range x.docs {
		if d.indom == q.Text && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, d.kind)) {
			hits = append(hits, hit{doc: uint32(i)})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int {
		p, q := x.docs[a.doc], x.docs[b.doc]
		if p.kind != q.kind {
			return int(p.kind) - int(q.kind)
		}
		return strings.Compare(p.name, q.name)
	})
	return x.page(hits, q, nil), nil
}

// Suggest returns names of metrics and instances with words that begin like those of a text,
// or that differ from them by one letter.
func (v *View) Suggest(ctx context.Context, text string, limit int) ([]string, error) {
	x, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	const similarity = 0.25
	var total map[uint32]float64
	for _, term := range typed(text) {
		scores := map[uint32]float64{}
		x.score(x.withPrefix(term), Name, 1, scores)
		if len([]rune(term)) > 2 {
			x.score(x.similar(term), Name, similarity, scores)
		}
		total = meet(total, scores)
	}
	for doc := range total {
		if name := x.docs[doc].name; strings.HasPrefix(name, text) {
			total[doc] += 1000 / float64(1+len(name)-len(text))
		}
	}
	names := []string{}
	seen := map[string]bool{}
	for _, h := range x.ranked(total, func(d *doc) bool { return d.kind != InDom }) {
		if len(names) >= min(limit, MaxLimit) {
			break
		}
		if name := x.docs[h.doc].name; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, nil
}

// typed returns the words of a text that is being typed, as they are: their endings are not
// known yet.
func typed(text string) (all []string) {
	for w := range strings.FieldsFuncSeq(strings.ToLower(text), isSeparator) {
		if len(w) <= maxWord && len(all) < maxTerms {
			all = append(all, w)
		}
	}
	return all
}

// similar returns the numbers of the terms that differ from a word by one letter.
func (x *inverted) similar(word string) (all []int) {
	w := []rune(word)
	for i, term := range x.terms {
		if n := len(term) - len(word); n < 5 && n > -5 && oneEdit(w, []rune(term)) && len(all) < maxExpansion {
			all = append(all, i)
		}
	}
	return all
}

// oneEdit reports whether two words differ by one letter that was changed, added or removed.
func oneEdit(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i < len(a) && slices.Equal(a[i+1:], b[i+1:])
	}
	return slices.Equal(a[i:], b[i+1:])
}

// Info describes the index.
type Info struct {
	Docs, Terms  int
	Records      int // pairs of a document and a term
	PostingBytes int // memory that the Records take, about
	LeftOut      int // instances beyond the limit
}

// Info describes the index.
func (v *View) Info(ctx context.Context) (Info, error) {
	x, err := v.load(ctx)
	if err != nil {
		return Info{}, err
	}
	const postingBytes = 8
	return Info{Docs: len(x.docs), Terms: len(x.terms), Records: x.records, PostingBytes: x.records * postingBytes, LeftOut: x.leftOut}, nil
}
