package archive_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// packer is a compression program and its suffix.
type packer struct {
	name, suffix string
	command      []string
	parts        int  // number of parts of the file that are compressed separately
	reference    bool // PCP release 6 reads the format
}

var packers = []packer{
	{"xz", ".xz", []string{"xz", "-c"}, 1, true},
	{"xz blocks", ".xz", []string{"xz", "-c", "--block-size=7000"}, 1, true},
	{"xz streams", ".xz", []string{"xz", "-c"}, 4, false},
	{"lzma", ".lzma", []string{"xz", "-c", "--format=lzma"}, 1, true},
	{"bzip2", ".bz2", []string{"bzip2", "-1c"}, 1, true},
	{"bzip2 as .bz", ".bz", []string{"bzip2", "-1c"}, 2, true},
	{"gzip", ".gz", []string{"gzip", "-c"}, 1, true},
	{"gzip as .Z", ".Z", []string{"gzip", "-c"}, 1, true},
	{"gzip as .z", ".z", []string{"gzip", "-c"}, 3, true},
	{"compress", ".Z", []string{"compress", "-cf"}, 1, true},
	{"zstd", ".zst", []string{"zstd", "-qc"}, 1, false},
	{"zstd frames", ".zst", []string{"zstd", "-qc", "--no-check"}, 7, false},
}

// wholesale reports whether the format stores the test's volume as one unit,
// which is decoded completely or not at all.
func (p packer) wholesale() bool {
	return p.parts == 1 && (p.command[0] == "bzip2" || p.command[0] == "zstd")
}

// pack replaces a file by its compressed form.
func (p packer) pack(t testing.TB, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	var out []byte
	for part := range slices.Chunk(raw, (len(raw)+p.parts-1)/p.parts) {
		if p.command[0] == "zstd" { // zstd stores the size in the frame only if it knows it in advance
			out = append(out, archtest.Pack(t, part, "zstd", append(p.command[1:], fmt.Sprintf("--stream-size=%d", len(part)))...)...)
			continue
		}
		out = append(out, archtest.Pack(t, part, p.command[0], p.command[1:]...)...)
	}
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.WriteFile(path+p.suffix, out, 0o644))
	return path + p.suffix
}

// manyRecords writes volumes of 40 records and returns the last second. The
// records compress so badly that a volume takes several blocks. Tests get
// copies of files that are written once.
func manyRecords(t testing.TB, v pcp.Version, volumes int) (base string, last int64) {
	t.Helper()
	key := [2]int{int(v), volumes}
	if many[key] == nil {
		dir := t.TempDir()
		writeMany(t, filepath.Join(dir, "rec"), v, volumes)
		files, err := archtest.Files(os.DirFS(dir))
		require.NoError(t, err)
		many[key] = files
	}
	dir := filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.CopyFS(dir, many[key]))
	return filepath.Join(dir, "rec"), int64(volumes) * 40
}

// many holds the files of manyRecords by version and volumes.
var many = map[[2]int]fstest.MapFS{}

func writeMany(t testing.TB, base string, v pcp.Version, volumes int) {
	t.Helper()
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v, VolumeRecords: 40, NoSync: true})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Release))
	require.NoError(t, a.Define(archtest.Load))
	for i := range volumes * 40 {
		last := int64(i + 1)
		if i%16 == 0 {
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(last), ID: archtest.Domain, Instances: []meta.Instance{{ID: 1, Name: fmt.Sprint(i)}}}))
		}
		text := ""
		for j := range 60 {
			text += fmt.Sprint(i*i, j*i*i*7919, " ")
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: at(last), Sets: []archive.ValueSet{
			{PMID: archtest.Release.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, text)}},
			{PMID: archtest.Load.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(1, pcp.TypeFloat, uint64(i))}},
		}}))
	}
	require.NoError(t, a.Close())
}

// everything lists all records of an archive with their positions.
func everything(t testing.TB, base string, o *archive.ReadOptions) (all []string) {
	r, err := archive.Open(base, o)
	require.NoError(t, err)
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleIndex, archive.RoleData} {
		for rec, err := range r.Records(role) {
			require.NoError(t, err)
			all = append(all, fmt.Sprintf("%d %d %d %+v", role, rec.Pos.Volume, rec.Pos.Offset, shown(rec.Record)))
		}
	}
	end, err := r.End()
	require.NoError(t, err)
	require.Empty(t, r.Warnings())
	return append(all, end.String())
}

