package interp_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/interp"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

const (
	samples = 20  // times in each archive
	column  = 100 // characters of pmval's columns
	stampAt = 34  // characters of its times
)

// sample is a line of pmval: what it gives at a time, by instance.
type sample struct {
	at     pcp.Timestamp
	values map[string]string
}

// pmval asks for the interpolated values of a metric.
func pmval(t *testing.T, base, name string, step, offset time.Duration) []sample {
	out := oracle.Exec(t, "pmval", "-a", base, "-r", "-X", "-X", "-Z", "UTC", "-w", strconv.Itoa(column), "-f", "9",
		"-s", strconv.Itoa(samples), "-t", fmt.Sprintf("%dmsec", step.Milliseconds()),
		"-O", fmt.Sprintf("+%dmsec", offset.Milliseconds()), name).Stdout
	var found []sample
	instances := []string{""}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimSpace(line) == "" || len(line) < stampAt {
			continue
		}
		at, err := time.Parse("Mon Jan _2 15:04:05.000000000 2006", line[:stampAt])
		if err != nil {
			if strings.TrimSpace(line[:stampAt]) == "" {
				instances = cells(line[stampAt:])
			}
			continue
		}
		s := sample{pcp.TimestampOf(at), map[string]string{}}
		switch {
		case strings.Contains(line, "No values available"):
		case len(instances) == 1 && instances[0] == "":
			if v := strings.TrimSpace(line[stampAt:]); v != "?" {
				s.values[""] = v
			}
		default:
			for i, v := range cells(line[stampAt:]) {
				if v != "?" && i < len(instances) {
					s.values[instances[i]] = v
				}
			}
		}
		found = append(found, s)
	}
	return found
}

// cells cuts a line into columns.
func cells(line string) (cells []string) {
	for len(line) > column {
		cells = append(cells, strings.TrimSpace(line[:column+1]))
		line = line[column+1:]
	}
	return cells
}

// The reference differs for these reasons only.
const (
	// Once after a mark it gives no value of a counter, for its client to compute
	// no rate. Here a value does not depend on what was asked before.
	afterMark = "no counter once after a mark"
	// It subtracts signed integers in their own width, where the difference of
	// counters that ran over does not fit, and gives the least integer.
	overflow = "difference of signed counters overflows"
	// It reads 64-bit values that loggers of 1996 marked as 32-bit ones with
	// their bytes in the wrong order.
	byteOrder = "bytes in the wrong order"
	// It computes 64-bit integers in doubles, which hold 53 bits.
	rounded = "beyond 53 bits"
	// It compares unsigned 64-bit integers as signed ones.
	signed = "unsigned beyond 63 bits taken as signed"
	// It knows instances by their domain only, and pmval prints one of two that
	// have the same name.
	unlisted = "instances without a name of their own"
)

// wronglyMarked are the metrics of byteOrder.
var wronglyMarked = map[string][]string{
	"960624.08.17_v2": {"disk.all.read", "disk.all.write"}, "babylon.pmview_v2": {"disk.all.read", "disk.all.write"},
	"bozo.client_v2": {"disk.all.total"},
}

// TestReference compares with pmval on some metrics of every uncompressed
// archive of the corpus. It is of release 6.0.3, which always gives the earlier
// observation of instant and discrete metrics.
func TestReference(t *testing.T) {
	var mu sync.Mutex
	agree, differences := 0, map[string]int{}
	t.Run("archives", func(t *testing.T) {
		for _, base := range oracle.Archives(t, "archives", true) {
			t.Run(filepath.Base(base), func(t *testing.T) {
				t.Parallel()
				c := newComparison(t, base)
				c.run(t)
				mu.Lock()
				defer mu.Unlock()
				agree += c.agree
				for reason, n := range c.reasons {
					differences[reason] += n
				}
			})
		}
	})
	t.Logf("%d values agree; %v", agree, differences)
}

// most is how many metrics of an archive are compared.
const most = 20

// comparison is that of one archive.
type comparison struct {
	r       *archive.Reader
	picked  []*meta.Desc
	want    map[*meta.Desc][]sample
	got     map[key]history.Value
	agree   int
	reasons map[string]int
}

type key struct {
	at     pcp.Timestamp
	metric pcp.PMID
	inst   pcp.InstID
}

func newComparison(t *testing.T, base string) *comparison {
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	end, err := r.End()
	require.NoError(t, err)
	c := &comparison{r: r, want: map[*meta.Desc][]sample{}, got: map[key]history.Value{}, reasons: map[string]int{}}
	rnd := rand.New(rand.NewPCG(1, uint64(end.Sec)))
	step := max(end.Sub(r.Header().Start)/(samples+1), time.Millisecond)
	offset := time.Duration(rnd.Int64N(int64(step)))
	c.picked = pick(r, rnd)
	for _, d := range c.picked {
		c.want[d] = pmval(t, base, d.Name(), step, offset)
	}
	return c
}

