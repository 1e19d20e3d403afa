package flatten_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// lastValues returns the page of a folder's archives at a time, the losses, the problems
// and the number of steps that were read.
func lastValues(t *testing.T, dir string, o flatten.Options, to pcp.Timestamp, lastOnly bool) (page string, losses []prom.LossCount, problems []string, steps int) {
	t.Helper()
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	o.Report = &prom.Report{}
	snapshot := expo.NewSnapshot(expo.SnapshotOptions{At: to.Time(), Report: o.Report})
	src := &flatten.Source{Sets: h.Sets(), To: to, Options: o, LastOnly: lastOnly, Progress: func(pcp.Timestamp) { steps++ }}
	require.NoError(t, prom.Copy(t.Context(), snapshot, src))
	var out bytes.Buffer
	require.NoError(t, expo.Write(&out, snapshot.Families(), expo.Options{Timestamps: true, PCP: true, Report: o.Report}))
	for _, p := range h.Problems() {
		problems = append(problems, p.String())
	}
	return out.String(), o.Report.Losses(), problems, steps
}

// TestLastOnly compares pages of last values with those of a source that leaves no step out:
// of several archives, overlapping ones and copies, damaged ones, and up to any time.
func TestLastOnly(t *testing.T) {
	options := []flatten.Options{{}, {TextLabels: true}, {SplitAtMarks: true}, {InstanceIDs: true, NoHealth: true}}
	read, all := 0, 0
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 11))
		dir := t.TempDir()
		for i, name := range []string{"a", "b"}[:1+seed%2] {
			writeShaped(t, filepath.Join(dir, name), rng, int32(i), []int{1, 8}[seed/2%2])
		}
		if seed%5 == 0 {
			for _, suffix := range []string{".0", ".meta", ".index"} {
				data, err := os.ReadFile(filepath.Join(dir, "a"+suffix))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, "copy"+suffix), data, 0o600))
			}
		}
		if seed%7 == 0 {
			archtest.Random(t, filepath.Join(dir, "random"), seed, archtest.RandomOptions{
				Host: "h", Text: true, Twins: true, Gaps: true, Start: pcp.Timestamp{Sec: 990 + rng.Int64N(200)},
			})
		}
		if seed%3 == 0 {
			damageFile(t, rng, filepath.Join(dir, "a.0"))
		}
		for _, to := range []pcp.Timestamp{pcp.MaxTime, {Sec: 1000 + rng.Int64N(420), Nsec: rng.Int32N(1e9)}} {
			o := options[seed%uint64(len(options))]
			page, losses, problems, steps := lastValues(t, dir, o, to, false)
			got, gotLosses, gotProblems, fewer := lastValues(t, dir, o, to, true)
			require.Equal(t, page, got, "seed %d, %s", seed, to)
			require.Equal(t, losses, gotLosses, "seed %d, %s", seed, to)
			require.Equal(t, problems, gotProblems, "seed %d, %s", seed, to)
			read, all = read+fewer, all+steps
		}
	}
	assert.Less(t, read, all*3/4)
}

// damageFile overwrites a few bytes.
func damageFile(t *testing.T, rng *rand.Rand, name string) {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	for range 1 + rng.IntN(3) {
		data[200+rng.IntN(len(data)-200)] ^= 1 << rng.IntN(8)
	}
	require.NoError(t, os.WriteFile(name, data, 0o600))
}

// TestLastOnlyWithStages leaves nothing out where a stage needs every step.
func TestLastOnlyWithStages(t *testing.T) {
	dir := t.TempDir()
	writeShaped(t, filepath.Join(dir, "a"), rand.New(rand.NewPCG(1, 1)), 1, 8)
	for _, set := range []func(*flatten.Source){
		func(src *flatten.Source) { src.Stages.Unwrap = true },
		func(src *flatten.Source) { src.Stages.Step = time.Minute },
		func(src *flatten.Source) { src.Repeat = time.Minute },
	} {
		var counts [2]int
		for i, lastOnly := range []bool{false, true} {
			h, err := store.Open([]string{dir}, nil)
			require.NoError(t, err)
			src := &flatten.Source{Sets: h.Sets(), LastOnly: lastOnly, Progress: func(pcp.Timestamp) { counts[i]++ }}
			set(src)
			require.NoError(t, prom.Copy(t.Context(), expo.NewSnapshot(expo.SnapshotOptions{}), src))
		}
		assert.NotZero(t, counts[0])
		assert.Equal(t, counts[0], counts[1])
	}
}
