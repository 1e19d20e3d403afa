package derive_test

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// expressions are evaluated by the reference, too. Some have operands that not every
// archive has, and some make no sense.
var expressions = []string{
	"hinv.ncpu", "3", "3000000000", "4294967295", ".5", "5.", "2.25", "(((hinv.ncpu)))",
	"hinv.ncpu + 1", "1 + hinv.ncpu", "1 - hinv.ncpu", "hinv.ncpu - 9", "hinv.ncpu - - 3", "-hinv.ncpu", "-hinv.ncpu * 3", "-2 + 3 * hinv.ncpu",
	"2 - 3 - hinv.ncpu", "hinv.ncpu / 2 / 2", "7 / 2", "0 / 0", "hinv.ncpu / 0", "2 * 3 + 4 * 5 - 6 / 4", "5 - 3.5", "hinv.ncpu * 2.5", "4294967295 + hinv.ncpu",
	"hinv.ncpu > 3 == 1", "3 > 2 > 1", "1 && 0 || 1", "1 || 1 && 0", "hinv.ncpu>=8", "hinv.ncpu<=8", "hinv.ncpu!=8", "hinv.ncpu == 8 && 1",
	"!hinv.ncpu > 3 || hinv.ncpu > 5", "!(hinv.ncpu < 3) || hinv.ncpu > 50", "!hinv.ncpu > 3", "!(hinv.ncpu > 3)", "2 * !hinv.ncpu + 1",
	"hinv.ncpu ? 0 : 1 ? 5 : 6", "hinv.ncpu > 3 ? 1 : 2", "hinv.ncpu > 3 ? hinv.ncpu > 5 ? 1 : 2 : 3",
	"kernel.all.load", "kernel.all.load + 1.5", "kernel.all.load * kernel.all.load", "kernel.all.load / 0", "0 / kernel.all.load", "kernel.all.load == 1",
	"kernel.all.load > 0.95", "-kernel.all.load", "kernel.all.load - 2", "kernel.all.load * hinv.ncpu",
	"kernel.all.load > 0.95 ? kernel.all.load : -kernel.all.load", "hinv.ncpu > 3 ? kernel.all.load : mkconst(1, type=float, semantics=instant)",
	"kernel.all.load > 0.95 ? kernel.all.load : mkconst(0, type=float, semantics=instant)", "hinv.ncpu > 3 ? kernel.all.load : mkconst(1, type=float)",
	"kernel.all.load > 0.95 ? 1.5 : kernel.all.load", "kernel.all.load ? 1 : 2", "hinv.ncpu ? mem.physmem : hinv.ncpu",
	"avg(kernel.all.load)", "sum(kernel.all.load)", "max(kernel.all.load)", "min(kernel.all.load)", "count(kernel.all.load)",
	"max(kernel.all.load) - min(kernel.all.load)", "avg(kernel.all.load) * hinv.ncpu", "max(kernel.all.load) > 0.5 ? 1 : 0",
	"avg(hinv.ncpu)", "sum(hinv.ncpu)", "count(hinv.ncpu)", "avg(disk.dev.read)", "sum(disk.dev.read)", "max(disk.dev.read)", "min(disk.dev.read)", "count(disk.dev.read)",
	"instant(disk.dev.read)", "instant(hinv.ncpu)", "instant(disk.dev.read) + instant(disk.dev.write)", "instant(disk.dev.read) * instant(disk.dev.write)",
	"instant(disk.dev.write) / instant(disk.dev.read)", "instant(disk.dev.read) * kernel.all.load",
	"disk.dev.read", "disk.dev.read + disk.dev.write", "disk.dev.read - disk.dev.write", "disk.dev.read * disk.dev.write", "disk.dev.read / disk.dev.write",
	"disk.dev.read + 1", "disk.dev.read * 2", "disk.dev.read / 2", "2 * disk.dev.read", "2 / disk.dev.read", "-disk.dev.read", "disk.dev.read > 3",
	"disk.dev.read == disk.dev.write", "disk.dev.read * mem.physmem", "mem.physmem * disk.dev.read", "disk.dev.read + kernel.all.load",
	"delta(disk.dev.read)", "delta(hinv.ncpu)", "delta(kernel.all.load)", "delta(mem.physmem)", "rate(disk.dev.read)", "rate(kernel.all.cpu.user)", "rate(mem.physmem)",
	"mem.physmem", "mem.physmem + hinv.ncpu", "mem.physmem > 100", "mem.physmem > hinv.ncpu", "hinv.ncpu > mem.physmem", "mem.physmem > kernel.all.load", "mem.physmem && 1", "-mem.physmem",
	"mem.physmem + mkconst(1, units=\"Gbyte\")", "mkconst(1, units=\"Gbyte\") + mem.physmem", "mem.physmem - mkconst(1, units=\"byte\")",
	"mem.physmem / mkconst(1, type=double, units=\"Mbyte\")", "mem.physmem * mkconst(3, units=\"sec\")", "mem.physmem / mkconst(3, units=\"hour\")",
	"rescale(mem.physmem, \"Mbyte\")", "rescale(mem.physmem, \"byte\")", "rescale(mem.physmem * 1.0, \"Gbyte\")", "rescale(mem.physmem, \"sec\")", "rescale(hinv.ncpu, \"count\")",
	"rescale(kernel.all.load, \"count\")", "rescale(kernel.all.cpu.user, \"sec\")", "rescale(kernel.all.cpu.user, \"usec\")", "rescale(kernel.all.cpu.user, \"hour\")",
	"rescale(mem.physmem / mkconst(1, units=\"sec\"), \"Mbyte/hour\")", "rescale(disk.dev.read, \"count x 10^3\")",
	"mkconst(42, type=double, semantics=counter, units=\"byte\")", "mkconst(4294967295, type=64)", "mkconst(7, type=float, units=\"Kbyte/sec\")",
	"mkconst(3, type=\"u64\", semantics=\"instant\", units=count)", "mkconst(1.5, type=float)", "mkconst(9, semantics=discrete)",
	"mkconst(1, units=\"Kbyte\") + mkconst(1, units=\"Mbyte\")", "mkconst(1, units=\"sec\") + mkconst(1, units=\"hour\")", "mkconst(1, units=\"usec\") + mkconst(1, units=\"min\")",
	"mkconst(8, units=\"Kbyte/sec\") + mkconst(1, units=\"Mbyte/min\")", "mkconst(8, units=\"Kbyte/sec\") * mkconst(1, units=\"Mbyte/min\")",
	"mkconst(8, units=\"Kbyte/sec\") / mkconst(1, units=\"Mbyte/min\")", "mkconst(8, units=\"Kbyte\") / mkconst(1, units=\"Mbyte\")",
	"mkconst(8, units=\"sec\") * mkconst(1, units=\"Mbyte\")", "mkconst(8, units=\"count/sec\") - mkconst(60, units=\"count/hour\")",
	"mkconst(8, units=\"sec/Mbyte\") + mkconst(1, units=\"msec/Kbyte\")", "1 ? mkconst(8, units=\"Kbyte\") : mkconst(8, units=\"Mbyte\")",
	"1 ? mkconst(8, units=\"sec\") : mkconst(8, units=\"hour\")", "1 ? mkconst(8, units=\"byte\") : mkconst(8, units=\"count\")",
	"kernel.all.load[1 minute]", "kernel.all.load[1]", "kernel.all.load[5 minute] * 2", "kernel.all.load[1 minute] + hinv.ncpu", "kernel.all.load[1 minute] > kernel.all.load[5 minute]",
	"hinv.ncpu[x]", "scalar(kernel.all.load)", "scalar(kernel.all.load[5 minute])", "scalar(hinv.ncpu)", "scalar(3)", "scalar(kernel.all.load + 1)", "scalar(disk.dev.read)", "scalar(disk.dev.read) + 0",
	"matchinst(/^1/, kernel.all.load)", "matchinst(/5/, kernel.all.load)", "matchinst(!/5/, kernel.all.load)", "matchinst(/5|1/, kernel.all.load)", "matchinst(/minute/, kernel.all.load)",
	"matchinst(/^5$/, kernel.all.load) + 1", "matchinst(/5/, kernel.all.load + 0)", "scalar(matchinst(/5/, kernel.all.load))", "matchinst(/x/, hinv.ncpu)",
	"matchinst(/1/, kernel.all.load) - matchinst(/5/, kernel.all.load)", "matchinst(/^sd|^vd|^hd/, disk.dev.read)", "matchinst(/[0-9]+/, kernel.all.load)",
	"anon(PM_TYPE_U32)", "anon(PM_TYPE_DOUBLE)", "anon(PM_TYPE_64)", "defined(hinv.ncpu)", "defined(no.such.metric)", "defined(hinv.ncpu) ? hinv.ncpu : 1", "defined(no.such.metric) ? 3 : hinv.ncpu",
	"defined(hinv.ncpu) + 1", "no.such.metric + 1", "count(no.such.metric)",
	// no expressions
	"/ 2", "hinv.ncpu +", "+ hinv.ncpu", "hinv.ncpu hinv.ncpu", "(hinv.ncpu", "hinv.ncpu)", "4294967296", "hinv.ncpu # 3", "hinv.ncpu & 1", "hinv.ncpu | 1", "hinv.ncpu ? 1", "hinv.ncpu ? 1 :",
	"sum(3)", "sum()", "sum(hinv.ncpu + 1)", "rate(kernel.all.load[1 minute])", "delta(delta(hinv.ncpu))", "rescale(hinv.ncpu, \"furlong\")", "rescale(hinv.ncpu, byte)", "rescale(", "rescale(hinv.ncpu)",
	"mkconst(1, type=string)", "mkconst(1.5, type=u32)", "mkconst(1, semantics=foo)", "mkconst(1, units=\"foo\")", "\"abc", "matchinst(/x, kernel.all.load)", "matchinst(kernel.all.load)",
	"hinv.ncpu = 3", "*", "!", "a <", "1 + ", "- ", "1 &&", "hinv.ncpu == ", "1 + (hinv.ncpu", "(1 + 2", "( )", ")", "? 1", "hinv.ncpu (3)", "1 * * 2", "hinv.ncpu[x", "matchinst(/x/ hinv.ncpu)", "scalar()",
}

