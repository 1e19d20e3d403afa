// Package remote evaluates PromQL on a server: that of package serve, a Prometheus, or any
// other with Prometheus' HTTP API.
package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/internal/safetext"
)

// Options configure a [Client]. The zero value means the defaults.
type Options struct {
	// HTTPConfig is a file with TLS and authorization, as promtool takes it. "" means
	// none.
	HTTPConfig string
	// Timeout limits a query. Zero means the server's limit.
	Timeout time.Duration
	// Lookback is the maximum age of a sample. Zero means the server's.
	Lookback time.Duration
}

// Client asks a server. Several goroutines may use it.
type Client struct {
	http api.Client
	opts []v1.Option
	name string // the address without secrets
}

// New returns a Client for the server at an address such as http://host:9191. The
// address may have a user, a password and the beginning of a path.
func New(address string, o Options) (*Client, error) {
	if _, err := redact.Server(address, "9191"); err != nil {
		return nil, err
	}
	c := api.Config{Address: address}
	if o.HTTPConfig != "" {
		settings, _, err := config.LoadHTTPConfigFile(o.HTTPConfig)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", o.HTTPConfig, err)
		}
		if c.RoundTripper, err = config.NewRoundTripperFromConfig(*settings, "pcparchive"); err != nil {
			return nil, fmt.Errorf("%s: %w", o.HTTPConfig, err)
		}
	}
	client, err := api.NewClient(c)
	if err != nil {
		return nil, err
	}
	own := &Client{http: client, name: redact.URL(address)}
	if o.Timeout > 0 {
		own.opts = append(own.opts, v1.WithTimeout(o.Timeout))
	}
	if o.Lookback > 0 {
		own.opts = append(own.opts, v1.WithLookbackDelta(o.Lookback))
	}
	return own, nil
}

// Result is the result of a query.
type Result struct {
	Value model.Value
	JSON  json.RawMessage // as the server wrote it
	// Warnings and Infos are the server's remarks.
	Warnings, Infos []string
}

// Error is an error that the server replied with.
type Error struct {
	Server string
	Kind   string // such as bad_data, execution, timeout
	Text   string
}

// Error names the server and the reason.
func (e *Error) Error() string {
	return fmt.Sprintf("%s replied with %s: %s", e.Server, e.Kind, e.Text)
}

// Instant evaluates an expression at one time.
func (c *Client) Instant(ctx context.Context, expr string, at time.Time) (*Result, error) {
	return c.ask(func(own v1.API) (model.Value, v1.Warnings, error) { return own.Query(ctx, expr, at, c.opts...) })
}

// Range evaluates an expression from start to end at every step.
func (c *Client) Range(ctx context.Context, expr string, start, end time.Time, step time.Duration) (*Result, error) {
	return c.ask(func(own v1.API) (model.Value, v1.Warnings, error) {
		return own.QueryRange(ctx, expr, v1.Range{Start: start, End: end, Step: step}, c.opts...)
	})
}

// ask runs a query and keeps the reply as it came.
func (c *Client) ask(run func(v1.API) (model.Value, v1.Warnings, error)) (*Result, error) {
	k := &keeper{Client: c.http}
	value, _, err := run(v1.NewAPI(k))
	var own *v1.Error
	switch {
	case errors.As(err, &own):
		text := own.Msg
		if own.Detail != "" && own.Type != v1.ErrBadResponse {
			text += ": " + strings.TrimSpace(firstLine(own.Detail))
		}
		return nil, &Error{Server: c.name, Kind: string(own.Type), Text: text}
	case err != nil && !k.replied:
		return nil, err
	}
	var reply struct {
		Data struct {
			Type   string          `json:"resultType"`
			Result json.RawMessage `json:"result"`
		} `json:"data"`
		Warnings []string `json:"warnings"`
		Infos    []string `json:"infos"`
	}
	if jsonErr := json.Unmarshal(k.body, &reply); jsonErr != nil {
		err = jsonErr
	} else if reply.Data.Type == model.ValString.String() { // package v1 does not know strings
		text := &model.String{}
		err = json.Unmarshal(reply.Data.Result, text)
		value = text
	}
	if err != nil {
		return nil, &Error{Server: c.name, Kind: string(v1.ErrBadResponse), Text: firstLine(err.Error())}
	}
	return &Result{Value: value, JSON: reply.Data.Result, Warnings: reply.Warnings, Infos: reply.Infos}, nil
}

// firstLine returns the first line of a text, shortened: a proxy may reply with a page.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return safetext.Cut(line, 200)
}

// keeper keeps the body of the last reply.
type keeper struct {
	api.Client
	body    []byte
	replied bool // whether the server replied
}

// Do sends a request.
func (k *keeper) Do(ctx context.Context, r *http.Request) (*http.Response, []byte, error) {
	resp, body, err := k.Client.Do(ctx, r)
	k.body, k.replied = body, err == nil
	return resp, body, err
}

// Window returns the times of the first and the last record of a server of package serve.
// ok is false for other servers.
func (c *Client) Window(ctx context.Context) (start, end time.Time, ok bool, err error) {
	r, err := http.NewRequest(http.MethodGet, c.http.URL("/-/metrics", nil).String(), http.NoBody)
	if err != nil {
		return start, end, false, err
	}
	resp, body, err := c.http.Do(ctx, r)
	if err != nil {
		return start, end, false, err
	}
	if resp.StatusCode != http.StatusOK {
		return start, end, false, nil
	}
	start, first := gauge(body, "pcparchive_data_start_timestamp_seconds")
	end, last := gauge(body, "pcparchive_data_end_timestamp_seconds")
	return start, end, first && last, nil
}

// gauge finds a time among metrics as text.
func gauge(page []byte, name string) (time.Time, bool) {
	for line := range bytes.Lines(page) {
		if text, ok := strings.CutPrefix(string(line), name+" "); ok {
			sec, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			return time.UnixMilli(int64(sec*1000 + 0.5)).UTC(), err == nil
		}
	}
	return time.Time{}, false
}

// HistogramText formats a native histogram as Prometheus does.
func HistogramText(h *model.SampleHistogram) string {
	var b strings.Builder
	fmt.Fprintf(&b, "{count:%g, sum:%g", h.Count, h.Sum)
	for _, bucket := range h.Buckets {
		fmt.Fprintf(&b, ", %s", bucketText(bucket))
	}
	b.WriteByte('}')
	return b.String()
}

// bucketText formats a bucket of a native histogram.
func bucketText(b *model.HistogramBucket) string {
	left, right := "(", ")"
	if slices.Contains([]int32{1, 3}, b.Boundaries) {
		left = "["
	}
	if slices.Contains([]int32{0, 3}, b.Boundaries) {
		right = "]"
	}
	return fmt.Sprintf("%s%g,%g%s:%v", left, b.Lower, b.Upper, right, float64(b.Count))
}
