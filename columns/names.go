package columns

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Name is a name in PromQL of a metric of an archive.
type Name struct {
	Text string   // in PromQL
	PCP  string   // the first name of the metric
	ID   pcp.PMID // of the metric
	// Native says that the name follows from PCP's name. Others came from Prometheus.
	Native bool
	// Alias says that the name follows from a further name of the metric.
	Alias bool
	// Histogram says that the values are native histograms.
	Histogram bool
	Sem       pcp.Semantics
	// Rivals is the number of metrics of the archive with the same native name. A
	// Flattener gives it to the metric recorded first, and numbers the others.
	Rivals int
}

// kept reports whether an entry can have the samples of a name.
func (n *Name) kept() bool { return !n.Alias && !n.Histogram && n.Rivals < 2 }

// Names are the names of the numeric metrics and native histograms of an archive, by
// Text.
type Names struct {
	All []Name
	// Shared are the places in All of native names that several metrics have.
	Shared []int
	key    cachedir.Key
}

// Find returns the range of the names with a text.
func (n *Names) Find(text string) (first, end int) {
	first = sort.Search(len(n.All), func(i int) bool { return n.All[i].Text >= text })
	end = first
	for end < len(n.All) && n.All[end].Text == text {
		end++
	}
	return first, end
}

// NamesOf returns the names of the metrics of an archive.
func NamesOf(store *meta.Store) *Names {
	names, _ := namesOf(store)
	return names
}

// namesOf returns the names of the metrics of an archive, and the place of each metric
// in them.
func namesOf(store *meta.Store) (*Names, map[*meta.Desc]int) {
	n := &Names{}
	owners := map[Name]*meta.Desc{}
	for d := range store.Metrics() {
		histogram := naming.HoldsHistograms(store, d)
		if !d.Type.IsNumeric() && !histogram {
			continue
		}
		name := Name{Text: naming.SampleName(store, d), PCP: strings.Clone(d.Name()), ID: d.PMID, Histogram: histogram, Sem: d.Sem}
		name.Native = name.Text == naming.PrometheusName(d.Name())
		owners[name] = d
		n.All = append(n.All, name)
		if !name.Native {
			continue
		}
		for _, other := range d.Names[min(1, len(d.Names)):] {
			if alias := naming.PrometheusName(other); alias != name.Text {
				n.All = append(n.All, Name{Text: alias, PCP: other, ID: d.PMID, Alias: true, Sem: name.Sem})
			}
		}
	}
	slices.SortStableFunc(n.All, func(a, b Name) int {
		return cmp.Or(strings.Compare(a.Text, b.Text), cmp.Compare(a.ID, b.ID), strings.Compare(a.PCP, b.PCP))
	})
	at := make(map[*meta.Desc]int, len(owners))
	for i, name := range n.All {
		if d := owners[name]; d != nil {
			at[d] = i
		}
	}
	n.settle()
	return n, at
}

// settle counts rivals.
func (n *Names) settle() {
	for i := 0; i < len(n.All); {
		_, end := n.Find(n.All[i].Text)
		end = max(end, i+1)
		owners := map[string]bool{}
		for _, name := range n.All[i:end] {
			if name.Native {
				owners[name.PCP] = true
			}
		}
		for j := i; j < end; j++ {
			if n.All[j].Rivals = len(owners); len(owners) > 1 {
				n.Shared = append(n.Shared, j)
			}
		}
		i = end
	}
}

// The flags of a name in binary form.
const (
	flagNative = 1 << iota
	flagAlias
	flagHistogram

	semShift = 3 // the semantics follow
)

// encode returns the binary form. Each text begins with the length of the prefix that
// it shares with the previous text.
func (n *Names) encode() []byte {
	var e encoder
	e.Uint(uint64(len(n.All)))
	var before Name
	for _, name := range n.All {
		flags := byte(0)
		for i, set := range []bool{name.Native, name.Alias, name.Histogram} {
			if set {
				flags |= 1 << i
			}
		}
		e.Byte(flags | byte(name.Sem)<<semShift)
		e.Uint(uint64(name.ID))
		e.following(before.Text, name.Text)
		e.following(before.PCP, name.PCP)
		before = name
	}
	return e.B
}

func (e *encoder) following(before, s string) {
	n := 0
	for n < len(before) && n < len(s) && before[n] == s[n] {
		n++
	}
	e.Uint(uint64(n))
	e.Text(s[n:])
}

func (d *decoder) following(before string) string {
	n := d.Uint()
	if n > uint64(len(before)) {
		d.Fail()
		return ""
	}
	return before[:n] + d.Text()
}

// maxNames is the most bytes that the texts of Names may take.
const maxNames = 256 << 20

// decodeNames decodes the output of encode.
func decodeNames(b []byte) (*Names, error) {
	d := newDecoder(b)
	n := &Names{All: make([]Name, 0, d.Count(6))}
	var name Name
	size := 0
	for range cap(n.All) {
		flags := d.Byte()
		next := Name{
			ID: pcp.PMID(d.Uint()), Text: d.following(name.Text), PCP: d.following(name.PCP),
			Native: flags&flagNative != 0, Alias: flags&flagAlias != 0, Histogram: flags&flagHistogram != 0, Sem: pcp.Semantics(flags >> semShift),
		}
		if size += len(next.Text) + len(next.PCP); next.Text < name.Text || size > maxNames {
			d.Fail()
		}
		if d.Bad {
			break
		}
		n.All = append(n.All, next)
		name = next
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	n.settle()
	return n, nil
}