// run compares all values.
func (c *comparison) run(t *testing.T) {
	var times []pcp.Timestamp
	for _, list := range c.want {
		for _, s := range list {
			times = append(times, s.at)
		}
	}
	slices.SortFunc(times, pcp.Timestamp.Compare)
	marks := c.interpolate(t, slices.Compact(times))
	for d, list := range c.want {
		ids := c.instances(d)
		for i, s := range list {
			for inst, theirs := range s.values {
				k := key{s.at, d.PMID, pcp.InstNull}
				if d.InDom != pcp.InDomNull {
					k.inst = ids[inst]
				}
				c.compare(t, d, k, theirs)
				delete(c.got, k)
			}
			if i > 0 && d.Sem == pcp.SemCounter && len(s.values) == 0 && slices.ContainsFunc(marks, func(m pcp.Timestamp) bool {
				return m.After(list[i-1].at) && !m.After(s.at)
			}) {
				maps.DeleteFunc(c.got, func(k key, _ history.Value) bool {
					return k.at == s.at && k.metric == d.PMID && c.differs(afterMark)
				})
			}
		}
	}
	for k, v := range c.got {
		d, _ := c.r.Meta().Desc(k.metric)
		listed := slices.Collect(maps.Values(c.instances(d)))
		if d.InDom != pcp.InDomNull && !slices.Contains(listed, k.inst) {
			c.differs(unlisted)
			continue
		}
		t.Errorf("only we have %v: %v", k, v)
	}
}

func (c *comparison) differs(reason string) bool {
	c.reasons[reason]++
	return true
}

// interpolate fills got and returns the marks.
func (c *comparison) interpolate(t *testing.T, times []pcp.Timestamp) (marks []pcp.Timestamp) {
	for s, err := range interp.At(c.r, slices.Values(times), interp.Options{
		Earlier: true, Marks: true, Metrics: func(d *meta.Desc) bool { return slices.Contains(c.picked, d) },
	}) {
		require.NoError(t, err)
		if s.Mark {
			marks = append(marks, s.Stamp)
		}
		for _, mv := range s.Metrics {
			for _, p := range mv.Points {
				k := key{s.Stamp, mv.Metric.Desc.PMID, p.Value.Inst}
				if mv.Metric.Desc.InDom == pcp.InDomNull {
					k.inst = pcp.InstNull
				}
				c.got[k] = p.Value
			}
		}
	}
	return marks
}

// instances returns the identifiers of a metric's instances by the names that
// head columns. An instance may have several, and stand under any.
func (c *comparison) instances(d *meta.Desc) map[string]pcp.InstID {
	ids := map[string]pcp.InstID{}
	for in := range c.r.Meta().InDomVersions(d.InDom) {
		for _, inst := range in.Instances {
			ids[strings.TrimSpace(inst.Name[:min(len(inst.Name), column)])] = inst.ID
		}
	}
	return ids
}

func (c *comparison) compare(t *testing.T, d *meta.Desc, k key, theirs string) {
	v, ok := c.got[k]
	ours := text(v, d.Type)
	f, _ := v.Number(d.Type)
	g, err := strconv.ParseFloat(theirs, 64)
	require.NoError(t, err)
	isFloat := d.Type == pcp.TypeFloat || d.Type == pcp.TypeDouble
	switch {
	case ok && (ours == theirs || isFloat && math.Abs(f-g) < 2e-9+1e-14*math.Abs(f)):
		c.agree++
	case ok && d.Sem == pcp.SemCounter && math.Abs(f) > 1<<53 && math.Abs(f-g) < 1<<17:
		c.differs(rounded)
	case d.Sem == pcp.SemCounter && (theirs == "-2147483648" || theirs == "-9223372036854775808"):
		c.differs(overflow)
	case ok && d.Type == pcp.TypeU64 && d.Sem == pcp.SemCounter && max(f, g) > 1<<62:
		c.differs(signed)
	case slices.Contains(wronglyMarked[filepath.Base(c.r.Base())], d.Name()):
		c.differs(byteOrder)
	default:
		t.Errorf("%s[%d] (%s %s) at %s: %s, reference %s", d.Name(), k.inst, d.Sem, d.Type, k.at, ours, theirs)
	}
}

// pick chooses numeric metrics.
func pick(r *archive.Reader, rnd *rand.Rand) []*meta.Desc {
	var all []*meta.Desc
	for d := range r.Meta().Metrics() {
		if d.Type.IsNumeric() && d.Name() != "" {
			all = append(all, d)
		}
	}
	rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:min(most, len(all))]
}

func text(v history.Value, t pcp.Type) string {
	switch t {
	case pcp.Type32:
		return strconv.Itoa(int(int32(v.Bits)))
	case pcp.TypeU32, pcp.TypeU64:
		return strconv.FormatUint(v.Bits, 10)
	case pcp.Type64:
		return strconv.FormatInt(int64(v.Bits), 10)
	}
	f, _ := v.Number(t)
	return strconv.FormatFloat(f, 'f', 9, 64)
}
