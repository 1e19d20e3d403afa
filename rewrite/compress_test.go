package rewrite_test

import (
	"fmt"
	"io"
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
		if len(report.Damage) > 0 {
			t.Skip("it ends inside a record")
		}
		gz, _ := copyOf(t, rewrite.Options{Compress: archive.CompressGzip}, base)
		n++
		commands := [][]string{{"pmlogcheck"}, {"pmdumplog", "-z", "-a"}}
		if info, err := os.Stat(plain + ".meta"); err == nil && info.Size() > 4<<10 {
			commands = commands[:1] // the listing takes long
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
		require.Equal(t, contents(t, plain), contents(t, zst))
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

// contents returns what an archive's volumes hold.
func contents(t *testing.T, base string) (all [][]byte) {
	_, members, err := archive.Members(base)
	require.NoError(t, err)
	for _, m := range members {
		if m.Role != archive.RoleData {
			continue
		}
		f, err := archive.OpenMember(m, nil)
		require.NoError(t, err)
		raw, err := io.ReadAll(f.From(0))
		require.NoError(t, err)
		require.NoError(t, f.Close())
		all = append(all, raw)
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
				assert.False(t, report.IndexKept, "it points into other volumes")
				_, members, err := archive.Members(out)
				require.NoError(t, err)
				require.Len(t, members, 2+5, "one record each")
				for _, m := range members[2:] {
					assert.Equal(t, o.Compress.Suffix(), m.Compress)
				}
				assert.Equal(t, oracle.Result{}, oracle.Exec(t, "pmlogcheck", out))
				back, _ := copyOf(t, rewrite.Options{Compress: archive.CompressZstd}, out, out)
				assert.Len(t, contents(t, back), 1)
			})
		}
	})
}
