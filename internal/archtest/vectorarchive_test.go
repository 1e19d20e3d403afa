package archtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// placed is a vector in an archive.
type placed struct {
	base       string
	role       archive.Role
	begin, end int64 // offsets of the vector in its file
}

// stored writes an archive of the given records at base.
func stored(t testing.TB, v pcp.Version, base string, records ...archive.Record) {
	t.Helper()
	w, err := archive.CreateRecords(base, v, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	for _, volume := range []int32{wire.VolumeMeta, wire.VolumeIndex, 0} {
		_, err = w.Write(&archive.Header{PID: 4711, Start: stampAt(0, 0), Volume: volume, Host: "vector.example", Zone: "UTC"})
		require.NoError(t, err)
	}
	for _, r := range records {
		_, err = w.Write(r)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
}

var suffixes = map[archive.Role]string{archive.RoleMeta: ".meta", archive.RoleIndex: ".index", archive.RoleData: ".0"}

// encoded returns the bytes that a writer produces for records of one file.
func encoded(t testing.TB, v pcp.Version, role archive.Role, records ...archive.Record) []byte {
	t.Helper()
	base := filepath.Join(t.TempDir(), "encoded")
	stored(t, v, base, records...)
	b, err := os.ReadFile(base + suffixes[role])
	require.NoError(t, err)
	return b[archive.HeaderSize(v):]
}

// roleOf returns the role of the file to which a vector belongs.
func roleOf(file string) archive.Role {
	switch file {
	case "metadata":
		return archive.RoleMeta
	case "index":
		return archive.RoleIndex
	}
	return archive.RoleData
}

// isLabel reports whether the vector is the archive label of a volume.
func (vec *Vector) isLabel() bool { return vec.Expect["file"] == "label" }

// arrayTypes maps the vectors of event arrays to their types.
var arrayTypes = map[string]pcp.Type{"event array": pcp.TypeEvent, "highres event array": pcp.TypeHighResEvent}

// place writes an archive in which only the vector is unusual: metrics and a
// result precede it, and a metric or a result follows it in its file, unless
// the file must end there.
func (vec *Vector) place(t testing.TB, v pcp.Version) placed {
	t.Helper()
	p := placed{base: filepath.Join(t.TempDir(), "vector"), role: roleOf(vec.Expect["file"])}
	before := []archive.Record{vectorInDom}
	for _, d := range vectorMetrics {
		before = append(before, d)
	}
	first := &archive.Result{Stamp: stampAt(0, 0), Sets: []archive.ValueSet{wordSet()}}
	before = append(before, first)
	if p.role != archive.RoleIndex {
		before = append(before, &archive.IndexEntry{Stamp: first.Stamp, Meta: metaLength(t, v), Data: archive.HeaderSize(v)})
	}
	if p.role != archive.RoleData {
		before = append(before, lastResult())
	}
	stored(t, v, p.base, before...)

	raw := vec.Bytes
	if typ, ok := arrayTypes[vec.Expect["file"]]; ok {
		item := map[pcp.Type]uint32{pcp.TypeEvent: 4, pcp.TypeHighResEvent: 5}[typ]
		raw = encoded(t, v, archive.RoleData, &archive.Result{Stamp: stampAt(2, 2000), Sets: []archive.ValueSet{{
			PMID: metricID(item), Format: archive.Static, Values: []history.Value{{Inst: pcp.InstNull, Type: typ, Data: vec.Bytes}},
		}}})
	}
	name := p.base + suffixes[p.role]
	file, err := os.ReadFile(name)
	require.NoError(t, err)
	if vec.isLabel() {
		p.end = int64(len(raw))
		file = append(append(slices.Clone(raw), file[archive.HeaderSize(v):]...), encoded(t, v, p.role, lastResult())...)
		require.NoError(t, os.WriteFile(name, file, 0o644))
		return p
	}
	if after := vec.Expect["after"]; after != "" {
		file = append(file, VectorBytes(t, after)...)
	}
	p.begin = int64(len(file))
	file = append(file, raw...)
	p.end = int64(len(file))
	if vec.Expect["follows"] != "nothing" {
		switch p.role {
		case archive.RoleMeta:
			file = append(file, encoded(t, v, p.role, lastMetric)...)
		case archive.RoleData:
			file = append(file, encoded(t, v, p.role, lastResult())...)
		}
	}
	require.NoError(t, os.WriteFile(name, file, 0o644))
	return p
}

// metaLengths caches the results of metaLength.
var metaLengths = map[pcp.Version]int64{}

// metaLength returns the length of the metadata before the vector.
func metaLength(t testing.TB, v pcp.Version) int64 {
	t.Helper()
	if metaLengths[v] == 0 {
		records := []archive.Record{vectorInDom}
		for _, d := range vectorMetrics {
			records = append(records, d)
		}
		metaLengths[v] = archive.HeaderSize(v) + int64(len(encoded(t, v, archive.RoleMeta, records...)))
	}
	return metaLengths[v]
}

// lastMetric and lastResult follow the vector.
var lastMetric = &meta.Desc{PMID: metricID(8), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"x.last"}}

func lastResult() *archive.Result {
	return &archive.Result{Stamp: stampAt(10, 0), Sets: []archive.ValueSet{wordSet()}}
}
