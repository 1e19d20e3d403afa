package expo

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
)

// pcpLine is the description of a PCP metric in a comment:
//
//	# PCP5 disk.dev.read 60.0.4 u64 60.1 counter count
//
// pmproxy and this package write it. pcp2openmetrics writes it with the name of the
// samples, which has no dots.
type pcpLine struct {
	name    string
	names   []string // further names of the metric
	pmid    pcp.PMID
	typ     pcp.Type
	indom   pcp.InDomID
	sem     pcp.Semantics
	units   pcp.Units
	use     labelUse
	sampled bool // a sample of the metric was read
}

// pcpLines has the "# PCP5" lines of all pages, the first one of each metric. Other
// goroutines may use it while a page is read.
type pcpLines struct {
	seen bool     // the present page has such a line
	next *pcpLine // the line before the series that are read; nil if there is none

	mu     sync.RWMutex
	hosts  pcpHosts
	byName map[string]*pcpLine   // by name of the samples
	byPMID map[pcp.PMID]*pcpLine // the first name of a metric with several names wins
}

// isPCPLine reports whether a record is a "# PCP5" line, or one of the older "# PCP"
// lines, which do not describe a metric completely.
func isPCPLine(record []byte) bool {
	return bytes.HasPrefix(record, []byte("# PCP5 ")) || bytes.HasPrefix(record, []byte("# PCP "))
}

// page starts the next page.
func (p *pcpLines) page() { p.seen, p.next = false, nil }

// add takes a line. A malformed one is a comment without meaning.
func (p *pcpLines) add(record []byte) {
	p.seen = true
	line, ok := parsePCPLine(string(record))
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next = line
	if p.byName == nil {
		p.byName, p.byPMID = map[string]*pcpLine{}, map[pcp.PMID]*pcpLine{}
	}
	if first := p.byPMID[line.pmid]; first != nil {
		first.alias(line)
		p.next = first
		return
	}
	for _, name := range []string{naming.PrometheusName(line.name), line.name} {
		if p.byName[name] == nil {
			p.byName[name] = line
			p.byPMID[line.pmid] = line
		}
	}
}

// bind makes a new sample part of the metric in the line before it if its name is
// the metric's with a number, such as a_2. Such names come from clashes.
func (p *pcpLines) bind(sample string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := p.next
	if line == nil || line.sampled || p.byName[sample] != nil {
		if line != nil && p.byName[sample] == line {
			line.sampled = true
		}
		return
	}
	number, ok := strings.CutPrefix(sample, naming.PrometheusName(line.name)+"_")
	if n, err := strconv.Atoi(number); ok && err == nil && n > 1 && strconv.Itoa(n) == number {
		p.byName[sample], p.byPMID[line.pmid], line.sampled = line, line, true
	}
}

// alias adds the name in another line of the same metric.
func (l *pcpLine) alias(other *pcpLine) {
	same := l.typ == other.typ && l.indom == other.indom && l.sem == other.sem && l.units == other.units
	if same && l.name != other.name && !slices.Contains(l.names, other.name) {
		l.names = append(l.names, other.name)
	}
}

// parsePCPLine parses a line.
func parsePCPLine(record string) (*pcpLine, bool) {
	fields := strings.Fields(record)
	if len(fields) < 7 || fields[1] != "PCP5" || !validPCPName(fields[2]) {
		return nil, false
	}
	line := &pcpLine{name: fields[2], indom: pcp.InDomNull}
	id, ok := dotted(fields[3], 511, 4095, 1023)
	if !ok {
		return nil, false
	}
	line.pmid = pcp.NewPMID(id[0], id[1], id[2])
	if line.typ, ok = pcpTypes[strings.ToLower(fields[4])]; !ok {
		return nil, false
	}
	if fields[5] != pcp.InDomNull.String() {
		id, ok := dotted(fields[5], 511, 1<<22-1)
		if !ok {
			return nil, false
		}
		line.indom = pcp.NewInDomID(id[0], id[1])
	}
	if line.sem, ok = pcpSemantics[fields[6]]; !ok {
		return nil, false
	}
	units, err := pcp.ParseUnits(strings.Join(fields[7:], " "))
	line.units = units
	return line, err == nil
}

