package archtest

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/pcp"
)

// Vector is a file of testdata/vectors. It shows a record, an index entry or
// the content of an event array with one special property, and how readers must
// treat it. The file has four paragraphs:
//
//	why the vector exists
//	name: value             lines, see Expect
//	0000002d  length: 45    rows: bytes, two spaces, the field that they are
//	{"kind":"desc",…}       the objects of a dump; absent if there are none
//
// The tests of this package generate the files and check all readers against
// them.
type Vector struct {
	Name string // folder/file, without the suffix
	Why  string
	// Expect holds the lines of the second paragraph by name:
	//
	//	file       metadata, volume or index; label: the first record of a volume;
	//	           event array: the content of a block
	//	after      the vector that stands before it, if it needs one
	//	follows    nothing: its file ends there
	//	reader     accepts; warns: yields it with a warning; drops: passes over it
	//	           silently; refuses: reports error, with message, and reads on;
	//	           refuses all: reports it and does not open the archive
	//	frames     the error of a reader of frames alone, if it is another one
	//	steps      nothing: the joined view has nothing of it
	//	writer     same bytes, other bytes or refuses, for the record read from it
	//	check      the codes of findings
	//	reference  accepts, refuses, or varies with its release
	Expect map[string]string
	Bytes  []byte
	Rows   string  // rows as the file contains them
	starts []int64 // offsets of the fields; set only while the vector is generated
	JSON   string  // objects of a dump, whose offsets count from the vector's first byte
}

// LoadVector loads the vector called name.
func LoadVector(t testing.TB, name string) *Vector {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(VectorFolder(t), filepath.FromSlash(name)+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.SplitN(strings.TrimSuffix(string(raw), "\n"), "\n\n", 4)
	if len(parts) < 3 {
		t.Fatalf("%s: %d paragraphs, want at least 3", name, len(parts))
	}
	v := &Vector{Name: name, Why: strings.ReplaceAll(parts[0], "\n", " "), Expect: map[string]string{}, Rows: parts[2]}
	for line := range strings.Lines(parts[1]) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		v.Expect[key] = value
	}
	for line := range strings.Lines(parts[2]) {
		b, err := rowBytes(line)
		if err != nil {
			t.Fatalf("%s: %q: %v", name, line, err)
		}
		v.Bytes = append(v.Bytes, b...)
	}
	if len(parts) == 4 {
		v.JSON = parts[3] + "\n"
	}
	return v
}

// rowBytes decodes the hexadecimal digits at the start of a row, up to two
// spaces. 00*80 stands for eighty zero bytes.
func rowBytes(row string) ([]byte, error) {
	digits, _, _ := strings.Cut(row, "  ")
	digits, times, repeated := strings.Cut(digits, "*")
	b, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
	if err != nil || !repeated {
		return b, err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(times), 10, 16)
	return bytes.Repeat(b, int(n)), err
}

// VectorBytes returns the bytes of the vector called name.
func VectorBytes(t testing.TB, name string) []byte {
	t.Helper()
	return LoadVector(t, name).Bytes
}

// VectorNames lists the names of all vectors.
func VectorNames(t testing.TB) []string {
	t.Helper()
	root := VectorFolder(t)
	files, err := filepath.Glob(filepath.Join(root, "*", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors in %s: %v", root, err)
	}
	for i, file := range files {
		rel, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		files[i] = strings.TrimSuffix(filepath.ToSlash(rel), ".txt")
	}
	return files
}

// VectorFolder returns the folder of the vectors.
func VectorFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, absent := os.Stat(filepath.Join(dir, "go.mod")); absent == nil {
			return filepath.Join(dir, "testdata", "vectors")
		}
	}
	t.Fatalf("no go.mod above the test: %v", err)
	return ""
}

// Versions returns the versions to which the vector applies according to its
// folder.
func (vec *Vector) Versions() []pcp.Version {
	switch folder, _, _ := strings.Cut(vec.Name, "/"); folder {
	case "v2":
		return []pcp.Version{pcp.V2}
	case "v3":
		return []pcp.Version{pcp.V3}
	}
	return Versions
}
