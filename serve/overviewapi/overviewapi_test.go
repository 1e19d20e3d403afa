package overviewapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/overview"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// begin is the time of the first record.
var begin = time.Date(2025, 3, 4, 14, 0, 0, 0, time.UTC)

// recorded returns an hour of hosts; a disk of the first one is busy from minute 5 to
// minute 20.
func recorded(t testing.TB, hosts ...string) []*store.Set {
	dir := t.TempDir()
	for n, host := range hosts {
		b, err := archive.NewBuilder(filepath.Join(dir, fmt.Sprint(n)), host, &archive.WriteOptions{AsIs: true}) // in UTC
		require.NoError(t, err)
		busy := b.Metric("disk.dev.avactive", pcp.TypeU32, pcp.SemCounter, pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}, `s"<d>`)
		ms := 0
		for i := range 360 {
			if n == 0 && i >= 30 && i < 120 {
				ms += 9800
			}
			busy.Set(ms)
			require.NoError(t, b.Record(begin.Add(time.Duration(i)*10*time.Second)))
		}
		require.NoError(t, b.Close())
	}
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return h.Sets()
}

// Overview makes a View a Source that never changes.
func (v *View) Overview() (*View, func()) { return v, func() {} }

func newAPI(t *testing.T, move timeshift.Move, hosts ...string) *API {
	return New(Options{Source: &View{recorded(t, hosts...), move}, Cache: overview.New(overview.Options{})})
}

// reply is a reply.
type reply struct {
	Status    string
	ErrorType string
	Error     string
	Data      struct {
		Start, End, Step float64
		Rules            []struct {
			Name, Resource, Kind, Expr, Unit, Title string
			Warn, Bad                               float64
			Needs                                   []string
		}
		Hosts []struct {
			Host, Timezone string
			Start, End     float64
			Level          []*float64
			Cause          []int
			Resources      map[string][]*float64
			Marks          []float64
			Covered        [][2]float64
			Missing        []struct {
				Rule    string
				Metrics []string
			}
			Worst []struct {
				Start, End, Level, Value               float64
				Rule, Resource, Instance, Words, Query string
			}
		}
	}
}

func ask(t *testing.T, a *API, query string) (int, reply) {
	t.Helper()
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodGet, Path+"?"+query, nil))
	var r reply
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &r), w.Body.String())
	assert.Equal(t, "application/json", w.Header().Get("Content-Type"))
	return w.Code, r
}

func TestReply(t *testing.T) {
	a := newAPI(t, timeshift.None, "web1", "web2")
	status, r := ask(t, a, "steps=60")
	require.Equal(t, http.StatusOK, status)
	assert.Equal(t, "success", r.Status)
	d := r.Data
	assert.InDelta(t, begin.Unix(), d.Start, 0)
	assert.InDelta(t, begin.Unix()+3590, d.End, 0)
	assert.InDelta(t, 3590.0/60, d.Step, 1e-9)
	require.Len(t, d.Rules, len(overview.Default().Rules))
	require.Len(t, d.Hosts, 2)
	h := d.Hosts[0]
	assert.Equal(t, []string{"web1", "UTC"}, []string{h.Host, h.Timezone})
	require.Len(t, h.Level, 60)
	require.Len(t, h.Cause, 60)
	assert.Len(t, h.Resources, 5)
	require.NotNil(t, h.Resources["disk"][10])
	assert.InDelta(t, 1, *h.Resources["disk"][10], 0)
	assert.Nil(t, h.Resources["cpu"][10], "not logged")
	assert.Equal(t, "disk_busy", d.Rules[h.Cause[10]].Name)
	assert.Equal(t, []string{"disk_dev_avactive"}, d.Rules[h.Cause[10]].Needs)
	assert.Equal(t, -1, h.Cause[50])
	assert.Equal(t, [][2]float64{{float64(begin.Unix()), float64(begin.Unix() + 3590)}}, h.Covered)
	assert.Empty(t, h.Marks)
	assert.NotEmpty(t, h.Missing)
	require.Len(t, h.Worst, 1)
	assert.Equal(t, `s"<d>`, h.Worst[0].Instance)
	assert.Equal(t, `14:05–14:20 disk s"<d> saturated (98 % busy)`, h.Worst[0].Words)
	assert.Equal(t, `rate(disk_dev_avactive{hostname="web1",instname="s\"<d>"}[1m]) / 10`, h.Worst[0].Query)
	assert.InDelta(t, 98, h.Worst[0].Value, 0.5)
	assert.Empty(t, d.Hosts[1].Worst)

	_, one := ask(t, a, "host=web2&host=web2&start="+fmt.Sprint(begin.Unix()-600)+"&end="+begin.Add(10*time.Minute).Format(time.RFC3339)+"&steps=2")
	require.Len(t, one.Data.Hosts, 1)
	assert.Nil(t, one.Data.Hosts[0].Level[0], "before the records")
	assert.NotNil(t, one.Data.Hosts[0].Level[1])
}

