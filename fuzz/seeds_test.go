package fuzz

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

var update = flag.Bool("update", false, "rewrite the seeds")

// seed holds the arguments of one call of a fuzz target.
type seed []any

// String returns the seed in the go tool's file format.
func (s seed) String() string {
	out := "go test fuzz v1\n"
	for _, arg := range s {
		switch arg := arg.(type) {
		case uint8:
			out += fmt.Sprintf("byte(%q)\n", rune(arg))
		case bool:
			out += fmt.Sprintf("bool(%t)\n", arg)
		default:
			out += fmt.Sprintf("%T(%q)\n", arg, arg)
		}
	}
	return strings.ReplaceAll(out, "[]uint8(", "[]byte(")
}

// seeds returns the seeds of every target by name.
func seeds(t *testing.T) map[string]map[string]seed {
	all := map[string]map[string]seed{
		"FuzzFrames": {}, "FuzzHeader": {}, "FuzzMetaRecord": metaSeeds(t), "FuzzDataRecord": dataSeeds(t), "FuzzLabelJSON": labelSeeds(),
		"FuzzArchive": {}, "FuzzRewrite": {}, "FuzzContinue": {}, "FuzzIndex": {}, "FuzzAppend": appendSeeds(), "FuzzRecords": recordSeeds(),
	}
	for _, v := range archtest.Versions {
		metaFile, index, data := archtest.Members(t, archtest.Sample(t, v))
		all["FuzzFrames"]["meta-"+v.String()] = seed{metaFile}
		all["FuzzFrames"]["data-"+v.String()] = seed{data}
		size := archive.HeaderSize(v)
		all["FuzzHeader"]["index-"+v.String()] = seed{index[4 : size-4]}
		all["FuzzHeader"]["volume-"+v.String()] = seed{data[4 : size-4]}
		for _, target := range []string{"FuzzArchive", "FuzzRewrite", "FuzzContinue"} {
			all[target]["sample-"+v.String()] = seed{metaFile, index, data}
			all[target]["torn-"+v.String()] = seed{metaFile[:len(metaFile)-7], index[:len(index)-1], data[:len(data)-9]}
			all[target]["empty-"+v.String()] = seed{[]byte{}, index, data}
		}
		entries, entry := index[size:], archive.IndexEntrySize(v)
		all["FuzzIndex"]["sample-"+v.String()] = seed{v == pcp.V3, entries}
		all["FuzzIndex"]["torn-"+v.String()] = seed{v == pcp.V3, entries[:len(entries)-3]}
		all["FuzzIndex"]["order-"+v.String()] = seed{v == pcp.V3, slices.Concat(entries[entry:], entries)}
	}
	all["FuzzFrames"]["empty"] = seed{[]byte{}}
	return all
}

func metaSeeds(t *testing.T) map[string]seed {
	all := map[string]seed{}
	add := func(name string, kind uint8, v pcp.Version, vector string) {
		b := archtest.VectorBytes(t, vector)
		all[name] = seed{kind, v == pcp.V3, b[8 : len(b)-4]}
	}
	add("desc", 0, pcp.V2, "both/desc")
	add("indom-v2", 1, pcp.V2, "v2/indom")
	add("indom-v3", 1, pcp.V3, "v3/indom")
	add("delta-v3", 2, pcp.V3, "v3/delta")
	add("labels-v2", 3, pcp.V2, "v2/labels")
	add("labels-v3", 3, pcp.V3, "v3/labels")
	add("text", 4, pcp.V3, "both/text")
	return all
}

func dataSeeds(t *testing.T) map[string]seed {
	all := map[string]seed{}
	add := func(name string, v pcp.Version, vector string) {
		b := archtest.VectorBytes(t, vector)
		all[name] = seed{v == pcp.V3, b[4 : len(b)-4]}
	}
	add("result-v2", pcp.V2, "v2/result")
	add("result-v3", pcp.V3, "v3/result")
	add("error-v3", pcp.V3, "v3/result-error")
	add("mark-v2", pcp.V2, "v2/mark")
	add("mark-v3", pcp.V3, "v3/mark")
	add("events-v2", pcp.V2, "v2/events")
	add("highres-v3", pcp.V3, "v3/events-highres")
	add("aggregates-v3", pcp.V3, "v3/aggregates")
	return all
}

// recordSeeds returns scripts that begin with one record of each kind.
func recordSeeds() map[string]seed {
	all := map[string]seed{}
	for kind := range pcp.NumKinds {
		script := []byte{byte(kind)}
		for i := range 150 {
			script = append(script, byte(i*int(kind+3))) // arbitrary bytes
		}
		for _, v := range archtest.Versions {
			all[strings.ReplaceAll(kind.String(), " ", "-")+"-"+v.String()] = seed{v == pcp.V3, script}
		}
	}
	return all
}

func labelSeeds() map[string]seed {
	all := map[string]seed{}
	for name, text := range map[string]string{
		"empty": `{}`, "plain": `{"a":1,"b":"x y","c":true}`, "nested": `{"a":{"b":{"c":null}},"d":{}}`, "array": `{"a":[1,[2,{"b":3}],"]"]}`,
		"escapes": `{"a":"\"\\\u00e9","b\n":-1.5e+3}`, "space": " { \"a\" :\t1 ,\r\n\"b\" : 2 } ", "duplicate": `{"a":{"b":1},"a.b":2}`,
	} {
		all[name] = seed{text}
	}
	return all
}

func appendSeeds() map[string]seed {
	all := map[string]seed{}
	for _, v := range archtest.Versions {
		all["record-"+v.String()] = seed{v == pcp.V3, []byte("\x01\x07\x05\x04\x00\x00\x01\x02\x00\x03\x04\x00\x05\x06\x00\x07\x08\x09\x0a")}
		all["labels-"+v.String()] = seed{v == pcp.V3, []byte("\x03\x07\x05\x01\x00\x00\x01\x04\x05\x03\x08\x05\x01\x00\x0f\x02")}
		all["events-"+v.String()] = seed{v == pcp.V3, []byte("\x01\x07\x05\x04\x09\x00\x02\x03\x04\x0a\x00\x02\x05\x06\x07\x00\x01\x14\x00\x02\x03\x04")}
		all["domains-"+v.String()] = seed{v == pcp.V3, []byte("\x01\x0f\x05\x01\x03\x00abcd\x00\x01\x01\x01\x0d\x05\x01\x03\x00abc\x00\x01\x01\x02\x01\x4d\x05\x01\x03\x00abc")}
	}
	return all
}

// TestSeeds checks that the files in testdata are the seeds of every target,
// and rewrites them with -update.
func TestSeeds(t *testing.T) {
	all := seeds(t)
	assert.Equal(t, targets(t), slices.Sorted(maps.Keys(all)))
	for target, named := range all {
		require.NotEmpty(t, named, target)
		dir := filepath.Join("testdata", "fuzz", target)
		if *update {
			require.NoError(t, os.MkdirAll(dir, 0o755))
		}
		for name, s := range named {
			path := filepath.Join(dir, "seed-"+name)
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(s.String()), 0o644))
			}
			stored, err := os.ReadFile(path)
			require.NoError(t, err, "go test ./fuzz -update writes it")
			assert.Equal(t, s.String(), string(stored), path)
		}
	}
}

// targets lists the fuzz functions in this folder.
func targets(t *testing.T) (names []string) {
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				names = append(names, fn.Name.Name)
			}
		}
	}
	slices.Sort(names)
	return names
}
