package remote

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cannedClient replies to every request in the same way.
type cannedClient struct {
	status int
	body   []byte
}

// URL returns the address of an endpoint.
func (cannedClient) URL(path string, _ map[string]string) *url.URL {
	return &url.URL{Scheme: "http", Host: "x", Path: path}
}

// Do returns the reply.
func (c cannedClient) Do(context.Context, *http.Request) (*http.Response, []byte, error) {
	return &http.Response{StatusCode: c.status}, c.body, nil
}

// FuzzReply evaluates an expression on a server that replies anything: the result is that
// of the reply, or an error names the server.
func FuzzReply(f *testing.F) {
	for _, body := range []string{
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1.5,"1e+30"]}]},"warnings":["w"],"infos":["i"]}`,
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1.5,"NaN"],[2,"-Inf"]]}]}}`,
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"3","sum":"2","buckets":[[1,"1","2","3"]]}]}]}}`,
		`{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}`, `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`,
		`{"status":"error","errorType":"execution","error":"too much"}`, `{"status":"success"}`, `{"data":null}`, "null", "[]", "<html>", "", "\xff",
		"pcparchive_data_start_timestamp_seconds 1.7673230452e+09\npcparchive_data_end_timestamp_seconds NaN\n", "pcparchive_data_end_timestamp_seconds 1e300",
	} {
		f.Add(http.StatusOK, []byte(body))
		f.Add(http.StatusUnprocessableEntity, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		c := &Client{http: cannedClient{status, body}, name: "http://x"}
		at := time.Unix(1, 0)
		res, err := c.Instant(t.Context(), "up", at)
		check(t, res, err)
		res, err = c.Range(t.Context(), "up", at, at, time.Second)
		check(t, res, err)
		start, end, ok, err := c.Window(t.Context())
		require.NoError(t, err)
		assert.False(t, ok && (start.IsZero() || end.IsZero()))
	})
}

// check checks the outcome of a query.
func check(t *testing.T, res *Result, err error) {
	t.Helper()
	if err != nil {
		var own *Error
		require.ErrorAs(t, err, &own)
		require.Equal(t, "http://x", own.Server)
		require.LessOrEqual(t, utf8.RuneCountInString(firstLine(own.Text)), 201)
		return
	}
	require.True(t, res.JSON == nil || json.Valid(res.JSON))
	if vector, ok := res.Value.(model.Vector); ok {
		for _, s := range vector {
			if s.Histogram != nil {
				_ = HistogramText(s.Histogram)
			}
		}
	}
}
