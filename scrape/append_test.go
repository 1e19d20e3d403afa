package scrape_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// numbers are a metric's PMID and instance domain by its name, and an instance's
// numbers by the metric's name and its own without its number.
func numbers(r *archive.Reader) map[string]string {
	out := map[string]string{}
	for d := range r.Meta().Metrics() {
		out[d.Name()] = fmt.Sprint(d.PMID, " ", d.InDom)
		ids := map[string][]int{}
		for in := range r.Meta().InDomVersions(d.InDom) {
			for _, inst := range in.Instances {
				_, labels, _ := strings.Cut(inst.Name, " ")
				ids[labels] = append(ids[labels], int(inst.ID))
			}
		}
		for labels, list := range ids {
			slices.Sort(list)
			out[d.Name()+" "+labels] = fmt.Sprint(slices.Compact(list))
		}
	}
	return out
}

// marks returns how many marks an archive has, and how many records before the
// first and after.
func marks(t *testing.T, r *archive.Reader) (n, before, after int) {
	t.Helper()
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		switch _, mark := rec.Record.(*archive.Mark); {
		case mark:
			n++
		case n == 0:
			before++
		default:
			after++
		}
	}
	return n, before, after
}

const firstPage = `# HELP req_total requests
# TYPE req_total counter
req_total{code="200"} 5
req_total{code="500"} 6
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.1"} 1
lat_seconds_bucket{le="+Inf"} 2
lat_seconds_sum 0.3
lat_seconds_count 2
# TYPE shape gauge
shape 1
plain 7
`

// The page after the restart has a series less and one more, a metric that comes
// back in another shape, and a new metric.
const secondPage = `# HELP req_total requests
# TYPE req_total counter
req_total{code="404"} 1
req_total{code="500"} 7
# TYPE lat_seconds histogram
lat_seconds_bucket{le="0.1"} 2
lat_seconds_bucket{le="+Inf"} 3
lat_seconds_sum 0.4
lat_seconds_count 3
# TYPE shape gauge
shape{side="a"} 2
plain 8
fresh 9
`

// TestAppend: a recorder that is started again goes on under the same numbers,
// after one mark; so it does if the earlier one was killed while it wrote.
func TestAppend(t *testing.T) {
	t.Parallel()
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		p := &page{body: firstPage}
		url := serve(t, p)
		s := startVersion(t, v, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: "web"})
		s.waitMore(2)
		first := s.finish()
		for name, harm := range map[string]func(t *testing.T, base string){
			"closed": func(*testing.T, string) {},
			"killed": func(t *testing.T, base string) {
				for _, suffix := range []string{".0", ".index"} {
					info, err := os.Stat(base + suffix)
					require.NoError(t, err)
					require.NoError(t, os.Truncate(base+suffix, info.Size()-7))
				}
			},
			"killed before the index": func(t *testing.T, base string) { require.NoError(t, os.Truncate(base+".index", 0)) },
			"compressed": func(t *testing.T, base string) {
				for _, suffix := range []string{".0", ".meta"} {
					raw, err := os.ReadFile(base + suffix)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(base+suffix+".xz", archtest.Pack(t, raw, "xz", "-c"), 0o644))
					require.NoError(t, os.Remove(base+suffix))
				}
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				base := filepath.Join(t.TempDir(), "rec")
				for _, suffix := range []string{".0", ".index", ".meta"} {
					raw, err := os.ReadFile(s.base + suffix)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(base+suffix, raw, 0o644))
				}
				harm(t, base)
				p := &page{body: secondPage}
				again := goOn(t, base, "tester", scrape.Endpoint{URL: serve(t, p), Name: "web"})
				again.waitMore(2)
				checkAppended(t, v, first, again.finish())
			})
		}
	})
}

