package dump_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestBadIndex lists from every second on with an index that lies, as the
// reference does.
func TestBadIndex(t *testing.T) {
	// Entries of version 2: seconds, microseconds, volume, two offsets.
	const head, entry, volume, offset = 132, 20, 8, 16
	put := func(b []byte, n, field int, word int32) {
		binary.BigEndian.PutUint32(b[head+n*entry+field:], uint32(word))
	}
	for name, spoil := range map[string]func(b []byte){
		"volume of the first below all":  func(b []byte) { put(b, 0, volume, -1) },
		"volume of the first missing":    func(b []byte) { put(b, 0, volume, 7) },
		"volume of the second missing":   func(b []byte) { put(b, 1, volume, 7) },
		"volumes of two below all":       func(b []byte) { put(b, 0, volume, -1); put(b, 1, volume, -1) },
		"volumes of two missing":         func(b []byte) { put(b, 1, volume, 7); put(b, 2, volume, 7) },
		"a fraction of a second or more": func(b []byte) { put(b, 0, volume, -1); put(b, 1, 4, 1e6) },
		"time backwards":                 func(b []byte) { put(b, 1, 0, 5) },
		"offset past the end":            func(b []byte) { put(b, 1, offset, 1e6) },
		"offset in the label":            func(b []byte) { put(b, 0, offset, 4) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			base := archtest.Sample(t, pcp.V2)
			index, err := os.ReadFile(base + ".index")
			require.NoError(t, err)
			require.GreaterOrEqual(t, len(index), head+3*entry)
			good := oracle.Exec(t, "pmdumplog", "-Z", "UTC", base).Stdout
			spoil(index)
			require.NoError(t, os.WriteFile(base+".index", index, 0o644))
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			if name == "offset in the label" { // where the reference gives up
				got, err := text(t, base, &dump.Options{Sections: dump.Metrics, Zone: r.Location()})
				require.ErrorContains(t, err, base+".index: offset 132: index record: ")
				assert.Equal(t, good, "Note: timezone set to \"TZ=UTC\"\n\n"+got)
				return
			}
			for sec := range int64(5) {
				from := archtest.Start
				from.Sec += sec
				got, _ := text(t, base, &dump.Options{Sections: dump.Metrics, Zone: r.Location(), From: from})
				want := oracle.Exec(t, "pmdumplog", "-Z", "UTC", "-S", fmt.Sprintf("+%ds", sec), base).Stdout
				assert.Equal(t, want, "Note: timezone set to \"TZ=UTC\"\n\n"+got, "from %d", sec)
			}
		})
	}
}
