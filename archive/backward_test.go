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

// backward lists the times of the steps from the last to the first, reversed.
func backward(t testing.TB, r *archive.Reader, q history.Query) []int64 {
	all := []int64{}
	for step, err := range r.Backward(q) {
		require.NoError(t, err)
		all = append(all, step.Stamp.Sec)
	}
	slices.Reverse(all)
	return all
}

func TestBackward(t *testing.T) {
	for _, v := range archtest.Versions {
		for _, p := range append([]packer{{name: "plain"}}, packers...) {
			t.Run(fmt.Sprint(v, " ", p.name), func(t *testing.T) {
				base, last := manyRecords(t, v, 2)
				if p.command != nil {
					p.pack(t, base+".0")
					p.pack(t, base+".1")
				}
				for _, cache := range []int64{0, 17000, -1} {
					r, err := archive.Open(base, &archive.ReadOptions{Cache: cache})
					require.NoError(t, err)
					assert.Equal(t, span(1, last), backward(t, r, history.Query{}))
					assert.Equal(t, span(30, 50), backward(t, r, history.Query{From: at(30), To: at(50)}))
					assert.Equal(t, span(41, 41), backward(t, r, history.Query{From: at(41), To: at(41)}))
					assert.Empty(t, backward(t, r, history.Query{From: at(last + 1)}))
					assert.Empty(t, backward(t, r, history.Query{To: at(-1)}))
					for range r.Backward(history.Query{}) {
						break
					}
					assert.Empty(t, r.Warnings())
				}
				require.NoError(t, os.Remove(base+".index"))
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				assert.Equal(t, span(20, 60), backward(t, r, history.Query{From: at(20), To: at(60)}))
			})
		}
	}
}

// TestBackwardViews checks that steps are the same in both directions.
func TestBackwardViews(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		r, err := archive.Open(archtest.Sample(t, v), nil)
		require.NoError(t, err)
		var want, got []string
		for step, err := range r.Steps(history.Query{}) {
			require.NoError(t, err)
			want = append(want, describeStep(step))
		}
		for step, err := range r.Backward(history.Query{}) {
			require.NoError(t, err)
			got = append(got, describeStep(step))
		}
		slices.Reverse(got)
		assert.Equal(t, want, got)
	})
}

// TestBackwardDamage checks that steps before damage or an incomplete end are
// read.
func TestBackwardDamage(t *testing.T) {
	for _, p := range append([]packer{{name: "plain"}}, packers...) {
		t.Run(p.name, func(t *testing.T) {
			base, last := manyRecords(t, pcp.V3, 2)
			path := base + ".1"
			if p.command != nil {
				path = p.pack(t, path)
			}
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, raw[:len(raw)-20], 0o644))
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			got := backward(t, r, history.Query{})
			assert.Equal(t, seconds(t, r, history.Query{}), got)
			assert.GreaterOrEqual(t, len(got), 40)
			if int64(len(got)) < last {
				require.Len(t, r.Warnings(), 1)
				requireLocated(t, r.Warnings()[0])
			}
		})
	}
	base, header := threeVolumes(t, pcp.V3)
	raw, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	raw[header+3]++ // the leading length of the first record
	require.NoError(t, os.WriteFile(base+".0", raw, 0o644))
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	n := 0
	for _, err := range r.Backward(history.Query{}) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 5, n, "no mark precedes the first record")
	require.Len(t, r.Warnings(), 1)
	require.ErrorIs(t, r.Warnings()[0], pcp.ErrTrailer)
	requireLocated(t, r.Warnings()[0])
	r, err = archive.Open(base, &archive.ReadOptions{Strict: true})
	require.NoError(t, err)
	for _, err = range r.Backward(history.Query{}) {
	}
	require.ErrorIs(t, err, pcp.ErrTrailer)
	requireLocated(t, err)
}

// TestBackwardCorpus reads every archive in both directions.
func TestBackwardCorpus(t *testing.T) {
	forCorpus(t, func(t *testing.T, base string) {
		r, err := archive.Open(base, nil)
		if err != nil {
			t.Skip("not readable")
		}
		var want, got []string
		for step, e := range r.Steps(history.Query{All: true}) {
			if err = e; err == nil {
				want = append(want, fmt.Sprint(step.Stamp, step.Mark, len(step.Metrics)))
			}
		}
		for step, e := range r.Backward(history.Query{All: true}) {
			if e != nil {
				requireLocated(t, e)
				require.Error(t, err)
				return
			}
			got = append(got, fmt.Sprint(step.Stamp, step.Mark, len(step.Metrics)))
		}
		slices.Reverse(got)
		assert.Equal(t, want, got)
	})
}

// TestSeekWithoutIndex begins in the right volume without an index, and with an
// index that ends early.
func TestSeekWithoutIndex(t *testing.T) {
	base, last := manyRecords(t, pcp.V3, 4)
	raw, err := os.ReadFile(base + ".index")
	require.NoError(t, err)
	for name, n := range map[string]int{"none": 0, "two entries": 808 + 64, "half": 808 + (len(raw)-808)/2} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.RemoveAll(base+".index"))
			if n > 0 {
				require.NoError(t, os.WriteFile(base+".index", raw[:n], 0o644))
			}
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			for from := int64(1); from <= last+1; from += 7 {
				assert.Equal(t, span(from, last), seconds(t, r, history.Query{From: at(from)}))
			}
			at130 := history.Query{From: at(130)}
			moved := base + ".0.moved"
			require.NoError(t, os.Rename(base+".0", moved))
			assert.Equal(t, span(130, last), seconds(t, r, at130), "the first volume is not needed")
			require.NoError(t, os.Rename(moved, base+".0"))
		})
	}
}
