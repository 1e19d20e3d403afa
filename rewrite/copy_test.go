package rewrite_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// open opens archives.
func open(t testing.TB, paths ...string) (rs []*archive.Reader) {
	t.Helper()
	for _, path := range paths {
		r, err := archive.Open(path, nil)
		require.NoError(t, err)
		rs = append(rs, r)
	}
	return rs
}

// copyOf copies archives into a new folder and returns the base of the copy.
func copyOf(t testing.TB, o rewrite.Options, in ...string) (string, *rewrite.Report) {
	t.Helper()
	out := filepath.Join(t.TempDir(), filepath.Base(in[0]))
	report, err := rewrite.Copy(t.Context(), out, open(t, in...), o)
	require.NoError(t, err)
	return out, report
}

// forCorpus runs a test for every uncompressed archive of the corpus.
func forCorpus(t *testing.T, f func(t *testing.T, base string)) {
	for _, base := range oracle.Archives(t, "archives", true) {
		if _, err := archive.Open(base, nil); err != nil {
			t.Logf("%v", err) // package archive's tests know which may fail
			continue
		}
		name, err := filepath.Rel(oracle.Corpus(t), base)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) { f(t, base) })
	}
}

// TestCorpusByteForByte copies every uncompressed archive of the corpus. The
// metadata and the volumes come out as they were, apart from the padding of
// value blocks and what follows a string's end in old labels.
func TestCorpusByteForByte(t *testing.T) {
	kept, rebuilt := 0, 0
	forCorpus(t, func(t *testing.T, base string) {
		out, report := copyOf(t, rewrite.Options{}, base)
		_, members, err := archive.Members(base)
		require.NoError(t, err)
		for _, m := range members {
			copied := out + strings.TrimPrefix(m.Path, base)
			if m.Role == archive.RoleIndex && !report.IndexKept {
				continue
			}
			want, err := os.ReadFile(m.Path)
			require.NoError(t, err)
			got, err := os.ReadFile(copied)
			require.NoError(t, err)
			if len(report.Damage) > 0 {
				want = want[:min(len(want), len(got))] // a part of a record follows
			}
			require.Equal(t, len(want), len(got), m.Path)
			if m.Role != archive.RoleIndex {
				normalise(t, want, m)
			} else {
				blankLabel(want)
			}
			if !bytes.Equal(want, got) {
				i := 0
				for want[i] == got[i] {
					i++
				}
				t.Fatalf("%s: differs at %d of %d\nwant %x\ngot  %x", m.Path, i, len(want), want[i:min(i+40, len(want))], got[i:min(i+40, len(got))])
			}
		}
		if report.IndexKept {
			kept++
		} else {
			rebuilt++
		}
	})
	t.Logf("%d archives, %d with their index kept", kept+rebuilt, kept)
	assert.Greater(t, kept+rebuilt, 80)
	assert.Greater(t, kept, rebuilt)
}

// normalise gives what has no meaning the form that writers give it.
func normalise(t *testing.T, raw []byte, m archive.Member) {
	t.Helper()
	v := blankLabel(raw)
	if m.Role != archive.RoleData {
		return
	}
	d, err := archive.NewResultDecoder(v)
	require.NoError(t, err)
	first := true
	for f, err := range archive.Frames(bytes.NewReader(bytes.Clone(raw)), archive.Pos{}, 0) {
		if err != nil {
			return
		}
		if first {
			first = false
			continue
		}
		res, err := d.Decode(f.Payload)
		require.NoError(t, err)
		end := int(f.Pos.Offset) + 4 + len(f.Payload)
		for at := end - blocks(res); at < end; {
			n := int(binary.BigEndian.Uint32(raw[at:]) & 0xffffff)
			for ; n%4 != 0; n++ {
				raw[at+n] = '~'
			}
			at += n
		}
	}
}

// blankLabel clears what follows the end of a label's strings and returns its
// version.
func blankLabel(raw []byte) pcp.Version {
	v := pcp.Version(raw[7])
	fields := [][2]int{{24, 64}, {88, 40}}
	if v == pcp.V3 {
		fields = [][2]int{{36, 256}, {292, 256}, {548, 256}}
	}
	for _, f := range fields {
		field := raw[f[0] : f[0]+f[1]]
		if i := bytes.IndexByte(field, 0); i >= 0 {
			clear(field[i:])
		}
	}
	return v
}

// blocks returns the length of a result's value blocks.
func blocks(res *archive.Result) (n int) {
	for _, s := range res.Sets {
		if s.Format == archive.InSitu {
			continue
		}
		for _, v := range s.Values {
			size := 4 + v.Type.Size()
			if v.Data != nil {
				size = 4 + len(v.Data)
			}
			n += (size + 3) &^ 3
		}
	}
	return n
}
