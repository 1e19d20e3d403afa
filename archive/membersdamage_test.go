package archive_test

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamagedMember flips one bit in the second of three gzip members or zstd
// frames of a volume. The records of the others are read, in both directions
// and from a time after the damage, and one warning names the damage.
func TestDamagedMember(t *testing.T) {
	for name, command := range map[string][]string{
		"gzip": {"gzip", "-c"}, "zstd": {"zstd", "-qc"}, "zstd, size known": {"zstd", "-qc", "--stream-size="},
	} {
		for _, tenth := range []int{1, 5, 9} {
			t.Run(fmt.Sprintf("%s at %d/10", name, tenth), func(t *testing.T) {
				base, last := manyRecords(t, pcp.V3, 1)
				raw, err := os.ReadFile(base + ".0")
				require.NoError(t, err)
				var out []byte
				from, to := 0, 0
				i := 0
				for part := range slices.Chunk(raw, (len(raw)+2)/3) {
					args := slices.Clone(command)
					if len(args) == 3 {
						args[2] += fmt.Sprint(len(part))
					}
					packed := archtest.Pack(t, part, args[0], args[1:]...)
					if i == 1 {
						from, to = len(out), len(out)+len(packed)
					}
					out = append(out, packed...)
					i++
				}
				out[from+(to-from)*tenth/10] ^= 1
				require.NoError(t, os.Remove(base+".0"))
				require.NoError(t, os.WriteFile(base+".0."+map[string]string{"gzip": "gz", "zstd": "zst"}[command[0]], out, 0o644))

				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				got := seconds(t, r, history.Query{})
				assert.Equal(t, span(1, 13), got[:13], "the first part")
				assert.Equal(t, span(29, last), got[len(got)-12:], "the last part")
				assert.Len(t, r.Warnings(), 1)
				assert.Len(t, backward(t, r, history.Query{}), len(got))

				r, err = archive.Open(base, nil)
				require.NoError(t, err)
				assert.Equal(t, span(30, last), seconds(t, r, history.Query{From: at(30)}))
			})
		}
	}
}
