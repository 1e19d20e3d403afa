package archive_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// forCorpus runs a test for every archive of the corpus.
func forCorpus(t *testing.T, f func(t *testing.T, base string)) {
	for _, folder := range []string{"archives", "badarchives"} {
		for _, base := range oracle.Archives(t, folder, false) {
			t.Run(folder+"/"+filepath.Base(base), func(t *testing.T) { f(t, base) })
		}
	}
}

// TestCorpusAgainstDump compares every archive of the corpus with PCP's
// listing, and rejects the archives that PCP rejects.
func TestCorpusAgainstDump(t *testing.T) {
	forCorpus(t, func(t *testing.T, base string) {
		ref := oracle.Exec(t, "pmdumplog", "-z", "-a", base)
		r, err := archive.Open(base, strict)
		if strings.Contains(ref.Stderr, "Cannot open archive") {
			requireLocated(t, err)
			return
		}
		require.NoError(t, err)
		want := parseDump(ref.Stdout)
		assert.Equal(t, want.commencing, commencing(r))
		assert.Equal(t, want.descs, descs(r))
		assert.Equal(t, want.indoms, indoms(r))

		for _, err := range r.Records(archive.RoleMeta) {
			require.NoError(t, err)
		}
		shapes, err := shapes(r)
		if strings.Contains(ref.Stderr, "Corrupted record") {
			requireLocated(t, err)
		} else {
			require.NoError(t, err)
		}
		assert.Equal(t, want.shapes, shapes)
		stepsAgree(t, r)
	})
}

func requireLocated(t *testing.T, err error) {
	var fe *pcp.FormatError
	require.ErrorAs(t, err, &fe)
	assert.NotEmpty(t, fe.File)
}

// dump holds the contents of a PCP listing of an archive.
type dump struct {
	commencing string
	descs      map[string]string // identifier and names: type, domain, semantics, units
	indoms     map[string][]int  // instance domain: instances of each version
	shapes     []string          // of each record: time, number of metrics or "mark"
}

var (
	descLine   = regexp.MustCompile(`^PMID: (\S+) \((.*)\)$`)
	domainLine = regexp.MustCompile(`^InDom: (\S+)$`)
	sizeLine   = regexp.MustCompile(`^(\d\d:\d\d:\d\d\.\d+) (\d+) instances$`)
	recordLine = regexp.MustCompile(`^(\d\d:\d\d:\d\d\.\d+) (?: (<mark>)|(\d+) metrics?)$`)
	blankRun   = regexp.MustCompile(`\s+`)
)

func parseDump(text string) dump {
	d := dump{descs: map[string]string{}, indoms: map[string][]int{}}
	var desc, domain string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "    commencing "); ok && d.commencing == "" {
			d.commencing = rest
		}
		if strings.HasPrefix(line, "    ") && desc != "" {
			d.descs[desc] = strings.TrimSpace(d.descs[desc] + blankRun.ReplaceAllString(line, " "))
			continue
		}
		desc = ""
		if line == "" || line[0] == ' ' {
			continue // a value, of which there are many
		}
		if m := descLine.FindStringSubmatch(line); m != nil {
			desc = m[1]
			d.descs[desc] = ""
		}
		if m := domainLine.FindStringSubmatch(line); m != nil {
			domain = m[1]
		}
		if m := sizeLine.FindStringSubmatch(line); m != nil {
			d.indoms[domain] = append(d.indoms[domain], atoi(m[2]))
		}
		if m := recordLine.FindStringSubmatch(line); m != nil {
			d.shapes = append(d.shapes, m[1]+" "+m[2]+m[3])
		}
	}
	return d
}

func atoi(s string) (n int) {
	for _, c := range s {
		n = 10*n + int(c-'0')
	}
	return n
}

func clock(r *archive.Reader) string {
	if r.Header().Version == pcp.V2 {
		return "15:04:05.000000"
	}
	return "15:04:05.000000000"
}

func commencing(r *archive.Reader) string {
	return r.Header().Start.Time().In(r.Location()).Format("Mon Jan _2 " + clock(r) + " 2006")
}

