package check_test

import (
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Whether a counter falls is a matter of its type: each of these pairs would fall
// as bits, or as bits of another sign, where it rises.
func TestCountersFallByTheirType(t *testing.T) {
	for _, tt := range []struct {
		typ       pcp.Type
		low, high uint64
		shown     string
	}{
		{pcp.Type32, math.MaxUint32, 1, "from 1 to -1"},
		{pcp.TypeU32, 1, 1 << 31, "from 2147483648 to 1"},
		{pcp.Type64, math.MaxUint64, 1, "from 1 to -1"},
		{pcp.TypeU64, 1, 1 << 63, "from 9223372036854775808 to 1"},
		{pcp.TypeFloat, uint64(math.Float32bits(-1.5)), uint64(math.Float32bits(0.5)), "from 0.5 to -1.5"},
		{pcp.TypeDouble, math.Float64bits(-1.5), math.Float64bits(0.5), "from 0.5 to -1.5"},
	} {
		t.Run(tt.typ.String(), func(t *testing.T) {
			falls := func(first, second uint64) (found []finding.Finding) {
				base := filepath.Join(t.TempDir(), "rec")
				a, err := archive.Create(base, archtest.Header, nil)
				require.NoError(t, err)
				d := &meta.Desc{PMID: pcp.NewPMID(60, 7, 1), Type: tt.typ, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"a.counter"}}
				require.NoError(t, a.Define(d))
				for i, bits := range []uint64{first, second} {
					set := archive.ValueSet{PMID: d.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, tt.typ, bits)}}
					if tt.typ == pcp.Type32 || tt.typ == pcp.TypeU32 {
						set.Format, set.Values[0] = archive.InSitu, history.WordValue(pcp.InstNull, uint32(bits))
					}
					require.NoError(t, a.Append(&archive.Result{Stamp: at(i), Sets: []archive.ValueSet{set}}))
				}
				require.NoError(t, a.Close())
				for f := range check.Archive(t.Context(), base, nil) {
					if f.Code == check.CounterReset || f.Code == check.CounterWrap {
						found = append(found, f)
					}
				}
				return found
			}
			assert.Empty(t, falls(tt.low, tt.high))
			if found := falls(tt.high, tt.low); assert.Len(t, found, 1) {
				assert.Contains(t, found[0].Message, tt.shown)
			}
		})
	}
}
