package derive_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/derive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var disks = pcp.NewInDomID(60, 1)

// metric returns the descriptor of a metric of the tests.
func metric(item uint32, t pcp.Type, indom pcp.InDomID, sem pcp.Semantics, units pcp.Units) *meta.Desc {
	return &meta.Desc{PMID: pcp.NewPMID(60, 0, item), Type: t, InDom: indom, Sem: sem, Units: units}
}

// known are the metrics of the tests.
var known = map[string]*meta.Desc{
	"cpus":  metric(1, pcp.TypeU32, pcp.InDomNull, pcp.SemDiscrete, pcp.Units{}),
	"reads": metric(2, pcp.TypeU64, disks, pcp.SemCounter, pcp.Units{DimCount: 1}),
	"busy":  metric(3, pcp.TypeU32, disks, pcp.SemCounter, pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}),
	"free":  metric(4, pcp.TypeU64, pcp.InDomNull, pcp.SemInstant, pcp.Units{DimSpace: 1, ScaleSpace: 1}),
	"temp":  metric(5, pcp.Type32, disks, pcp.SemInstant, pcp.Units{}),
	"share": metric(6, pcp.TypeFloat, disks, pcp.SemInstant, pcp.Units{}),
	"name":  metric(7, pcp.TypeString, pcp.InDomNull, pcp.SemDiscrete, pcp.Units{}),
}

func lookup(name string) (*meta.Desc, bool) { d, ok := known[name]; return d, ok }

// sampleAt returns the values of a second.
func sampleAt(second int) *derive.Sample {
	n := uint64(second)
	all := map[string][]history.Value{
		"cpus":  {history.WordValue(pcp.InstNull, 4)},
		"reads": {history.NumberValue(0, pcp.TypeU64, 100+10*n), history.NumberValue(1, pcp.TypeU64, 7)},
		"busy":  {history.WordValue(0, uint32(500*n)), history.WordValue(2, uint32(1000*n))},
		"free":  {history.NumberValue(pcp.InstNull, pcp.TypeU64, 5000-1000*n)},
		"temp":  {history.WordValue(0, ^uint32(4)), history.WordValue(1, 6)},
		"share": {history.NumberValue(0, pcp.TypeFloat, 0x3f000000), history.NumberValue(1, pcp.TypeFloat, 0)}, // 0.5 and 0
		"name":  {history.StringValue(pcp.InstNull, "x")},
	}
	byID := map[pcp.PMID][]history.Value{}
	for name, values := range all {
		byID[known[name].PMID] = values
	}
	return &derive.Sample{
		Stamp:  pcp.TimestampOf(time.Unix(int64(1000+second), 0)),
		Values: func(id pcp.PMID) []history.Value { return byID[id] },
		Instance: func(_ pcp.InDomID, inst pcp.InstID) (string, bool) {
			names := []string{"sda", "sdb 2", "hdc"}
			if inst < 0 || int(inst) >= len(names) {
				return "", false
			}
			return names[inst], true
		},
	}
}

// TestValues lists expressions with their values, by instance.
func TestValues(t *testing.T) {
	for text, want := range map[string]map[pcp.InstID]float64{
		"reads":                          {0: 120, 1: 7},
		"delta(reads)":                   {0: 20, 1: 0},
		"rate(reads)":                    {0: 10, 1: 0},
		"rate(busy)":                     {0: 0.5, 2: 1},
		"rate(free)":                     {-1: -1000},
		"delta(free)":                    {-1: -2000},
		"rate(reads) * rate(busy)":       {0: 5},
		"instant(reads) / instant(busy)": {0: 0.12},
		"temp + 1":                       {0: 4294967292, 1: 7}, // U32 is the type of a constant
		"temp + mkconst(1, type=32)":     {0: -4, 1: 7},
		"sum(temp)":                      {-1: 1},
		"max(temp)":                      {-1: 6},
		"min(temp)":                      {-1: -5},
		"avg(temp)":                      {-1: 0.5},
		"count(busy)":                    {-1: 2},
		"!share":                         {0: 0, 1: 1},
		"share > 0.25 ? temp : -temp":    {0: -5, 1: -6},
		"share > 0.25 && cpus > 3":       {0: 1, 1: 0},
		"cpus > 3 ? temp : mkconst(0, type=32, semantics=instant)": {0: -5, 1: 6},
		"matchinst(/^sd/, temp)":                                   {0: -5, 1: 6},
		"matchinst(!/^sda$/, temp)":                                {1: 6},
		"matchinst(/^sdb$/, temp)":                                 {1: 6},
		"temp[sdb 2]":                                              {1: 6},
		"temp[sdb]":                                                {1: 6},
		"scalar(temp[sdb])":                                        {-1: 6},
		"rescale(free, \"Mbyte\")":                                 {-1: 3},
		"free > 2.5":                                               {-1: 1},
		"defined(nothing) || defined(cpus)":                        {-1: 1},
		"novalue(type=u64, semantics=counter, units=\"Kbyte/sec\", indom=60.1)": {},
		"anon(PM_TYPE_FLOAT)": {},
		"max(novalued)":       nil,
	} {
		e, err := derive.Parse(text)
		require.NoError(t, err, text)
		m, err := e.Bind("x", lookup)
		if want == nil {
			require.ErrorAs(t, err, new(*derive.UnknownError), text)
			continue
		}
		require.NoError(t, err, text)
		got := map[pcp.InstID]float64{}
		for _, v := range m.Eval(sampleAt(2), sampleAt(0)) {
			f, ok := v.Number(m.Type)
			require.True(t, ok, text)
			got[v.Inst] = f
		}
		assert.Equal(t, want, got, text)
		assert.Equal(t, strings.Contains(text, "delta") || strings.Contains(text, "rate("), m.Before, text)
		if m.Before {
			assert.Empty(t, m.Eval(sampleAt(2), nil), text)
		}
	}
}

