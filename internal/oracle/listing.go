package oracle

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	entryStart = map[string]*regexp.Regexp{
		"Descriptions for Metrics in the Log ...": regexp.MustCompile(`^PMID: `),
		"Instance Domains in the Log ...":         regexp.MustCompile(`^InDom: `),
	}
	byLine  = []string{"Metric Labels in the Log ...", "Metric Help Text in the Log ..."}
	further = []string{"Temporal Index", "Instance Domains on-disk ..."}
	names   = regexp.MustCompile(`^(PMID: \S+ \()(.*)(\))$`)
	size    = regexp.MustCompile(`^\[\d+ bytes\]$`)
)

// Canon sorts the parts that pmdumplog prints in hash table order, so that two
// listings can be compared.
func Canon(listing string) string {
	var out []string
	lines := strings.Split(listing, "\n")
	isNext := func(line string) bool {
		return entryStart[line] != nil || slices.Contains(byLine, line) || slices.Contains(further, line)
	}
	for len(lines) > 0 {
		title := lines[0]
		lines = lines[1:]
		out = append(out, title)
		start := 0
		var body []string
		switch {
		case entryStart[title] != nil:
			for ; start < len(lines) && lines[start] != ""; start++ {
				lines[start] = sortNames(lines[start])
			}
			body = entries(lines[:start], entryStart[title])
		case slices.Contains(byLine, title):
			for start < len(lines) && !isNext(lines[start]) && !size.MatchString(lines[start]) {
				start++
			}
			body = slices.Clone(lines[:start])
		}
		lines = lines[start:]
		slices.Sort(body)
		out = append(out, body...)
	}
	return strings.Join(out, "\n")
}

// entries joins each line that start matches with the lines after it.
func entries(lines []string, start *regexp.Regexp) []string {
	var all []string
	from := 0
	for i := range lines {
		if i > 0 && start.MatchString(lines[i]) {
			all = append(all, strings.Join(lines[from:i], "\n"))
			from = i
		}
	}
	if len(lines) > 0 {
		all = append(all, strings.Join(lines[from:], "\n"))
	}
	return all
}

func sortNames(line string) string {
	m := names.FindStringSubmatch(line)
	if m == nil {
		return line
	}
	all := strings.Split(m[2], " or ")
	slices.Sort(all)
	return m[1] + strings.Join(all, " or ") + m[3]
}

// FirstDifference describes the first difference between two texts. It returns
// "" for equal texts.
func FirstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d:\n- %s\n+ %s", i+1, w[i], g[i])
		}
	}
	if len(w) != len(g) {
		return fmt.Sprintf("%d lines, want %d", len(g), len(w))
	}
	return ""
}
