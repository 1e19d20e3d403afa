package nativemap

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// table is a file of this folder.
type table struct {
	rows     []*row
	indoms   map[pcp.InDomID]indom
	declared map[string][]string // by series: metrics, or prefixes of names, that the archive must know
}

// row is one metric, or one instance of it.
type row struct {
	name     string
	desc     meta.Desc
	instance template
	id       template
	source   string // as in the file, with abbreviations expanded
	terms    []term
	text     template // the value, if labels have it
	help     string
	section  string // the comment above it
}

// indom has the labels of an instance domain.
type indom struct {
	labels   labelset.Set
	instance []instanceLabel
}

type instanceLabel struct {
	name  string
	value template
}

// columns of a row.
const columns = 9

// parseTable reads a table. Errors name the file and the line.
func parseTable(file, text string) (*table, error) {
	t := &table{indoms: map[pcp.InDomID]indom{}, declared: map[string][]string{}}
	var words []string // pairs for a Replacer
	section, fresh := "", false
	for i, line := range strings.Split(text, "\n") {
		if line == "" {
			fresh = true
			continue
		}
		if comment, ok := strings.CutPrefix(line, "#"); ok {
			if fresh {
				section, fresh = "", false
			}
			section = strings.TrimSpace(section + comment)
			continue
		}
		fresh = false
		cells := strings.Split(line, "\t")
		var err error
		switch {
		case strings.HasPrefix(line, "@") && len(cells) == 2:
			words = append(words, cells[0], cells[1])
		case strings.HasPrefix(line, "indom ") && len(cells) == 3:
			err = t.addInDom(strings.TrimPrefix(cells[0], "indom "), cells[1], cells[2])
		case strings.HasPrefix(line, "declare ") && len(cells) == 2:
			t.declared[strings.TrimPrefix(cells[0], "declare ")] = strings.Fields(cells[1])
		case len(cells) == columns:
			cells[7] = strings.NewReplacer(words...).Replace(cells[7])
			var r *row
			if r, err = parseRow(cells); err == nil {
				r.section = section
				t.rows = append(t.rows, r)
			}
		default:
			err = fmt.Errorf("%d columns, want %d", len(cells), columns)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	return t, nil
}

func parseRow(c []string) (*row, error) {
	r := &row{name: c[0], source: c[7], help: c[8]}
	r.desc.Names = []string{r.name}
	var err error
	if r.desc.PMID, err = parsePMID(c[1]); err != nil {
		return nil, err
	}
	if r.desc.Type, err = oneOf(c[2], pcp.Type32, pcp.TypeU32, pcp.Type64, pcp.TypeU64, pcp.TypeFloat, pcp.TypeDouble, pcp.TypeString); err != nil {
		return nil, err
	}
	if r.desc.InDom, err = parseInDom(c[3]); err != nil {
		return nil, err
	}
	if r.desc.Sem, err = oneOf(c[4], pcp.SemCounter, pcp.SemInstant, pcp.SemDiscrete); err != nil {
		return nil, err
	}
	if r.desc.Units, err = pcp.ParseUnits(c[5]); err != nil {
		return nil, err
	}
	if (r.desc.InDom == pcp.InDomNull) != (c[6] == "-") {
		return nil, fmt.Errorf("%s: instance domain %s, but instance %q", r.name, c[3], c[6])
	}
	name, id, _ := strings.Cut(c[6], " = ")
	r.instance, r.id = parseTemplate(name), parseTemplate(id)
	expr, text, isText := strings.Cut(r.source, " => ")
	if !isText && r.desc.Type == pcp.TypeString {
		return nil, fmt.Errorf("%s: a string metric wants a text after =>", r.name)
	}
	r.text = parseTemplate(text)
	if expr == "-" {
		return r, nil // only declared
	}
	if r.terms, err = parseSource(expr); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", r.name, expr, err)
	}
	if isText {
		r.terms[0].combine = native.CombineLast
	}
	return r, nil
}

// oneOf returns which of some values has the given text.
func oneOf[T fmt.Stringer](text string, values ...T) (v T, err error) {
	for _, v = range values {
		if v.String() == text {
			return v, nil
		}
	}
	return v, fmt.Errorf("%q is none of %v", text, values)
}

func parsePMID(s string) (pcp.PMID, error) {
	var domain, cluster, item uint32
	if _, err := fmt.Sscanf(s, "%d.%d.%d", &domain, &cluster, &item); err != nil {
		return 0, fmt.Errorf("PMID %q: %w", s, err)
	}
	return pcp.NewPMID(domain, cluster, item), nil
}

func parseInDom(s string) (pcp.InDomID, error) {
	if s == "-" {
		return pcp.InDomNull, nil
	}
	var domain, serial uint32
	if _, err := fmt.Sscanf(s, "%d.%d", &domain, &serial); err != nil {
		return 0, fmt.Errorf("instance domain %q: %w", s, err)
	}
	return pcp.NewInDomID(domain, serial), nil
}

func parseID(s string) (pcp.InstID, bool) {
	n, err := strconv.ParseInt(s, 10, 32)
	return pcp.InstID(n), err == nil && n >= 0
}

// addInDom takes the labels of an instance domain and of its instances.
func (t *table) addInDom(number, labels, instance string) error {
	id, err := parseInDom(number)
	if err != nil {
		return err
	}
	var in indom
	if in.labels, err = labelset.Parse(labels, labelset.InDom); err != nil {
		return err
	}
	if instance != "-" {
		for pair := range strings.FieldsSeq(instance) {
			name, value, _ := strings.Cut(pair, "=")
			in.instance = append(in.instance, instanceLabel{name, parseTemplate(value)})
		}
	}
	t.indoms[id] = in
	return nil
}

// instanceLabels returns the labels of the instance that a series stands for. It
// returns none if the series lacks a label for them.
func (in indom) instanceLabels(labels []prom.Label) labelset.Set {
	var own []labelset.Label
	for _, l := range in.instance {
		text, ok := l.value.expand(labels)
		if !ok {
			return labelset.Set{}
		}
		label := labelset.String(l.name, text)
		if _, whole := parseID(text); whole && json.Valid([]byte(text)) {
			label.Value = text
		}
		own = append(own, label)
	}
	set, err := labelset.New(labelset.Instances, own...)
	if err != nil {
		return labelset.Set{} // too long; the instance's name has the values, too
	}
	return set
}