// TestStamps has values that were recorded at other times than the sample.
func TestStamps(t *testing.T) {
	e, err := derive.Parse("rate(reads)")
	require.NoError(t, err)
	m, err := e.Bind("x", lookup)
	require.NoError(t, err)
	now, before := sampleAt(2), sampleAt(0)
	stamps := func(seconds ...int64) func(pcp.PMID) []pcp.Timestamp {
		return func(pcp.PMID) (all []pcp.Timestamp) {
			for _, s := range seconds {
				all = append(all, pcp.TimestampOf(time.Unix(s, 0)))
			}
			return all
		}
	}
	now.Stamps, before.Stamps = stamps(960, 960), stamps(955, 960)
	values := m.Eval(now, before)
	require.Len(t, values, 1, "the second instance has one observation only")
	rate, _ := values[0].Number(m.Type)
	assert.InDelta(t, 4, rate, 0)
}

// TestRename gives a string another name.
func TestRename(t *testing.T) {
	e, err := derive.Parse("name")
	require.NoError(t, err)
	m, err := e.Bind("other", lookup)
	require.NoError(t, err)
	values := m.Eval(sampleAt(0), nil)
	require.Len(t, values, 1)
	assert.Equal(t, "x", values[0].Text())
	assert.Equal(t, []*meta.Desc{known["name"]}, m.Operands)
}

// TestDescriptors lists expressions with type, semantics and units.
func TestDescriptors(t *testing.T) {
	for text, want := range map[string]string{
		"delta(reads)": "double instant count", "delta(busy)": "64 instant millisec", "rate(busy)": "double instant none", "rate(free)": "double instant Kbyte / sec",
		"sum(reads)": "u64 counter count", "max(reads)": "u64 instant count", "avg(reads)": "float instant count", "count(reads)": "u32 instant count",
		"reads > 3": "u32 counter none", "free * free": "u64 instant Kbyte^2", "free / 3": "double instant Kbyte", "cpus + 1": "u32 discrete none",
		"free + mkconst(1, units=\"Mbyte\")": "double instant Mbyte", "novalue(type=float, units=\"Kbyte/sec\")": "float instant Kbyte / sec",
	} {
		e, err := derive.Parse(text)
		require.NoError(t, err, text)
		m, err := e.Bind("x", lookup)
		require.NoError(t, err, text)
		units := m.Units.String()
		if units == "" {
			units = "none"
		}
		assert.Equal(t, want, m.Type.String()+" "+m.Sem.String()+" "+units, text)
	}
}