// The archives in which the expressions are evaluated.
var archives = []string{"pcp-dstat", "20130706-a", "all-irix-6.5.25", "20180415.09.16", "pcp-atop"}

// TestReference compares descriptors, values and messages with those of pminfo.
func TestReference(t *testing.T) {
	folder := oracle.Corpus(t)
	for _, name := range archives {
		t.Run(name, func(t *testing.T) {
			a := openArchive(t, filepath.Join(folder, "archives", name))
			want := reference(t, a.path)
			same := 0
			for i, text := range expressions {
				id := fmt.Sprintf("test.m%d", i)
				got := a.describe(id, text)
				if assert.True(t, equal(want[id], got), "%s\nreference: %s\nhere:      %s", text, want[id], got) {
					same++
				}
			}
			t.Logf("%d of %d expressions are equal", same, len(expressions))
			assert.GreaterOrEqual(t, same, 60)
		})
	}
}

// reference returns what pminfo says of each expression.
func reference(t *testing.T, path string) map[string]string {
	t.Helper()
	var config strings.Builder
	for i, text := range expressions {
		fmt.Fprintf(&config, "test.m%d = %s\n", i, text)
	}
	file := filepath.Join(t.TempDir(), "derived")
	require.NoError(t, os.WriteFile(file, []byte(config.String()), 0o600))
	cmd := oracle.Command(t, "pminfo", "-a", path, "-d", "-f", "test")
	cmd.Env = append(os.Environ(), "PCP_DERIVED_CONFIG="+file)
	var wrong strings.Builder
	cmd.Stderr = &wrong
	out, _ := cmd.Output() // fails because some metrics cannot be bound
	all := messages(wrong.String())
	var id string
	lines := bufio.NewScanner(strings.NewReader(string(out)))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "test.m"):
			var failed bool
			if id, _, failed = strings.Cut(line, ":"); failed && all[id] == "" {
				all[id] = "not bound"
			}
		case line != "":
			all[id] += line + "; "
		}
	}
	return all
}

