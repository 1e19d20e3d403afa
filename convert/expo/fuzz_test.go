package expo

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oddpages"
)

// FuzzPage reads anything; what can be read, can be written and read again.
func FuzzPage(f *testing.F) {
	for _, page := range oddpages.Pages {
		f.Add([]byte(page.Text), page.OpenMetrics)
	}
	f.Fuzz(func(t *testing.T, page []byte, open bool) {
		format := Text
		if open {
			format = OpenMetrics
		}
		var entries []Entry
		for e, err := range Page(page, format.ContentType(), nil) {
			if err != nil {
				return
			}
			entries = append(entries, e)
		}
		for _, format := range []Format{Text, OpenMetrics} {
			o := Options{Format: format, Timestamps: true}
			out := pageOf(t, group(entries), o)
			judge(t, format, out)
			after := parse(t, out, format.ContentType())
			for _, d := range difference(latest(entries), after) {
				require.NotRegexp(t, `^lost|: value `, d, "%s", out)
			}
			again := pageOf(t, group(after), o)
			require.Equal(t, again, pageOf(t, group(parse(t, again, format.ContentType())), o), "not settled")
		}
	})
}
