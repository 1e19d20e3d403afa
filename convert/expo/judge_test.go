package expo

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// judge demands that a page is good to Prometheus' own strict parsers and keeps
// the rules that those do not check.
func judge(t testing.TB, format Format, page string) {
	t.Helper()
	parse(t, page, format.ContentType())
	if format == Text {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		_, err := parser.TextToMetricFamilies(strings.NewReader(page))
		require.NoError(t, err, "expfmt's parser:\n%s", shorten(page))
	}
	require.NoError(t, strict(format, page), "page:\n%s", shorten(page))
}

// strictSuffixes are, in the order that a family's samples come in, what their
// names end in by the family's type. Written apart from the writer's own table.
var strictSuffixes = map[Format]map[string][]string{
	Text: {
		prom.TypeHistogram: {"_bucket", "_sum", "_count"},
		prom.TypeSummary:   {"", "_sum", "_count"},
	},
	OpenMetrics: {
		prom.TypeCounter:        {"_total", "_created"},
		prom.TypeHistogram:      {"_bucket", "_sum", "_count", "_created"},
		prom.TypeGaugeHistogram: {"_bucket", "_gsum", "_gcount"},
		prom.TypeSummary:        {"", "_sum", "_count", "_created"},
		prom.TypeInfo:           {"_info"},
	},
}

// strictBounds are the labels whose values go upwards.
var strictBounds = map[string]string{
	prom.TypeHistogram: "le", prom.TypeGaugeHistogram: "le", prom.TypeSummary: "quantile",
}

// strict checks what the strictest parsers, such as Python's for OpenMetrics,
// do: every family described once, before its samples, in one piece; no name
// that belongs to two; equal label sets together; bounds upwards; no series
// twice.
func strict(format Format, page string) error {
	s := strictness{format: format, described: map[string]bool{}, claimed: map[string]string{}, series: map[string]bool{}}
	lines := strings.SplitAfter(page, "\n")
	if lines[len(lines)-1] != "" {
		return fmt.Errorf("last line has no end")
	}
	lines = lines[:len(lines)-1]
	if format == OpenMetrics {
		if lines[len(lines)-1] != "# EOF\n" {
			return fmt.Errorf("no EOF")
		}
		lines = lines[:len(lines)-1]
	}
	for n, line := range lines {
		if err := s.line(strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return nil
}

type strictness struct {
	format    Format
	described map[string]bool   // keyword and family
	claimed   map[string]string // name → family
	series    map[string]bool
	family    prom.Family
	groups    map[string]bool // finished ones
	group     string
	bound     float64
	rank      int
}

func (s *strictness) line(line string) error {
	if rest, ok := strings.CutPrefix(line, "# "); ok {
		return s.describe(rest)
	}
	end := "\n"
	if s.format == OpenMetrics {
		end = "\n# EOF\n"
	}
	// The type again, as how bounds are read depends on it.
	head := ""
	if s.family.Name != "" {
		head = "# TYPE " + string(appendName(nil, s.family.Name)) + " " + s.family.Type + "\n"
	}
	for e, err := range Page([]byte(head+line+end), s.format.ContentType(), nil) {
		if err != nil {
			return err
		}
		return s.sample(e)
	}
	return fmt.Errorf("no sample")
}

// describe takes "HELP name text".
func (s *strictness) describe(rest string) error {
	keyword, rest, _ := strings.Cut(rest, " ")
	raw, text, _ := strings.Cut(rest, " ")
	if strings.HasPrefix(rest, `"`) {
		end := 1
		for rest[end] != '"' {
			if rest[end] == '\\' {
				end++
			}
			end++
		}
		raw, text = rest[:end+1], strings.TrimPrefix(rest[end+1:], " ")
	}
	if s.described[keyword+raw] {
		return fmt.Errorf("second %s of %s", keyword, raw)
	}
	s.described[keyword+raw] = true
	if keyword != "TYPE" {
		return nil
	}
	name := raw
	if raw[0] == '"' {
		name = nameUnescaper.Replace(raw[1 : len(raw)-1])
	}
	return s.begin(name, text)
}

// begin begins a family.
func (s *strictness) begin(name, typ string) error {
	s.family = prom.Family{Name: name, Type: typ}
	s.groups, s.group, s.bound, s.rank = map[string]bool{}, "", math.Inf(-1), 0
	claims := []string{name}
	for _, suffix := range strictSuffixes[s.format][typ] {
		if suffix != "" {
			claims = append(claims, name+suffix)
		}
	}
	for _, c := range claims {
		if other, taken := s.claimed[c]; taken {
			return fmt.Errorf("%s belongs to %s and %s", c, other, name)
		}
		s.claimed[c] = name
	}
	return nil
}

func (s *strictness) sample(e Entry) error {
	if s.format == OpenMetrics && s.claimed[e.Name] == "" { // nothing was said of its type
		if err := s.begin(e.Name, prom.TypeUnknown); err != nil {
			return err
		}
	}
	if s.claimed[e.Name] != s.family.Name || s.family.Name == "" {
		return fmt.Errorf("%s stands below %s", e.Name, s.family.Name)
	}
	if k := id(e.Name, e.Labels); s.series[k] {
		return fmt.Errorf("%s twice", k)
	} else {
		s.series[k] = true
	}
	return s.place(e)
}

// place checks the order within a family.
func (s *strictness) place(e Entry) error {
	label := strictBounds[s.family.Type]
	if s.family.Type == prom.TypeStateset {
		label = s.family.Name
	}
	others := slices.DeleteFunc(slices.Clone(e.Labels), func(l prom.Label) bool { return l.Name == label })
	group := "g" + id("", others)
	if group != s.group {
		if s.groups[group] {
			return fmt.Errorf("labels of %s are apart", id(e.Name, e.Labels))
		}
		s.groups[group] = true
		s.group, s.bound, s.rank = group, math.Inf(-1), 0
	}
	rank := 0
	if may := strictSuffixes[s.format][s.family.Type]; may != nil {
		rank = slices.Index(may, strings.TrimPrefix(e.Name, s.family.Name))
		if rank < 0 {
			return fmt.Errorf("%s is no name of a %s %s", e.Name, s.family.Type, s.family.Name)
		}
	}
	if label := strictBounds[s.family.Type]; rank == 0 && label != "" {
		v, _ := lookup(e.Labels, label)
		bound, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return fmt.Errorf("%s of %s: %w", label, e.Name, err)
		}
		if bound < s.bound {
			return fmt.Errorf("%s of %s goes down to %v", label, e.Name, bound)
		}
		s.bound = bound
	}
	if rank < s.rank {
		return fmt.Errorf("%s comes late", e.Name)
	}
	s.rank = rank
	return nil
}
