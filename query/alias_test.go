package query

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestEveryNameIsFound: a metric with several names answers to each, also where
// the archives of a host have them in different orders or not all of them, and
// where another metric has one of them in PromQL's spelling. A name that one
// archive gives a metric holds for the host's others.
func TestEveryNameIsFound(t *testing.T) {
	dir := t.TempDir()
	named := func(item uint32, names ...string) *meta.Desc {
		d := define(item, names[0], pcp.SemInstant, pcp.InDomNull)
		d.Names = names
		return d
	}
	first := newWriterAt(t, filepath.Join(dir, "a"))
	first.record(0, one(named(1, "x.a", "x.b", "y.c"), 1), one(named(2, "y_c"), 20))
	first.record(10, one(named(1, "x.a", "x.b", "y.c"), 2), one(named(2, "y_c"), 20))
	first.open()
	second := newWriterAt(t, filepath.Join(dir, "b"))
	second.record(20, one(named(1, "x.b", "x.a"), 3))
	second.record(30, one(named(1, "x.b", "x.a"), 4))
	second.open()
	third := newWriterAt(t, filepath.Join(dir, "c"))
	third.record(40, one(named(1, "x.b"), 5))
	third.open()

	e := newSetEngine(t, Options{}, dir)
	assert.Equal(t, []string{`{__name__="x_a"} 0=1 10=2 20=3 30=4 40=5`}, now(t, e, 40, `x_a[1m]`))
	assert.Equal(t, []string{`{__name__="x_b"} 0=1 10=2 20=3 30=4 40=5`}, now(t, e, 40, `x_b[1m]`))
	assert.Equal(t, []string{`{__name__="y_c"} 0=20 10=20`}, now(t, e, 40, `y_c[1m]`))
	assert.Equal(t, []string{`{__name__="x_a"} 0=1 10=2 20=3 30=4 40=5`, `{__name__="x_b"} 0=1 10=2 20=3 30=4 40=5`},
		now(t, e, 40, `{__name__=~"x_.*"}[1m]`))
	assert.Equal(t, []string{`{} 5`}, now(t, e, 0, `sum({__name__=~"x_.|y_.", hostname="h"})-17`)) // 1+1+20
}
