package archtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/dump"
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

// observe adds the results of all readers to the vector.
func (vec *Vector) observe(t *testing.T, s *vectorSpec, v pcp.Version) {
	folder, _, _ := strings.Cut(vec.Name, "/")
	for _, name := range s.after {
		vec.Expect["after"] = folder + "/" + name
	}
	if s.last {
		vec.Expect["follows"] = "nothing"
	}
	p := vec.place(t, v)
	found, err := vec.refusal(t, p)
	require.Equal(t, !s.drops, found, vec.Name)
	switch {
	case s.drops:
		vec.Expect["reader"] = "drops"
	case s.err == nil:
		require.NoError(t, err, vec.Name)
		vec.Expect["writer"] = cmp.Or(s.writer, "same bytes")
		if s.warns != nil {
			vec.Expect["reader"], vec.Expect["error"] = "warns", causeName(s.warns)
		}
	default:
		require.ErrorIs(t, err, s.err, vec.Name)
		vec.Expect["reader"], vec.Expect["reference"] = "refuses", "refuses"
		if s.all {
			vec.Expect["reader"] = "refuses all"
		}
		vec.Expect["error"] = causeName(s.err)
		if s.frames != nil {
			vec.Expect["frames"] = causeName(s.frames)
		}
		vec.Expect["message"] = p.relative(err.Error())
		vec.located(t, err, p)
	}
	if s.noStep {
		vec.Expect["steps"] = "nothing"
	}
	if s.reference != "" {
		vec.Expect["reference"] = s.reference
	}
	vec.Expect["check"] = p.check()
	vec.JSON = vec.dump(t, p)
}

// located requires that the error's offset is the start of a field or the end
// of the file.
func (vec *Vector) located(t *testing.T, err error, p placed) {
	var fe *pcp.FormatError
	if !errors.As(err, &fe) {
		return // two records contradict each other
	}
	at := fe.Offset
	if !vec.isArray() {
		at -= p.begin
	}
	assert.Contains(t, vec.starts, at, "%s: %v", vec.Name, err)
}

// causeName returns the name of an error in vectors.
func causeName(err error) string {
	for name, cause := range causes {
		if errors.Is(err, cause) {
			return name
		}
	}
	return ""
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

// refusal returns the error that a reader of records or of event arrays reports
// at the vector. found reports whether it yields a record or an error there.
func (vec *Vector) refusal(t *testing.T, p placed) (found bool, err error) {
	r, err := archive.Open(p.base, nil)
	if err != nil {
		return true, formatError(err)
	}
	if vec.isLabel() {
		for _, err := range r.Warnings() {
			return true, formatError(err)
		}
		return true, nil
	}
	for rec, err := range r.Records(p.role) {
		switch {
		case rec.Pos.Offset < p.begin || rec.Pos.Offset >= p.end:
			require.NoError(t, err, "%s: damage elsewhere", vec.Name)
			continue
		case err != nil:
			return true, formatError(err)
		case !vec.isArray():
			return true, nil
		}
		_, err = rec.Record.(*archive.Result).Sets[0].Values[0].Events()
		return true, err
	}
	return false, nil
}

// labelBytes returns the bytes of an archive label.
func labelBytes(t *testing.T, v pcp.Version, h *archive.Header) []byte {
	base := filepath.Join(t.TempDir(), "label")
	w, err := archive.CreateRecords(base, v, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	_, err = w.Write(h)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	raw, err := os.ReadFile(base + suffixes[archive.RoleData])
	require.NoError(t, err)
	return raw
}

// formatError returns the FormatError in err, without the extent of the damage.
func formatError(err error) error {
	var fe *pcp.FormatError
	if errors.As(err, &fe) {
		return fe
	}
	return err
}

var place = regexp.MustCompile(`(vector\.\w+: offset )(\d+)`)

// relative makes offsets relative to the vector's first byte and removes the
// folder.
func (p placed) relative(text string) string {
	text = strings.ReplaceAll(text, filepath.Dir(p.base)+string(filepath.Separator), "")
	return place.ReplaceAllStringFunc(text, func(s string) string {
		parts := place.FindStringSubmatch(s)
		n, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || !strings.HasPrefix(s, "vector"+suffixes[p.role]+":") {
			return s
		}
		return parts[1] + strconv.FormatInt(n-p.begin, 10)
	})
}

var onward = regexp.MustCompile(`reading goes on at offset (\d+)`)

// check returns the codes of all findings without duplicates.
func (p placed) check() string {
	codes := map[string]bool{}
	for f := range check.Archive(p.base, nil) {
		if f.Code != check.CoverageOnce && f.Code != check.CoverageNever { // every archive this small has these findings
			codes[string(f.Code)] = true
		}
		for _, c := range f.Follows {
			codes[string(c.Code)] = true
		}
	}
	if len(codes) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(codes)), ", ")
}

// dump returns the objects of the vector in a dump.
func (vec *Vector) dump(t *testing.T, p placed) string {
	r, err := archive.Open(p.base, nil)
	if err != nil {
		require.Equal(t, "refuses all", vec.Expect["reader"], "%v", err)
		return ""
	}
	var all bytes.Buffer
	_ = dump.JSON(&all, r, &dump.Options{}, true) // a dump contains damage as an object
	var out strings.Builder
	for line := range strings.Lines(all.String()) {
		var head struct {
			File    string
			Offset  int64
			Metrics []struct{ Values []json.RawMessage }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &head))
		if head.File != p.base+suffixes[p.role] || head.Offset < p.begin || head.Offset >= p.end {
			continue
		}
		if vec.isArray() { // omit the record that contains the array
			out.Write(append(head.Metrics[0].Values[0], '\n'))
			continue
		}
		line = strings.Replace(line, fmt.Sprintf(`"offset":%d`, head.Offset), fmt.Sprintf(`"offset":%d`, head.Offset-p.begin), 1)
		line = onward.ReplaceAllStringFunc(p.relative(line), func(s string) string {
			n, err := strconv.ParseInt(onward.FindStringSubmatch(s)[1], 10, 64)
			require.NoError(t, err)
			return fmt.Sprintf("reading goes on at offset %d", n-p.begin)
		})
		out.WriteString(line)
	}
	return out.String()
}