func TestErrors(t *testing.T) {
	a := newAPI(t, timeshift.None, "web1")
	for query, want := range map[string]string{
		"host=other":           `invalid parameter "host": there is no host named "other"`,
		"start=x":              `invalid parameter "start": cannot parse "x" to a valid timestamp`,
		"start=10&end=10":      `invalid parameter "end": end must be after start`,
		"steps=0":              `invalid parameter "steps": "0" is not a number between 1 and 4000`,
		"steps=99999999999999": `invalid parameter "steps": "99999999999999" is not a number between 1 and 4000`,
		"a=%zz":                `the parameters cannot be read: invalid URL escape "%zz"`,
	} {
		status, r := ask(t, a, query)
		assert.Equal(t, http.StatusBadRequest, status, query)
		assert.Equal(t, []string{"error", "bad_data", want}, []string{r.Status, r.ErrorType, r.Error})
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest(http.MethodPut, Path, nil))
	assert.Equal(t, http.StatusMethodNotAllowed, w.Code)
	assert.Equal(t, "GET, HEAD, POST, OPTIONS", w.Header().Get("Allow"))
}

// A list of hosts that is too long for an address comes as a form.
func TestManyHosts(t *testing.T) {
	a := newAPI(t, timeshift.None, "web1", "web2", "web3")
	form := url.Values{"steps": {"3"}, "host": {"web3"}}
	for range 5000 {
		form.Add("host", "web2")
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, Path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a.ServeHTTP(w, r)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var got reply
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
	require.Len(t, got.Data.Hosts, 2, "each once, in the order of the request")
	assert.Equal(t, "web3", got.Data.Hosts[0].Host)

	w = httptest.NewRecorder()
	r = httptest.NewRequest(http.MethodPost, Path, strings.NewReader(strings.Repeat("host=x&", maxBody/7+1)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a.ServeHTTP(w, r)
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

// The smallest and the largest times do no harm.
func TestExtremeTimes(t *testing.T) {
	a := newAPI(t, timeshift.None, "web1")
	for _, query := range []string{
		"start=-9223372036854775.808&end=9223372036854775.807", "start=-1e300&end=1e300", "end=-1e18", "start=1e18", "start=1&end=1.001&steps=4000",
		"start=0001-01-01T00:00:00Z&end=9999-12-31T00:00:00Z&steps=1",
	} {
		status, r := ask(t, a, query)
		require.Equal(t, http.StatusOK, status, query)
		require.Len(t, r.Data.Hosts, 1)
		assert.Greater(t, r.Data.End, r.Data.Start, query)
	}
}

// A recording at moved times has its incidents at the times that clients see, and nothing
// that a replay has not reached.
func TestMoved(t *testing.T) {
	by := 24 * time.Hour
	a := newAPI(t, timeshift.Move{By: by.Milliseconds(), Until: begin.Add(10 * time.Minute).UnixMilli()}, "web1")
	_, r := ask(t, a, "")
	assert.InDelta(t, begin.Add(by).Unix(), r.Data.Start, 0)
	assert.InDelta(t, begin.Add(by+10*time.Minute).Unix(), r.Data.End, 0)
	require.Len(t, r.Data.Hosts[0].Worst, 1)
	worst := r.Data.Hosts[0].Worst[0]
	assert.Contains(t, worst.Words, "14:05–14:10 disk")
	assert.InDelta(t, begin.Add(by+5*time.Minute).Unix(), worst.Start, 60)
	_, r = ask(t, a, fmt.Sprintf("start=%d&end=%d", begin.Add(by+6*time.Minute).Unix(), begin.Add(by+time.Hour).Unix()))
	assert.InDelta(t, begin.Add(by+10*time.Minute).Unix(), r.Data.End, 0)
}

func TestZoneName(t *testing.T) {
	at := begin.UnixMilli()
	prague, err := time.LoadLocation("Europe/Prague")
	require.NoError(t, err)
	for want, loc := range map[string]*time.Location{
		"UTC": time.UTC, "Europe/Prague": prague, "Etc/GMT-3": time.FixedZone("MSK-3", 3*3600), "Etc/GMT+5": time.FixedZone("EST5", -5*3600),
	} {
		assert.Equal(t, want, zoneName(loc, at))
	}
	assert.Equal(t, "UTC", zoneName(time.FixedZone("IST-5:30", 19800), at))
}

// FuzzParameters wants any query string to be answered with JSON.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{"", "steps=7", "start=1&end=2", "host=web1", "start=-1e300&end=1e300", "host=%00", "end=NaN"} {
		f.Add(seed)
	}
	a := New(Options{Source: &View{recorded(f, "web1"), timeshift.None}, Cache: overview.New(overview.Options{})})
	f.Fuzz(func(t *testing.T, query string) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, Path, nil)
		r.URL.RawQuery = query
		a.ServeHTTP(w, r)
		assert.True(t, json.Valid(w.Body.Bytes()), query)
		assert.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, w.Code)
	})
}