// shown formats a record without its pointers.
func shown(rec archive.Record) any {
	switch rec := rec.(type) {
	case *archive.Result:
		return fmt.Sprintf("%v %+v", rec.Stamp, rec.Sets)
	case *meta.Labels:
		text := ""
		for _, s := range rec.Sets {
			text += fmt.Sprint(s.Inst, s.Set.JSON())
		}
		return fmt.Sprint(rec.Stamp, rec.Level, rec.Ident, text)
	}
	return rec
}

var _ = labelset.Levels // the JSON above is that of a labelset.Set

func TestCompressed(t *testing.T) {
	for _, v := range archtest.Versions {
		for _, p := range packers {
			t.Run(fmt.Sprint(v, " ", p.name), func(t *testing.T) {
				base, last := manyRecords(t, v, 3)
				want := everything(t, base, nil)
				for _, suffixes := range [][]string{{".0", ".index"}, {".1", ".2", ".meta"}} {
					for _, suffix := range suffixes {
						p.pack(t, base+suffix)
					}
					assert.Equal(t, want, everything(t, base, nil), "after %s", suffixes)
				}
				for _, cache := range []int64{0, -1, 35000} {
					r, err := archive.Open(base+".1"+p.suffix, &archive.ReadOptions{Cache: cache})
					require.NoError(t, err)
					for _, from := range []int64{0, 17, 40, 41, 100, last + 1} {
						assert.Equal(t, span(max(from, 1), last), seconds(t, r, history.Query{From: at(from)}))
					}
					assert.Equal(t, span(50, 52), seconds(t, r, history.Query{From: at(50), To: at(52)}))
				}
				if p.reference {
					r, err := archive.Open(base, nil)
					require.NoError(t, err)
					requireSameShapes(t, base, r)
				}
			})
		}
	}
}

// TestCompressedContentsTell reads files whose contents do not match their
// suffix.
func TestCompressedContentsTell(t *testing.T) {
	base, _ := manyRecords(t, pcp.V3, 1)
	want := everything(t, base, nil)
	gzip := packers[6]
	require.NoError(t, os.Rename(gzip.pack(t, base+".meta"), base+".meta"))
	require.NoError(t, os.Rename(gzip.pack(t, base+".0"), base+".0.xz"))
	require.NoError(t, os.Rename(base+".index", base+".index.bz2"))
	assert.Equal(t, want, everything(t, base, nil))
}

// TestCompressedMeanwhile compresses files while a Reader is open.
func TestCompressedMeanwhile(t *testing.T) {
	base, last := manyRecords(t, pcp.V3, 2)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	packers[0].pack(t, base+".0")
	packers[0].pack(t, base+".meta")
	assert.Equal(t, span(1, last), seconds(t, r, history.Query{}))
	for _, err := range r.Records(archive.RoleMeta) {
		require.NoError(t, err)
	}
	require.NoError(t, os.Remove(base+".1"))
	for _, err = range r.Steps(history.Query{}) {
	}
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// TestMetadataLeavesVolumesAlone queries metadata although only the beginning
// of the first volume can be decompressed.
func TestMetadataLeavesVolumesAlone(t *testing.T) {
	for _, p := range packers {
		t.Run(p.name, func(t *testing.T) {
			base, _ := manyRecords(t, pcp.V3, 3)
			for i, suffix := range []string{".0", ".1", ".2"} {
				path := p.pack(t, base+suffix)
				raw, err := os.ReadFile(path)
				require.NoError(t, err)
				keep := []int{len(raw) / 2, 40, 0}[i]
				for j := keep; j < len(raw); j++ {
					raw[j] ^= 0xa5
				}
				if p.wholesale() && i == 0 {
					return
				}
				require.NoError(t, os.WriteFile(path, raw, 0o644))
			}
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			_, ok := r.Meta().Lookup("sample.release")
			assert.True(t, ok)
			assert.Len(t, r.Members(), 5)
			assert.Empty(t, r.Warnings())
		})
	}
}

func TestOpenMember(t *testing.T) {
	base, _ := manyRecords(t, pcp.V3, 1)
	want, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	packers[1].pack(t, base+".0")
	_, members, err := archive.Members(base)
	require.NoError(t, err)
	f, err := archive.OpenMember(members[2], nil)
	require.NoError(t, err)
	defer f.Close()
	assert.True(t, f.Compressed())
	assert.Equal(t, ".xz", f.Compress)
	n, ok := f.Length()
	assert.True(t, ok)
	assert.EqualValues(t, len(want), n)
	got := make([]byte, 100)
	_, err = f.ReadAt(got, 20000)
	require.NoError(t, err)
	assert.Equal(t, want[20000:20100], got)
	var all bytes.Buffer
	_, err = all.ReadFrom(f.From(9))
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want[9:], all.Bytes()))
}
