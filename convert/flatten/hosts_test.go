package flatten_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestHostClashes: a value of hostname that several hosts claim is none's, and so
// is one that a host would get instead while another has it.
func TestHostClashes(t *testing.T) {
	for name, tt := range map[string]struct {
		labels  map[string]string // hostname by host; "": no label
		claimed []string
	}{
		"each its own":            {map[string]string{"a": "a", "b": "b"}, nil},
		"no label":                {map[string]string{"a": "", "b": ""}, nil},
		"another name":            {map[string]string{"a": "vm", "b": "b"}, nil},
		"two alike":               {map[string]string{"a": "vm", "b": "vm", "c": "c"}, []string{"vm"}},
		"another's name":          {map[string]string{"a": "b", "b": ""}, []string{"b"}},
		"exchanged":               {map[string]string{"a": "b", "b": "a"}, nil},
		"the new name is claimed": {map[string]string{"a": "vm", "b": "vm", "c": "a"}, []string{"a", "vm"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for host, label := range tt.labels {
				h := archtest.Header
				h.Host = host
				a, err := archive.Create(filepath.Join(dir, host), h, nil)
				require.NoError(t, err)
				require.NoError(t, a.Define(archtest.Count))
				if label != "" {
					set, err := labelset.New(labelset.Context, labelset.String("hostname", label))
					require.NoError(t, err)
					require.NoError(t, a.SetLabels(&meta.Labels{Stamp: pcp.Timestamp{Sec: 1700000000}, Level: labelset.Context,
						Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}}}))
				}
				require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: 1700000000}, Sets: []archive.ValueSet{
					{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 1)}}}}))
				require.NoError(t, a.Close())
			}
			sets := storetest.Sets(t, dir)
			clashes := (&flatten.HostNames{}).Clashes(sets, pcp.Timestamp{}, pcp.MaxTime)
			for _, value := range []string{"a", "b", "c", "vm"} {
				assert.Equal(t, slices.Contains(tt.claimed, value), clashes.Claimed(value), value)
			}
			assert.Len(t, clashes.Lines(), len(tt.claimed))
		})
	}
}
