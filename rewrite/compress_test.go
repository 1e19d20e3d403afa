package rewrite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// TestCompressedCorpus: the reference sees the same in a copy with volumes in
// gzip as in the original, and so do we in one with volumes in zstd.
func TestCompressedCorpus(t *testing.T) {
	n := 0
	forCorpus(t, func(t *testing.T, base string) {
		plain, report := copyOf(t, rewrite.Options{}, base)
		if len(report.Torn) > 0 {
			t.Skip("it ends inside a record")
		}
		gz, _ := copyOf(t, rewrite.Options{Compress: archive.CompressGzip}, base)
		n++
		commands := [][]string{{"pmlogcheck"}, {"pmdumplog", "-z", "-a"}}
		if info, err := os.Stat(plain + ".meta"); err == nil && info.Size() > 16<<10 {
			commands = nil // takes long
		}
		for _, command := range commands {
			var answers [2]string
			for i, copied := range []string{plain, gz} {
				res := oracle.Exec(t, command[0], append(command[1:], copied)...)
				answers[i] = fmt.Sprint(res.Exit) + strings.ReplaceAll(res.Stdout+res.Stderr, filepath.Dir(copied), "")
				answers[i] = strings.ReplaceAll(answers[i], ".gz", "")
			}
			if command[0] == "pmlogcheck" && answers[0] != "0" {
				continue // it names files and sizes
			}
			require.Equal(t, answers[0], answers[1], "%q", command)
		}
		zst, _ := copyOf(t, rewrite.Options{Compress: archive.CompressZstd}, base)
		require.Equal(t, records(t, plain), records(t, zst))
		for _, s := range []string{".meta", ".index"} {
			want, err := os.ReadFile(plain + s)
			require.NoError(t, err)
			got, err := os.ReadFile(zst + s)
			require.NoError(t, err)
			require.Equal(t, want, got, "%s is not compressed", s)
		}
	})
	assert.Greater(t, n, 80)
}

// records lists an archive's data records with their places.
func records(t *testing.T, base string) (all []string) {
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		text := fmt.Sprint(rec.Pos.Volume, rec.Pos.Offset)
		if res, ok := rec.Record.(*archive.Result); ok {
			text += fmt.Sprintf(" %v %d", res.Stamp, len(res.Sets))
			for i := range res.Sets {
				text += fmt.Sprintf(" %v", res.Sets[i])
			}
		}
		all = append(all, text)
	}
	return all
}

// Volumes may be limited, and a merge or a selection is compressed to its end.
func TestCompressedVolumes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := filepath.Join(t.TempDir(), "rec")
		archtest.WriteSample(t, base, v)
		for name, o := range map[string]rewrite.Options{
			"whole":     {Compress: archive.CompressGzip, VolumeSize: 1},
			"selection": {Compress: archive.CompressGzip, VolumeSize: 1, End: pcp.MaxTime},
			"plain":     {VolumeSize: 1},
		} {
			t.Run(name, func(t *testing.T) {
				out, report := copyOf(t, o, base)
				assert.Equal(t, 5, report.Records)
				_, members, err := archive.Members(out)
				require.NoError(t, err)
				require.Len(t, members, 2+5, "one record each")
				for _, m := range members[2:] {
					assert.Equal(t, o.Compress.Suffix(), m.Compress)
				}
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", out))
				back, _ := copyOf(t, rewrite.Options{Compress: archive.CompressZstd}, out, out)
				assert.NotEmpty(t, records(t, back))
			})
		}
	})
}
