package remote

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// replying returns a server that replies to every request in the same way, and the forms
// it got.
func replying(t *testing.T, status int, body string) (*httptest.Server, *[]string) {
	t.Helper()
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		user, _, _ := r.BasicAuth()
		got = append(got, r.URL.Path+" "+r.Form.Encode()+" "+user)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s, &got
}

func TestInstant(t *testing.T) {
	s, got := replying(t, http.StatusOK, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"1e+30"]}]},"warnings":["w"],"infos":["i"]}`)
	c, err := New(s.URL+"/prefix", Options{Timeout: time.Second, Lookback: time.Minute})
	require.NoError(t, err)
	res, err := c.Instant(context.Background(), "up", time.Unix(3, 0))
	require.NoError(t, err)
	assert.Equal(t, []string{"/prefix/api/v1/query lookback_delta=1m0s&query=up&time=3&timeout=1s "}, *got)
	assert.Equal(t, model.SampleValue(1e30), res.Value.(model.Vector)[0].Value)
	assert.JSONEq(t, `[{"metric":{"a":"b"},"value":[1.5,"1e+30"]}]`, string(res.JSON))
	assert.Equal(t, []string{"w"}, res.Warnings)
	assert.Equal(t, []string{"i"}, res.Infos)
}

func TestErrors(t *testing.T) {
	for body, want := range map[string]struct {
		status int
		kind   string
		text   string
	}{
		`{"status":"error","errorType":"execution","error":"too much"}`: {http.StatusUnprocessableEntity, "execution", "too much"},
		"<html>\n": {http.StatusBadGateway, "server_error", "server error: 502: <html>"},
		"no JSON":  {http.StatusOK, "bad_response", ""},
	} {
		s, _ := replying(t, want.status, body)
		c, err := New(s.URL, Options{})
		require.NoError(t, err)
		_, err = c.Range(context.Background(), "up", time.Unix(0, 0), time.Unix(9, 0), time.Second)
		var own *Error
		if assert.ErrorAs(t, err, &own, body) {
			assert.Equal(t, want.kind, own.Kind)
			assert.Equal(t, s.URL, own.Server)
			assert.Contains(t, own.Text, want.text)
		}
	}
	for _, address := range []string{"", "localhost:9191", "ftp://x", "http://", "::"} {
		_, err := New(address, Options{})
		assert.Error(t, err, address)
	}
	_, err := New("http://anna:secret@", Options{})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "secret")
}

func TestHTTPConfig(t *testing.T) {
	path := filepath.Join(t.TempDir(), "http.yml")
	require.NoError(t, os.WriteFile(path, []byte("basic_auth: {username: anna, password: x}\n"), 0o600))
	s, got := replying(t, http.StatusOK, `{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`)
	c, err := New(s.URL, Options{HTTPConfig: path})
	require.NoError(t, err)
	_, err = c.Instant(context.Background(), "2", time.Unix(1, 0))
	require.NoError(t, err)
	assert.Equal(t, []string{"/api/v1/query query=2&time=1 anna"}, *got)
}

func TestWindow(t *testing.T) {
	s, _ := replying(t, http.StatusOK, "# HELP x\npcparchive_data_start_timestamp_seconds 1.7673230452e+09\npcparchive_data_end_timestamp_seconds 1.767323054e+09\n")
	c, err := New(s.URL, Options{})
	require.NoError(t, err)
	start, end, ok, err := c.Window(context.Background())
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, int64(1767323045200), start.UnixMilli())
	assert.Equal(t, int64(1767323054000), end.UnixMilli())
	other, _ := replying(t, http.StatusNotFound, "")
	c, err = New(other.URL, Options{})
	require.NoError(t, err)
	_, _, ok, err = c.Window(context.Background())
	require.NoError(t, err)
	assert.False(t, ok)
}

// TestHistogramText compares with Prometheus' own text.
func TestHistogramText(t *testing.T) {
	h := &histogram.FloatHistogram{
		Count: 12.5, Sum: 3, ZeroThreshold: 0.001, ZeroCount: 2, Schema: 1,
		PositiveSpans: []histogram.Span{{Offset: 1, Length: 2}}, PositiveBuckets: []float64{1.5, 4},
		NegativeSpans: []histogram.Span{{Offset: 0, Length: 2}}, NegativeBuckets: []float64{3, 2},
	}
	own := &model.SampleHistogram{Count: 12.5, Sum: 3}
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		boundaries := int32(2)
		switch {
		case b.LowerInclusive && b.UpperInclusive:
			boundaries = 3
		case b.LowerInclusive:
			boundaries = 1
		case b.UpperInclusive:
			boundaries = 0
		}
		own.Buckets = append(own.Buckets, &model.HistogramBucket{
			Boundaries: boundaries, Lower: model.FloatString(b.Lower), Upper: model.FloatString(b.Upper), Count: model.FloatString(b.Count),
		})
	}
	assert.Equal(t, h.String(), HistogramText(own))
}