// messages returns the messages of wrong expressions.
func messages(text string) map[string]string {
	all := map[string]string{}
	syntax := regexp.MustCompile(`(?m)^\[.*\] Error: pmRegisterDerived\((\S+), \.\.\.\) syntax error\n(.*)\n(.*)\n`)
	for _, m := range syntax.FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string { return text[m[2*i]:m[2*i+1]] }
		reason, _, _ := strings.Cut(text[m[1]:], "\n")
		if strings.HasPrefix(reason, "[") || strings.HasPrefix(reason, "Semantic") {
			reason = "" // the reference says nothing
		}
		all[part(1)] = fmt.Sprintf("syntax error at %d: %s", strings.Index(part(3), "^")-1, reason)
	}
	for _, m := range regexp.MustCompile(`(?m)^Semantic error: derived metric (\S+): (.*)$`).FindAllStringSubmatch(text, -1) {
		all[m[1]] = "semantic error: " + m[2]
	}
	return all
}

// equal compares what the reference says with what is here. Numbers may differ in the
// digits that the reference does not print.
func equal(want, got string) bool {
	if strings.HasSuffix(want, ": ") && strings.HasPrefix(got, want) {
		return true // only the place
	}
	w, g := strings.Fields(want), strings.Fields(got)
	if len(w) != len(g) {
		return false
	}
	for i := range w {
		g[i] = strings.Replace(g[i], "+Inf", "inf", 1)
		x, err1 := strconv.ParseFloat(strings.TrimSuffix(w[i], ";"), 64)
		y, err2 := strconv.ParseFloat(strings.TrimSuffix(g[i], ";"), 64)
		if w[i] == g[i] || err1 == nil && err2 == nil && math.Abs(x-y) <= 1e-7*math.Abs(x) {
			continue
		}
		return false
	}
	return true
}

