package main

import (
	"bytes"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// oneView is the Source of archives that do not change.
type oneView struct{ exporter.View }

func (v *oneView) Archives() (*exporter.View, func()) { return &v.View, func() {} }

// exportedPage returns the page that the server's exporter makes of an archive.
func exportedPage(t *testing.T, base, query, accept string) (page []byte, kind string) {
	t.Helper()
	h, err := store.Open([]string{base}, nil)
	require.NoError(t, err)
	v := &oneView{exporter.View{Sets: h.Sets(), Move: timeshift.None}}
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics?"+query, nil)
	r.Header.Set("Accept", accept)
	exporter.New(exporter.Options{Source: v, Values: instant.NewCache(instant.Options{})}).ServeHTTP(w, r)
	require.Equal(t, 200, w.Code, w.Body.String())
	return w.Body.Bytes(), w.Header().Get("Content-Type")
}

// TestExportedPage compares the exporter's page with what `export prom` prints of the end of
// an archive, and records it again with Prometheus' scraper: the archive has the same values.
func TestExportedPage(t *testing.T) {
	for seed := range uint64(4) {
		base := t.TempDir() + "/a"
		archtest.Random(t, base, seed, archtest.RandomOptions{Version: pcp.V3})
		page, kind := exportedPage(t, base, "times=true", "text/plain")
		mine := parsePage(t, page, kind)
		theirs := parsePage(t, exportPageAt(t, base), expo.Text.ContentType())
		assert.Empty(t, differences(theirs, mine), "seed %d", seed)

		for _, accept := range []string{"text/plain", "application/openmetrics-text"} {
			page, kind := exportedPage(t, base, "", accept)
			if len(mine) == 0 {
				continue
			}
			again, losses := recordPage(t, page, kind)
			assert.Empty(t, losses)
			r, err := archive.Open(again, nil)
			require.NoError(t, err)
			end, err := r.End()
			require.NoError(t, err)
			before := latest(parsePage(t, page, kind), end.Milli())
			after := parsePage(t, exportPage(t, again, expo.Text), expo.Text.ContentType())
			assert.Empty(t, differences(before, after), "seed %d, %s", seed, accept)
		}
	}
}

// exportPageAt runs the command that prints a page of PCP's own metrics.
func exportPageAt(t *testing.T, base string) []byte {
	t.Helper()
	var out, errs bytes.Buffer
	code := run([]string{"export", "prom", base, "--timestamps"}, streams{out: &out, err: &errs})
	require.Equal(t, exitOK, code, errs.String())
	return out.Bytes()
}