// TestErrors lists wrong expressions with the words of the reference.
func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "Syntax Error at offset 0: unexpected end",
		"cpus +":                  "Syntax Error at offset 5: Arithmetic expression expected to follow PLUS",
		"sum(3)":                  "Syntax Error at offset 4: Metric name expected to follow sum(",
		"4294967296":              "Syntax Error at offset 0: Constant value too large",
		"cpus # 3":                "Syntax Error at offset 5: Illegal character",
		"anon(PM_TYPE_STRING)":    "Syntax Error at offset 5: type=PM_TYPE_STRING not allowed for anon()",
		"3 4":                     "Syntax Error at offset 2: unexpected \"4\"",
		"reads * reads":           "Semantic Error: derived metric x: reads * reads: Illegal operator for counters",
		"-name":                   "Semantic Error: derived metric x: - name: Non-arithmetic operand for unary negation",
		"sum(name)":               "Semantic Error: derived metric x: SUM(name): Non-arithmetic operand for function",
		"name + 1":                "Semantic Error: derived metric x: name + 1: Non-arithmetic type for left operand",
		"name ? 1 : 2":            "Semantic Error: derived metric x: name ? 1 : 2: Non-arithmetic operand for ternary guard",
		"rate(other)":             "derived metric x: operand: other: Unknown metric name",
		"free + cpus":             "Semantic Error: derived metric x: free + cpus: Dimensions are not the same",
		"rescale(free, \"sec\")":  "Semantic Error: derived metric x: free RESCALE sec: Incompatible dimensions",
		strings.Repeat("(", 1000): "Syntax Error at offset 200: the expression is nested too deeply",
		strings.Repeat("-", 1000): "Syntax Error at offset 200: the expression is nested too deeply",
	} {
		e, err := derive.Parse(text)
		if err == nil {
			_, err = e.Bind("x", lookup)
		}
		if assert.Error(t, err, text) {
			assert.Equal(t, want, err.Error(), text)
		}
	}
	_, err := derive.Parse(strings.Repeat("1+", 40_000) + "1")
	assert.ErrorContains(t, err, "longer than 65536 bytes")
	_, err = derive.Parse(strings.Repeat("1+", 30_000) + "1")
	assert.NoError(t, err)
}

// TestConfig reads a file with good and wrong lines.
func TestConfig(t *testing.T) {
	all, wrong := derive.ParseConfig("# comment\n\nmy.size = delta(reads) / 2\r\nmy.size = 3\n  other  =  cpus\n9x = 1\nno equals\n= 3\nempty =\nbad = 1 +\nmy.size(oneline) = \"text\"\nlast=1")
	var names []string
	for _, d := range all {
		names = append(names, d.Name+": "+d.Expr.String())
	}
	assert.Equal(t, []string{"my.size: delta(reads) / 2", "other: cpus", "last: 1"}, names)
	var lines []string
	for _, w := range wrong {
		lines = append(lines, w.Error())
	}
	assert.Equal(t, []string{
		"line 4: my.size: Duplicate global derived metric name", "line 6: illegal derived metric name (9x)", "line 7: missing ``='' after derived metric name",
		"line 8: derived metric name missing", "line 9: empty: expression missing",
		"line 10: bad: Syntax Error at offset 2: Arithmetic expression expected to follow PLUS",
	}, lines)
	var syntax *derive.SyntaxError
	assert.True(t, errors.As(wrong[5], &syntax))
	assert.Equal(t, []string{"reads"}, all[0].Expr.Names())
}

// FuzzParse evaluates any expression.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"reads", "rate(busy) * 3 / avg(temp)", "share > 0.25 ? temp : -temp", "matchinst(!/^sd[ab]$/, temp[sda]) + 1", "scalar(rescale(free, \"Mbyte\"))",
		"mkconst(3, type=u64, units=\"byte\") * 2", "!cpus && 1 || 0 == 3 != 4", "defined(x) ? novalue(indom=3.4) : anon(PM_TYPE_32)", "delta(reads) - (4 - 5)", "name",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := derive.Parse(text)
		if err != nil {
			var syntax *derive.SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.True(t, syntax.Offset >= 0 && syntax.Offset <= len(text))
			require.NotEmpty(t, syntax.Reason)
			return
		}
		m, err := e.Bind("x", lookup)
		if err != nil {
			return
		}
		for _, before := range []*derive.Sample{nil, sampleAt(0)} {
			seen := map[pcp.InstID]bool{}
			for _, v := range m.Eval(sampleAt(3), before) {
				require.False(t, seen[v.Inst], "instance %d twice", v.Inst)
				seen[v.Inst] = true
				require.Equal(t, m.InDom == pcp.InDomNull, v.Inst == pcp.InstNull)
			}
			require.LessOrEqual(t, len(seen), 3)
		}
		again, err := derive.Parse(e.String())
		require.NoError(t, err)
		require.Equal(t, e.Names(), again.Names())
	})
}