func checkAppended(t *testing.T, v pcp.Version, first, r *archive.Reader) {
	assert.Equal(t, v, r.Header().Version)
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", r.Base()), "pmlogcheck is silent")
	n, before, after := marks(t, r)
	n0, _, _ := marks(t, first)
	assert.Equal(t, n0+1, n, "one more")
	assert.Positive(t, before)
	assert.GreaterOrEqual(t, after, 2)

	was, is := numbers(first), numbers(r)
	for key, id := range was {
		assert.Equal(t, id, is[key], "%s keeps its number", key)
		delete(is, key)
	}
	var added []string
	for key, id := range is {
		added = append(added, key+" = "+id)
	}
	slices.Sort(added)
	assert.Equal(t, []string{
		"openmetrics.web.fresh = 144.1.7 PM_INDOM_NULL",
		"openmetrics.web.req_total code:404 = [2]",
		"openmetrics.web.shape_2 = 144.1.6 144.5126",
		"openmetrics.web.shape_2 side:a = [0]",
	}, added)
	for l := range r.Meta().AllLabels() {
		if l.Level == labelset.Item || l.Level == labelset.Context {
			count := 0
			for m := range r.Meta().AllLabels() {
				if m.Level == l.Level && m.Ident == l.Ident {
					count++
				}
			}
			assert.Equal(t, 1, count, "labels that do not change are not written again")
		}
	}

	// The reference sees both halves under the same names and numbers.
	values := strings.Split(oracle.Run(t, "pmval", "-z", "-f0", "-U", r.Base(), "openmetrics.web.plain"), "\n")
	text := strings.Join(values, "\n")
	assert.Regexp(t, regexp.MustCompile(`(?s) 7\n.*[Aa]rchive.*[Mm]ark.* 8\n| 7\n.* 8\n`), text)
	info := oracle.Run(t, "pminfo", "-f", "-O", "-0", "-a", r.Base(), "openmetrics.web.req_total")
	assert.Contains(t, info, `inst [1 or "1 code:500"] value 7`)
	assert.Contains(t, info, `inst [2 or "2 code:404"] value 1`)
	assert.NotContains(t, info, "code:200")
	assert.Contains(t, oracle.Run(t, "pminfo", "-f", "-a", r.Base(), "openmetrics.web.req_total"), `inst [0 or "0 code:200"] value 5`)

	got := flattened(t, r, flatten.Options{NoHealth: true})
	assert.Equal(t, 5.0, got[`req_total code="200"`][0].v)
	list := got[`req_total code="500"`]
	assert.Equal(t, 6.0, list[0].v)
	assert.Equal(t, 7.0, list[len(list)-1].v)
	assert.True(t, slices.ContainsFunc(list, func(s timedValue) bool { return prom.IsStale(s.v) }), "the gap shows")
}

// TestAppendNothing: a recorder that is stopped before its first scrape leaves
// the archive as it was.
func TestAppendNothing(t *testing.T) {
	srv := httptest.NewServer(&page{body: "a 1\n"})
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: srv.URL, Name: "web"})
	s.waitMore(1)
	s.finish()
	srv.Close()
	want, err := os.ReadFile(s.base + ".0")
	require.NoError(t, err)
	a, err := archive.Continue(s.base, nil)
	require.NoError(t, err)
	require.NoError(t, convert.NewToArchive(a).Close())
	got, err := os.ReadFile(s.base + ".0")
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// TestAppendToAgent continues an archive of the real agent and logger: metrics of
// one name and shape go on under the agent's numbers.
func TestAppendToAgent(t *testing.T) {
	oracle.Path(t, "pmlogger")
	ref := startReference(t)
	url := serve(t, &page{body: firstPage, kind: "text/plain; version=0.0.4"})
	source := fmt.Sprintf("again%d", os.Getpid())
	theirs := ref.record(t, source, url)
	was := numbers(theirs)
	require.NotEmpty(t, was["openmetrics."+source+".req_total code:500"])
	s := goOn(t, theirs.Base(), theirs.Header().Host, scrape.Endpoint{URL: url, Name: source})
	s.waitMore(2)
	r := s.finish()
	assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", r.Base()), "pmlogcheck is silent")
	is := numbers(r)
	for key, id := range was {
		assert.Equal(t, id, is[key], "%s keeps its number", key)
		delete(is, key)
	}
	for key := range is {
		// le="0.1" is the same in both; other numbers Prometheus writes anew.
		assert.Contains(t, key, "openmetrics.control.", "new")
	}
	n, before, after := marks(t, r)
	assert.Equal(t, 1, n)
	assert.Positive(t, before)
	assert.Positive(t, after)
	info := oracle.Run(t, "pminfo", "-f", "-O", "-0", "-a", r.Base(), "openmetrics."+source+".req_total")
	assert.Contains(t, info, `code:500"] value 6`)
	l, _ := r.Meta().LabelsAt(labelset.Context, meta.ContextIdent, pcp.MaxTime)
	require.NotNil(t, l)
	assert.Contains(t, l.Sets[0].Set.JSON(), "machineid", "the logger's labels stay")
}
