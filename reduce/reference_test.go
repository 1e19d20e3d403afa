package reduce_test

import (
	"flag"
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/reduce"
)

// reduced reduces an archive, and returns the base of the result.
func reduced(t testing.TB, base string, o reduce.Options) (string, *reduce.Report) {
	t.Helper()
	set := storetest.Open(t, base)
	end, err := set.End()
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "reduced")
	report, err := reduce.Reduce(t.Context(), out, set, end, o)
	require.NoError(t, err)
	return out, report
}

// record is a record of a reduced archive: values by metric and instance, or a mark.
type record struct {
	at     pcp.Timestamp
	mark   bool
	values map[string]history.Value
	descs  map[string]*meta.Desc
}

// keyOf names a series. The instance of a singular metric has no meaning.
func keyOf(d *meta.Desc, inst pcp.InstID) string {
	if d.InDom == pcp.InDomNull {
		inst = pcp.InstNull
	}
	return fmt.Sprintf("%s[%d]", d.PMID, inst)
}

// recordsOf reads an archive. It leaves out records without values.
func recordsOf(t testing.TB, base string) (all []record) {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		rec := record{step.Stamp, step.Mark, map[string]history.Value{}, map[string]*meta.Desc{}}
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				key := keyOf(m.Metric.Desc, p.Value.Inst)
				p.Value.Data = append([]byte(nil), p.Value.Data...)
				rec.values[key], rec.descs[key] = p.Value, m.Metric.Desc
			}
		}
		if rec.mark || len(rec.values) > 0 {
			all = append(all, rec)
		}
	}
	return all
}

// sameValue compares two values. The reference computes with floating-point numbers, which
// hold 53 bits.
func sameValue(want, got history.Value, typ pcp.Type) bool {
	w, ok := want.Number(typ)
	if !ok {
		return want.Text() == got.Text()
	}
	g, ok := got.Number(typ)
	rounding := 1e-15
	switch typ {
	case pcp.TypeFloat:
		rounding = 1e-6
	case pcp.TypeDouble:
		rounding = 1e-12
	}
	return ok && (want.Bits == got.Bits || w == g || math.Abs(w-g) <= rounding*math.Abs(w))
}

// comparison compares a reduced archive with that of the reference. Differences count only
// if they are one of these faults of the reference:
//
//   - It omits a counter once after a mark, at the first time at which the counter has a value.
//   - It omits instances that no record of their domain lists.
//   - It takes differences of 64-bit counters beyond 63 bits for negative numbers, cuts the
//     largest one to zero, and exchanges the halves of some values of 1996. Each of these
//     values lies outside of the recorded values around its time.
type comparison struct {
	source   *archive.Reader
	recorded map[string][]point // of the metric asked last

	compared int
	fresh    int // counters that are omitted once after a mark
	unlisted int // values of instances that no record lists
	outside  int // values that are not between the recorded ones
	rounded  int // values that differ in digits beyond the 53rd bit of a recorded value
}

// run compares all records.
func (c *comparison) run(t *testing.T, want, got []record) {
	t.Helper()
	first, last := got[0].at, got[len(got)-1].at
	wanted := map[pcp.Timestamp]record{}
	marks := map[pcp.Timestamp]bool{}
	for _, w := range want {
		if w.mark {
			marks[w.at] = true
		} else {
			wanted[w.at] = w
		}
	}
	marked := false
	since := map[string]bool{} // counters with a value after the last mark
	for _, g := range got {
		if g.mark {
			require.True(t, marks[g.at], "mark at %s", g.at)
			delete(marks, g.at)
			marked = true
			clear(since)
			continue
		}
		w := wanted[g.at]
		delete(wanted, g.at)
		for key, value := range w.values {
			c.value(t, key, value, w.descs[key], g)
		}
		for key := range g.values {
			d := g.descs[key]
			if _, ok := w.values[key]; !ok && !c.listed(d.InDom, g.values[key].Inst) {
				c.unlisted++
			} else if !ok {
				require.True(t, marked && d.Sem == pcp.SemCounter && !since[key], "%s at %s is in excess", key, g.at)
				c.fresh++
			}
			since[key] = true
		}
	}
	for at, w := range wanted {
		require.Empty(t, w.values, "record at %s is missing", at)
	}
	for at := range marks { // the reference writes marks that no record precedes or follows
		require.True(t, at.Before(first) || at.After(last), "mark at %s is missing", at)
	}
}

// value compares a value of the reference with that of the same time.
func (c *comparison) value(t *testing.T, key string, want history.Value, d *meta.Desc, g record) {
	t.Helper()
	got, ok := g.values[key]
	require.True(t, ok, "%s at %s is missing", key, g.at)
	require.Equal(t, d.Type, g.descs[key].Type, key)
	c.compared++
	if sameValue(want, got, d.Type) {
		return
	}
	low, high := c.around(t, key, d.PMID, g.at)
	theirs, _ := want.Number(d.Type)
	ours, _ := got.Number(d.Type)
	require.True(t, d.Sem == pcp.SemCounter && ours >= low && ours <= high, "%s at %s: got %v, recorded %v to %v", key, g.at, got, low, high)
	if extent := max(math.Abs(low), math.Abs(high)); extent > 1<<53 && math.Abs(theirs-ours) < 1e-12*extent {
		c.rounded++
		return
	}
	require.True(t, theirs < low || theirs > high, "%s at %s: want %v, got %v, recorded %v to %v", key, g.at, want, got, low, high)
	c.outside++
}

