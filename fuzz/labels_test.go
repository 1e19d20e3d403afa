package fuzz

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

func FuzzLabelJSON(f *testing.F) {
	f.Fuzz(func(t *testing.T, text string) {
		s, err := labelset.Parse(text, labelset.Item)
		if err != nil {
			require.True(t, errors.Is(err, pcp.ErrRange) || errors.Is(err, pcp.ErrLimit), "%v", err)
			return
		}
		last := ""
		for l := range s.All() {
			require.Less(t, last, l.Name, "names ascend and are not empty")
			require.LessOrEqual(t, len(l.Name), labelset.MaxName)
			require.NotEmpty(t, l.Value)
			last = l.Name
			if json.Valid([]byte(text)) {
				require.True(t, json.Valid([]byte(l.Value)), "%s of %s", l.Value, text)
				l.Text()
			}
		}
		storesAndReads(t, s)
		mergesToItself(t, s)
	})
}

func storesAndReads(t *testing.T, s labelset.Set) {
	in := labelset.Instance{Inst: 3, Set: s}
	raw := in.AppendBinary(nil)
	got, size, err := labelset.DecodeInstance(raw, labelset.Item)
	require.NoError(t, err)
	require.NoError(t, got.Set.Invalid())
	require.Equal(t, len(raw), size)
	require.True(t, s.Equal(got.Set))
	require.Equal(t, raw, got.AppendBinary(nil))
}

func mergesToItself(t *testing.T, s labelset.Set) {
	merged, err := labelset.Merge(s)
	if err != nil {
		require.ErrorIs(t, err, pcp.ErrLimit)
		return
	}
	require.Equal(t, s.Len(), merged.Len())
	again, err := labelset.Parse(merged.JSON(), labelset.Item)
	require.NoError(t, err)
	for i := range s.Len() {
		require.Equal(t, s.At(i).Name, merged.At(i).Name)
		require.Equal(t, s.At(i).Value, again.At(i).Value)
	}
}