// opened is an archive with the values of its records.
type opened struct {
	path  string
	descs map[string]*meta.Desc
	steps []map[pcp.PMID][]history.Value
	names map[pcp.InDomID]map[pcp.InstID]string
}

func openArchive(t *testing.T, path string) *opened {
	t.Helper()
	r, err := archive.Open(path, nil)
	require.NoError(t, err)
	a := &opened{path: path, descs: map[string]*meta.Desc{}, names: map[pcp.InDomID]map[pcp.InstID]string{}}
	for d := range r.Meta().Metrics() {
		for _, name := range d.Names {
			a.descs[name] = d
		}
	}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		values := map[pcp.PMID][]history.Value{}
		for _, m := range step.Metrics {
			if m.InDom != nil && a.names[m.InDom.ID] == nil {
				a.names[m.InDom.ID] = map[pcp.InstID]string{}
				for _, in := range m.InDom.Instances {
					a.names[m.InDom.ID][in.ID] = in.Name
				}
			}
			list := []history.Value{}
			for _, p := range m.Points {
				list = append(list, p.Value)
			}
			values[m.Metric.Desc.PMID] = list
		}
		if a.steps = append(a.steps, values); len(a.steps) == 20 {
			break
		}
	}
	return a
}

// describe returns what pminfo prints of a derived metric.
func (a *opened) describe(id, text string) string {
	e, err := derive.Parse(text)
	var syntax *derive.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("syntax error at %d: %s", syntax.Offset, syntax.Reason)
	}
	m, err := e.Bind(id, func(name string) (*meta.Desc, bool) { d, ok := a.descs[name]; return d, ok })
	var semantic *derive.SemanticError
	switch {
	case errors.As(err, &semantic):
		return "semantic error: " + semantic.Part + ": " + semantic.Reason
	case err != nil:
		return "not bound"
	}
	types := map[pcp.Type]string{pcp.Type32: "32-bit int", pcp.TypeU32: "32-bit unsigned int", pcp.Type64: "64-bit int", pcp.TypeU64: "64-bit unsigned int", pcp.TypeFloat: "float", pcp.TypeDouble: "double"}
	indom := "PM_INDOM_NULL"
	if m.InDom != pcp.InDomNull {
		indom = m.InDom.String()
	}
	units := m.Units.String()
	if units == "" {
		units = "none"
	}
	out := fmt.Sprintf("Data Type: %s  InDom: %s 0x%x; Semantics: %s  Units: %s; ", types[m.Type], indom, uint32(m.InDom), m.Sem, units)
	now := a.sample(m)
	values := m.Eval(now, nil)
	if len(values) == 0 {
		return out + "No value(s) available!; "
	}
	for _, v := range values {
		f, _ := v.Number(m.Type)
		if m.InDom == pcp.InDomNull {
			out += fmt.Sprintf("value %v; ", f)
		} else {
			out += fmt.Sprintf("inst [%d or %q] value %v; ", v.Inst, a.names[m.InDom][v.Inst], f)
		}
	}
	return out
}

// sample returns the first record with an operand, as pmFetch does.
func (a *opened) sample(m *derive.Metric) *derive.Sample {
	s := &derive.Sample{
		Values:   func(pcp.PMID) []history.Value { return nil },
		Instance: func(domain pcp.InDomID, inst pcp.InstID) (string, bool) { n, ok := a.names[domain][inst]; return n, ok },
	}
	for _, step := range a.steps {
		for _, d := range m.Operands {
			if _, ok := step[d.PMID]; ok {
				s.Values = func(id pcp.PMID) []history.Value { return step[id] }
				return s
			}
		}
	}
	return s
}