// listed reports whether a record of a domain lists an instance.
func (c *comparison) listed(domain pcp.InDomID, inst pcp.InstID) bool {
	if domain == pcp.InDomNull {
		return true
	}
	for in := range c.source.Meta().InDomVersions(domain) {
		if slices.ContainsFunc(in.Instances, func(i meta.Instance) bool { return i.ID == inst }) {
			return true
		}
	}
	return false
}

// point is a recorded value of a series.
type point struct {
	at    pcp.Timestamp
	value float64
}

// around returns the recorded values of a series at or before a time, and after it.
func (c *comparison) around(t *testing.T, key string, metric pcp.PMID, at pcp.Timestamp) (low, high float64) {
	t.Helper()
	if c.recorded[key] == nil {
		c.recorded = map[string][]point{}
		for step, err := range c.source.Steps(history.Query{PMIDs: []pcp.PMID{metric}}) {
			require.NoError(t, err)
			for _, m := range step.Metrics {
				for _, p := range m.Points {
					coerced, _ := interp.Coerce(p.Value, m.Metric.Desc.Type)
					v, _ := coerced.Number(m.Metric.Desc.Type)
					k := keyOf(m.Metric.Desc, p.Value.Inst)
					c.recorded[k] = append(c.recorded[k], point{step.Stamp, v})
				}
			}
		}
	}
	all := c.recorded[key]
	next := slices.IndexFunc(all, func(p point) bool { return p.at.After(at) })
	require.Positive(t, next, "%s at %s", key, at)
	return min(all[next-1].value, all[next].value), max(all[next-1].value, all[next].value)
}

var wholeCorpus = flag.Bool("corpus", false, "compare all archives of the corpus with pmlogreduce, which takes four minutes")

// mostRecords bounds the records of a reduced archive of the corpus: the reference's time
// grows with their square.
const mostRecords = 1500

// TestReference compares with the reference, which cuts times to microseconds.
func TestReference(t *testing.T) {
	reference := oracle.Path(t, "pmlogreduce")
	chosen := strings.Fields("gap interpmark reduce-1 reduce-2 geo-foo derive mark_no_mark_0 pcp-vmstat uwrap proc arch_a disk-a mmv.help viewqa1 moomba.client sample-proc_v3 kenj-pc-2 pcp-atop")
	var mu sync.Mutex
	var all comparison
	archives := 0
	t.Run("archives", func(t *testing.T) {
		for _, base := range oracle.Archives(t, "archives", false) {
			if !*wholeCorpus && !slices.Contains(chosen, filepath.Base(base)) {
				continue
			}
			for _, interval := range []time.Duration{2500 * time.Millisecond, 7 * time.Second, time.Minute, 10 * time.Minute} {
				t.Run(fmt.Sprintf("%s/%s", filepath.Base(base), interval), func(t *testing.T) {
					t.Parallel()
					c := comparison{}
					c.compare(t, reference, base, interval)
					mu.Lock()
					defer mu.Unlock()
					archives++
					all.add(c)
				})
			}
		}
	})
	t.Logf("%d archives and intervals, %d values; omitted after a mark: %d, of unlisted instances: %d; outside of the recorded values: %d, rounded: %d",
		archives, all.compared, all.fresh, all.unlisted, all.outside, all.rounded)
}

func (c *comparison) add(o comparison) {
	c.compared += o.compared
	c.fresh += o.fresh
	c.unlisted += o.unlisted
	c.outside += o.outside
	c.rounded += o.rounded
}

func (c *comparison) compare(t *testing.T, reference, base string, interval time.Duration) {
	t.Helper()
	var err error
	c.source, err = archive.Open(base, nil)
	require.NoError(t, err)
	start := c.source.Header().Start
	end, err := c.source.End()
	require.NoError(t, err)
	if span := end.Sub(start); span < interval || span/interval > mostRecords {
		t.Skip("too many or too few records")
	}
	want := filepath.Join(t.TempDir(), "want")
	cmd := exec.CommandContext(t.Context(), reference, "-t", fmt.Sprintf("%dmsec", interval.Milliseconds()), base, want)
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "cannot find inst -1 in value_t list") {
			t.Skip("the reference fails on a singular metric with an instance")
		}
		t.Fatalf("%v: %s", err, out)
	}
	records := recordsOf(t, want)
	if len(records) == 0 {
		t.Skip("one interval is longer than the archive")
	}
	start.Nsec -= start.Nsec % 1000
	got, _ := reduced(t, base, reduce.Options{Interval: interval, Start: start, KeepWraps: true})
	c.run(t, records, recordsOf(t, got))
}
