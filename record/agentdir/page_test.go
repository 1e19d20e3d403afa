package agentdir

import (
	"errors"
	"io"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func rewritten(page string) (string, *rewriter, error) {
	w := &rewriter{}
	err := w.rewrite([]byte(page))
	return string(w.out), w, err
}

func TestRewrite(t *testing.T) {
	for in, want := range map[string]string{
		"a 1\n":                        "a 1\n",
		"  a\t 1  \r\n":                "a\t 1\n",
		"a{b=\"c\"} 1 1395066363000\n": "a{b=\"c\"} 1 1395066363000\n",
		"a{b=\"c\"} 1 later\n":         "a{b=\"c\"} 1\n",
		"a { b = \"c\" , } 1":          "a{b=\"c\"} 1\n",
		"a.b{c=\"d\"} 1":               "{\"a.b\",c=\"d\"} 1\n",
		"{\"a.b\",\"c.d\"=\"e\"} 1":    "{\"a.b\",\"c.d\"=\"e\"} 1\n",
		"a{b=\"1\",c=\"2\",b=\"3\"} 1": "a{c=\"2\",b=\"3\"} 1\n",
		"a{b=\"\\\"x}\\\\\"} 1":        "a{b=\"\\\"x}\\\\\"} 1\n",
		"a{b=\"\xff\"} 1":              "a{b=\"\ufffd\"} 1\n",
		"a 1e999":                      "a +Inf\n",
		"# TYPE a gauge\n#TYPE b gauge\n# TYPE c unknown\n# Type d gauge\n# HELP a  x  y\n# EOF\na 1": "# TYPE a gauge\n# HELP a x  y\na 1\n",
		"# HELP a.b text\na.b 1": "# HELP \"a.b\" text\n{\"a.b\"} 1\n",
	} {
		out, w, err := rewritten(in)
		require.NoError(t, err, in)
		assert.Equal(t, want, out, in)
		assert.Zero(t, w.bad, in)
		assertParses(t, out)
	}
}

func TestRewriteBadLines(t *testing.T) {
	for _, line := range []string{
		"a", "1a 1", "a-b 1", "a{b} 1", "a{b=c} 1", "a{b=\"c} 1", "a{b=\"c\"", "a{b=\"c\" d=\"e\"} 1", "a one", "a 1_0", "a\x00 1",
		"{b=\"c\"} 1", "{\"a\",\"b\"} 1", "a{__name__=\"b\"} 1", "a{=\"b\"} 1", "<html>", "a{\"b\"} 1",
	} {
		out, w, err := rewritten("good 1\n" + line + "\nafter 2\n")
		require.NoError(t, err, line)
		assert.Equal(t, "good 1\nafter 2\n", out, line)
		assert.Equal(t, 1, w.bad, line)
		assert.ErrorContains(t, w.first, "line 2 of the page: ", line)
		_, _, err = rewritten(line)
		assert.Error(t, err, "a page of bad lines only is an error: %s", line)
	}
}

// A block of comments describes the samples up to the next block.
func TestPCPLines(t *testing.T) {
	_, w, err := rewritten("# PCP5 x.y 1.2.3 u64 1.2 counter KB / s\n# HELP a text\na 1\nb 2\n# HELP c text\nc 3\n# PCP 9bad counter sec\nd 4\n# PCP5 short\n")
	require.NoError(t, err)
	require.Len(t, w.metas, 3)
	assert.Equal(t, "x.y", w.metas["a"].Name)
	assert.Equal(t, w.metas["a"], w.metas["b"])
	assert.Equal(t, "Kbyte / sec", w.metas["a"].Units.String())
	assert.Empty(t, w.metas["d"].Name)
	assert.Equal(t, "sec", w.metas["d"].Units.String())
}

func TestFilterOpenMetrics(t *testing.T) {
	var rules Rules
	require.NoError(t, rules.addFilter("EXCLUDE METRIC a_total"))
	w := &rewriter{rules: &rules, excluded: map[string]bool{}}
	w.filterOpenMetrics([]byte("# TYPE a counter\na_total{x=\"y\"} 1 # {z=\"1\"} 2\nb 2\n# EOF\n"))
	assert.Equal(t, "# TYPE a counter\nb 2\n# EOF\n", string(w.out))
}

// assertParses fails if Prometheus' parser rejects a page.
func assertParses(t testing.TB, page string) {
	t.Helper()
	p := textparse.NewPromParser([]byte(page), labels.NewSymbolTable(), false)
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", page, err)
		}
		if entry == textparse.EntrySeries {
			var set labels.Labels
			p.Labels(&set)
			if name, twice := set.HasDuplicateLabelNames(); twice {
				t.Fatalf("%q: label %q twice", page, name)
			}
		}
	}
}

// Prometheus' parser accepts every page that was rewritten, and the rewriting of such a page
// changes nothing.
func FuzzRewrite(f *testing.F) {
	f.Add("# HELP a text\n# TYPE a gauge\na {b = \"c\\n\",} 1 2\n")
	f.Add("a.b{c=\"d\"} NaN\n{\"x y\",\"u v\"=\"w\"} +Inf\n# PCP5 a.b 1.2.3 u32 1.2 counter byte\n")
	f.Add("x{y=\"\\\\\",z=\"\xff\"} 1e999 7 8\r\n\x00\n")
	f.Fuzz(func(t *testing.T, page string) {
		out, w, _ := rewritten(page)
		assertParses(t, out)
		again, w2, err := rewritten(out)
		if again != out || w2.bad != 0 || err != nil || w2.taken != w.taken {
			t.Fatalf("%q, then %q: %v", out, again, err)
		}
	})
}
