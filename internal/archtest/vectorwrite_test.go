package archtest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

var update = flag.Bool("update", false, "rewrite testdata/vectors and its quotations in docs/format")

// causes maps the names of errors in vectors to the errors.
var causes = map[string]error{
	"ErrTruncated": pcp.ErrTruncated, "ErrUnfinished": pcp.ErrUnfinished, "ErrTrailer": pcp.ErrTrailer, "ErrTag": pcp.ErrTag,
	"ErrNotArchive": pcp.ErrNotArchive, "ErrVersion": pcp.ErrVersion, "ErrMismatch": pcp.ErrMismatch,
	"ErrRange": pcp.ErrRange, "ErrLayout": pcp.ErrLayout, "ErrLimit": pcp.ErrLimit,
}

// expectations lists the names in a vector's second paragraph in their order.
var expectations = []string{"file", "after", "follows", "reader", "error", "frames", "message", "steps", "writer", "check", "reference"}

// TestVectorFiles compares the vector files with those generated from the
// specifications. With -update it rewrites them.
func TestVectorFiles(t *testing.T) {
	made := map[string]bool{}
	for _, group := range vectorSpecs {
		for i := range group {
			spec := &group[i]
			for folder, v := range spec.folders() {
				vec := spec.vector(t, folder, v)
				require.False(t, made[vec.Name], "%s is made twice", vec.Name)
				made[vec.Name] = true
				vec.observe(t, spec, v)
				name := filepath.Join(VectorFolder(t), filepath.FromSlash(vec.Name)+".txt")
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
					require.NoError(t, os.WriteFile(name, []byte(vec.text()), 0o644))
					continue
				}
				raw, err := os.ReadFile(name)
				require.NoError(t, err, "make golden writes it")
				assert.Equal(t, vec.text(), string(raw), "%s: make golden writes it anew", vec.Name)
			}
		}
	}
	for _, name := range VectorNames(t) {
		if !made[name] && *update {
			require.NoError(t, os.Remove(filepath.Join(VectorFolder(t), filepath.FromSlash(name)+".txt")))
			continue
		}
		assert.True(t, made[name], "no program makes %s", name)
	}
}

// folders returns the folders of the vector with the version that encodes it.
func (s *vectorSpec) folders() map[string]pcp.Version {
	all := map[string]pcp.Version{"v2": pcp.V2, "v3": pcp.V3, "both": pcp.V3}
	if s.folder == "" {
		delete(all, "both")
		return all
	}
	return map[string]pcp.Version{s.folder: all[s.folder]}
}

// vector generates the bytes and the rows that explain them.
func (s *vectorSpec) vector(t *testing.T, folder string, v pcp.Version) *Vector {
	if s.foreign {
		v = pcp.V2 + pcp.V3 - v
	}
	layout, ok := wire.For(v)
	require.True(t, ok)
	vec := &Vector{Name: folder + "/" + s.name, Why: s.why, Expect: map[string]string{"reader": "accepts", "reference": "accepts"}}
	var f fields
	switch s.file {
	case inMeta:
		f = (&annotator{b: encoded(t, v, archive.RoleMeta, s.record().(archive.Record)), layout: layout}).metadata()
		vec.Expect["file"] = "metadata"
	case inVolume:
		f = (&annotator{b: encoded(t, v, archive.RoleData, s.record().(archive.Record)), layout: layout}).data()
		vec.Expect["file"] = "volume"
	case inLabel:
		f = (&annotator{b: labelBytes(t, v, s.record().(*archive.Header)), layout: layout}).label()
		vec.Expect["file"] = "label"
	case inIndex:
		f = (&annotator{b: encoded(t, v, archive.RoleIndex, s.record().(archive.Record)), layout: layout}).index()
		vec.Expect["file"] = "index"
	default:
		value, err := history.EventValue(pcp.InstNull, s.event, s.record().([]history.EventRecord))
		require.NoError(t, err)
		f = (&annotator{b: value.Data, layout: layout}).events(s.event)
		vec.Expect["file"] = map[pcp.Type]string{pcp.TypeEvent: "event array", pcp.TypeHighResEvent: "highres event array"}[s.event]
	}
	if s.defect != nil {
		s.defect(&f)
		f.fit()
	}
	vec.starts = f.starts()
	vec.Bytes, vec.Rows = f.bytes(), strings.TrimSuffix(f.String(), "\n")
	return vec
}

// text returns the contents of the vector's file.
func (vec *Vector) text() string {
	var b strings.Builder
	b.WriteString(wrap(vec.Why, 100) + "\n\n")
	for _, key := range expectations {
		if value := vec.Expect[key]; value != "" {
			b.WriteString(key + ": " + value + "\n")
		}
	}
	b.WriteString("\n" + vec.Rows + "\n")
	if vec.JSON != "" {
		b.WriteString("\n" + vec.JSON)
	}
	return b.String()
}

// wrap breaks text into lines of at most width bytes.
func wrap(text string, width int) string {
	out, line := "", 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case line+1+len(word) > width:
			out, line = out+"\n", 0
		default:
			out, line = out+" ", line+1
		}
		out, line = out+word, line+len(word)
	}
	return out
}
