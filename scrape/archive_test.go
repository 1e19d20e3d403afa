package scrape_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// writeScrape records one scrape with the given result into an open archive.
func writeScrape(t *testing.T, a *scrape.Archive, at time.Time, up float64) {
	t.Helper()
	src, err := a.Mapper.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:9100", URL: "http://web:9100/metrics"})
	require.NoError(t, err)
	src.Begin(pcp.TimestampOf(at))
	h := mapper.Health{Up: up}
	if up == 0 {
		h.Err = errors.New("connection refused")
	}
	src.SetHealth(h)
	sink := convert.NewToArchive(a.Appender)
	require.NoError(t, sink.Put(src.Step()))
	require.NoError(t, sink.Close())
}

// TestOpenArchive opens an archive of a host in every state that it may be in.
func TestOpenArchive(t *testing.T) {
	past := time.Now().Add(-time.Hour)
	for name, tc := range map[string]struct {
		exists   bool
		up       float64   // of the scrape in the existing archive
		at       time.Time // of that scrape
		options  scrape.ArchiveOptions
		replaced bool
		adopted  bool
		fails    error
	}{
		"new":                       {},
		"new, to be continued":      {options: scrape.ArchiveOptions{Append: true}},
		"exists":                    {exists: true, up: 1, at: past, fails: os.ErrExist},
		"failed only":               {exists: true, at: past, replaced: true},
		"continued":                 {exists: true, up: 1, at: past, options: scrape.ArchiveOptions{Append: true}, adopted: true},
		"failed only, continued":    {exists: true, at: past, options: scrape.ArchiveOptions{Append: true}, adopted: true},
		"other host":                {exists: true, up: 1, at: past, options: scrape.ArchiveOptions{Append: true, Endpoints: []scrape.Endpoint{{URL: "http://db:1/"}}}, fails: pcp.ErrMismatch},
		"other host, failed only":   {exists: true, at: past, options: scrape.ArchiveOptions{Append: true, Endpoints: []scrape.Endpoint{{URL: "http://db:1/"}}}, replaced: true},
		"given host, failed only":   {exists: true, at: past, options: scrape.ArchiveOptions{Append: true, Host: "db"}, fails: pcp.ErrMismatch},
		"other version":             {exists: true, up: 1, at: past, options: scrape.ArchiveOptions{Append: true, Write: archive.WriteOptions{Version: pcp.V2}}, fails: pcp.ErrMismatch},
		"ends in the future":        {exists: true, up: 1, at: time.Now().Add(time.Hour), options: scrape.ArchiveOptions{Append: true}, fails: archive.ErrOrder},
		"prefix that cannot be one": {options: scrape.ArchiveOptions{Prefix: "1st"}, fails: new(scrape.OptionError)},
	} {
		t.Run(name, func(t *testing.T) {
			base := filepath.Join(t.TempDir(), "rec")
			web := []scrape.Endpoint{{URL: "http://web:9100/metrics"}}
			if tc.exists {
				a, err := scrape.OpenArchive(scrape.ArchiveOptions{Base: base, Endpoints: web, Prefix: "pcpa"})
				require.NoError(t, err)
				writeScrape(t, a, tc.at, tc.up)
			}
			o := tc.options
			o.Base = base
			if o.Endpoints == nil {
				o.Endpoints = web
			}
			a, err := scrape.OpenArchive(o)
			var mistake *scrape.OptionError
			if errors.As(tc.fails, &mistake) {
				require.ErrorAs(t, err, &mistake)
				return
			}
			if tc.fails != nil {
				require.ErrorIs(t, err, tc.fails)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tc.replaced, a.Replaced)
			assert.Equal(t, tc.adopted, a.Appender.Meta() != nil)
			writeScrape(t, a, time.Now(), 1)
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			for d := range r.Meta().Metrics() {
				assert.Equal(t, tc.adopted, strings.HasPrefix(d.Name(), "pcpa."), d.Name())
			}
			assert.Equal(t, o.Endpoints[0].URL, map[string]string{"web": "http://web:9100/metrics", "db": "http://db:1/"}[r.Header().Host])
		})
	}
}

// TestHostError checks that a HostError tells the host of the options from that of the
// endpoints, so that a caller can give advice.
func TestHostError(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	a, err := scrape.OpenArchive(scrape.ArchiveOptions{Base: base, Host: "web"})
	require.NoError(t, err)
	writeScrape(t, a, time.Now().Add(-time.Hour), 1)
	for _, o := range []scrape.ArchiveOptions{{Host: "db"}, {Endpoints: []scrape.Endpoint{{URL: "http://db:1/"}}}} {
		o.Base, o.Append = base, true
		_, err = scrape.OpenArchive(o)
		var other *scrape.HostError
		require.ErrorAs(t, err, &other)
		assert.Equal(t, scrape.HostError{Archive: base, Host: "web", Want: "db", Given: o.Host != ""}, *other)
	}
}