var (
	pcpTypes = map[string]pcp.Type{
		"32": pcp.Type32, "u32": pcp.TypeU32, "64": pcp.Type64, "u64": pcp.TypeU64,
		"float": pcp.TypeFloat, "double": pcp.TypeDouble, "string": pcp.TypeString,
	}
	pcpSemantics = map[string]pcp.Semantics{
		"counter": pcp.SemCounter, "instant": pcp.SemInstant, "discrete": pcp.SemDiscrete,
	}
)

func validPCPName(name string) bool {
	for c := range strings.SplitSeq(name, ".") {
		if !naming.ValidComponent(c) {
			return false
		}
	}
	return true
}

// dotted parses numbers between dots, each at most its limit.
func dotted(text string, limits ...uint64) (n [3]uint32, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != len(limits) {
		return n, false
	}
	for i, part := range parts {
		v, err := strconv.ParseUint(part, 10, 32)
		if err != nil || v > limits[i] {
			return n, false
		}
		n[i] = uint32(v)
	}
	return n, true
}

// lineOf returns the line for a sample, nil if there is none.
func (p *pcpLines) lineOf(sample string) *pcpLine {
	p.mu.RLock()
	defer p.mu.RUnlock()
	line := p.byName[sample]
	if base, ok := strings.CutSuffix(sample, "_total"); ok && line == nil {
		if line = p.byName[base]; line != nil && line.sem != pcp.SemCounter {
			return nil
		}
	}
	return line
}

// decode undoes an escape of pmproxy, which writes each byte of a character outside
// ASCII as \xNN.
func (p *pcpLines) decode(v string) string {
	if !p.seen || !strings.Contains(v, `\x`) {
		return v
	}
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		if strings.HasPrefix(v[i:], `\x`) && i+4 <= len(v) {
			if c, err := strconv.ParseUint(v[i+2:i+4], 16, 8); err == nil && c >= utf8.RuneSelf {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(v[i])
	}
	if !utf8.ValidString(b.String()) {
		return v
	}
	return b.String()
}

// mend turns a malformed record on a page of PCP's exporters into a valid one.
// pcp2openmetrics begins labels with a comma and writes text as values; pmproxy
// writes compound names without quotes; C writes NaN with a sign. An empty result
// stands for a value that is text, which mend counts.
func (p *pcpLines) mend(record []byte, report *prom.Report) (mended []byte, ok bool) {
	if !p.seen {
		return nil, false
	}
	size := seriesSize(Text, record)
	if size <= 0 {
		return nil, false
	}
	name, _, _ := bytes.Cut(record[:size], []byte("{"))
	if line := p.lineOf(string(name)); line != nil && !line.typ.IsNumeric() {
		report.Add(prom.LossNotNumeric, line.name)
		return nil, true
	}
	rest := bytes.Fields(record[size:])
	if len(rest) == 0 {
		return nil, false
	}
	mended = append(mended, name...)
	if len(name) < size {
		if mended, ok = mendLabels(mended, record[len(name)+1:size-1]); !ok {
			return nil, false
		}
	}
	for i, word := range rest {
		if i == 0 && strings.EqualFold(string(word), "-nan") {
			word = []byte(strconv.FormatFloat(math.NaN(), 'f', -1, 64))
		}
		mended = append(append(mended, ' '), word...)
	}
	return append(mended, '\n'), true
}

// mendLabels appends labels in braces to dst, without empty items between commas
// and with quotes around names.
func mendLabels(dst, b []byte) ([]byte, bool) {
	dst = append(dst, '{')
	for {
		b = bytes.TrimLeft(b, ", ")
		if len(b) == 0 {
			return append(dst, '}'), true
		}
		name, rest, ok := bytes.Cut(b, []byte(`="`))
		end := quotedEnd(rest, -1)
		if !ok || end < 0 || bytes.ContainsAny(name, "\",{}\n") {
			return nil, false
		}
		dst = strconv.AppendQuote(dst, string(name))
		dst = append(append(dst, `="`...), rest[:end]...)
		dst = append(dst, ',')
		b = rest[end:]
	}
}