func descs(r *archive.Reader) map[string]string {
	types := map[pcp.Type]string{
		pcp.Type32: "32-bit int", pcp.TypeU32: "32-bit unsigned int", pcp.Type64: "64-bit int", pcp.TypeU64: "64-bit unsigned int",
		pcp.TypeFloat: "float", pcp.TypeDouble: "double", pcp.TypeString: "string", pcp.TypeAggregate: "aggregate",
		pcp.TypeAggregateStatic: "static aggregate", pcp.TypeEvent: "event record array", pcp.TypeHighResEvent: "highres event record array",
	}
	sems := map[pcp.Semantics]string{pcp.SemCounter: "counter", pcp.SemInstant: "instant", pcp.SemDiscrete: "discrete"}
	all := map[string]string{}
	for shared := range r.Meta().Metrics() {
		d := *shared
		if d.Type == pcp.TypeNoSupport {
			all[d.PMID.String()] = "Data Type: Not Supported"
			continue
		}
		name := func(known string, number any) string {
			if known == "" {
				return fmt.Sprintf("??? (%d)", number)
			}
			return known
		}
		d.Units.ExtraUnit, d.Units.ExtraScale = 0, 0 // the installed PCP does not know the extra unit
		units := d.Units.String()
		if units == "" {
			units = "none"
		}
		all[d.PMID.String()] = fmt.Sprintf("Data Type: %s InDom: %s %#x Semantics: %s Units: %s",
			name(types[d.Type], d.Type), d.InDom, uint32(d.InDom), name(sems[d.Sem], d.Sem), units)
	}
	return all
}

func indoms(r *archive.Reader) map[string][]int {
	all := map[string][]int{}
	for id := range r.Meta().InDoms() {
		for in := range r.Meta().InDomVersions(id) {
			all[id.String()] = append(all[id.String()], len(in.Instances))
		}
	}
	return all
}

// strict selects PCP's reading of damage, with which the corpus is compared.
var strict = &archive.ReadOptions{Strict: true}

// shapes omits records that are older than one before them and ends at damage,
// as PCP does.
func shapes(r *archive.Reader) (all []string, err error) {
	var last pcp.Timestamp
	add := func(t pcp.Timestamp, what string) {
		if !t.Before(last) {
			last = t
			all = append(all, t.Time().In(r.Location()).Format(clock(r))+" "+what)
		}
	}
	for rec, err := range r.Records(archive.RoleData) {
		var d *archive.Damage
		if errors.As(err, &d) && d.Offset == 0 {
			continue // PCP skips a volume with a damaged label
		}
		if err != nil {
			return all, err
		}
		switch rec := rec.Record.(type) {
		case *archive.Mark:
			add(rec.Stamp, "<mark>")
		case *archive.Result:
			add(rec.Stamp, strconv.Itoa(len(rec.Sets)))
		}
	}
	return all, nil
}

// stepsAgree checks that the joined view contains the same values as the
// records.
func stepsAgree(t *testing.T, r *archive.Reader) {
	records, marks, values := 0, 0, 0
	var recErr error
	for rec, err := range r.Records(archive.RoleData) {
		if recErr = err; err != nil {
			break
		}
		records++
		switch rec := rec.Record.(type) {
		case *archive.Mark:
			marks++
		case *archive.Result:
			for _, s := range rec.Sets {
				if _, ok := r.Meta().Desc(s.PMID); ok {
					values += len(s.Values)
				}
			}
		}
	}
	var stepErr error
	for step, err := range r.Steps(history.Query{All: true}) {
		if stepErr = err; err != nil {
			break
		}
		records--
		if step.Mark {
			marks--
		}
		for _, m := range step.Metrics {
			values -= len(m.Points)
			for _, p := range m.Points {
				if p.Series.Metric != m.Metric || p.Series.Inst.ID != p.Value.Inst { // too many comparisons for testify
					t.Fatalf("%v: a value of %s, %v, is of the series %v", step.Stamp, m.Metric.Name, p.Value, p.Series)
				}
			}
		}
	}
	assert.Equal(t, [3]int{}, [3]int{records, marks, values}, "records, marks, values only in Records")
	assert.Equal(t, recErr, stepErr)
}
