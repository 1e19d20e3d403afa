package dump_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// objects lists an archive as JSON, one object a line.
func objects(t *testing.T, base string, o *dump.Options) []map[string]any {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, dump.JSON(&b, r, o, true))
	var all []map[string]any
	for line := range strings.Lines(b.String()) {
		var object map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		require.NoError(t, d.Decode(&object), line)
		all = append(all, object)
	}
	return all
}

// keys are an interface: programs read them. Nested ones are joined by dots.
var keys = map[string][]string{
	"label": {"features", "host", "kind", "pid", "start", "start.nsec", "start.sec", "start.time", "timezone", "version", "volume", "zoneinfo"},
	"desc": {
		"indom", "kind", "names", "pmid", "semantics", "type", "unit_fields", "unit_fields.dim_count", "unit_fields.dim_space",
		"unit_fields.dim_time", "unit_fields.extra_scale", "unit_fields.extra_unit", "unit_fields.scale_count",
		"unit_fields.scale_space", "unit_fields.scale_time", "units",
	},
	"indom":       {"indom", "instances", "instances.id", "instances.name", "kind", "nsec", "sec", "time"},
	"indom delta": {"indom", "instances", "instances.id", "instances.name", "instances.removed", "kind", "nsec", "sec", "time"},
	"labels": {
		"ident", "kind", "level", "nsec", "of", "sec", "sets", "sets.instance", "sets.json", "sets.labels", "sets.labels.compound",
		"sets.labels.name", "sets.labels.value", "sets.stored", "sets.stored.flag_names", "sets.stored.flags",
		"sets.stored.name_length", "sets.stored.name_offset", "sets.stored.value_length", "sets.stored.value_offset", "time",
	},
	"text":  {"ident", "kind", "of", "text", "type"},
	"index": {"data_offset", "kind", "meta_offset", "nsec", "sec", "time", "volume"},
	"mark":  {"kind", "nsec", "sec", "time", "volume"},
	"result": {
		"kind", "metrics", "metrics.error", "metrics.error_text", "metrics.format", "metrics.names", "metrics.pmid", "metrics.type",
		"metrics.values", "metrics.values.bytes", "metrics.values.events", "metrics.values.events.flag_names",
		"metrics.values.events.flags", "metrics.values.events.missed", "metrics.values.events.nsec",
		"metrics.values.events.parameters", "metrics.values.events.parameters.names", "metrics.values.events.parameters.pmid",
		"metrics.values.events.parameters.value", "metrics.values.events.sec", "metrics.values.events.time",
		"metrics.values.instance", "metrics.values.instance_name", "metrics.values.stored_type", "metrics.values.value",
		"nsec", "sec", "time", "volume",
	},
}

func TestJSONKeys(t *testing.T) {
	found := map[string]map[string]bool{}
	for _, object := range objects(t, rich(t, pcp.V3), &dump.Options{}) {
		kind := object["kind"].(string)
		if found[kind] == nil {
			found[kind] = map[string]bool{}
		}
		for _, place := range []string{"file", "offset", "size"} {
			assert.Contains(t, object, place, kind)
			delete(object, place)
		}
		collectKeys(found[kind], "", object)
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(keys)), slices.Collect(maps.Keys(found)))
	for kind, want := range keys {
		assert.Equal(t, want, slices.Sorted(maps.Keys(found[kind])), kind)
	}
}

func collectKeys(into map[string]bool, prefix string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			into[prefix+k] = true
			collectKeys(into, prefix+k+".", e)
		}
	case []any:
		for _, e := range v {
			collectKeys(into, prefix, e)
		}
	}
}

// TestJSONPlaces: offset and size of each object are those of its record.
func TestJSONPlaces(t *testing.T) {
	for _, object := range objects(t, rich(t, pcp.V2), &dump.Options{}) {
		offset, err := object["offset"].(json.Number).Int64()
		require.NoError(t, err)
		size, err := object["size"].(json.Number).Int64()
		require.NoError(t, err)
		content, err := os.ReadFile(object["file"].(string))
		require.NoError(t, err)
		if object["kind"] == "index" {
			assert.EqualValues(t, 20, size)
			continue
		}
		record := content[offset : offset+size]
		assert.Equal(t, record[:4], record[size-4:])
		assert.EqualValues(t, size, int64(record[2])<<8|int64(record[3]))
	}
}

// TestJSONSelects: sections, names and times select objects.
func TestJSONSelects(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	kinds := func(o *dump.Options) []string {
		var found []string
		for _, object := range objects(t, base, o) {
			found = append(found, object["kind"].(string))
		}
		return slices.Compact(found)
	}
	assert.Equal(t, []string{"desc"}, kinds(&dump.Options{Sections: dump.Descs}))
	assert.Equal(t, []string{"text", "index"}, kinds(&dump.Options{Sections: dump.HelpText | dump.Index}))
	assert.Equal(t, []string{"result", "mark", "result"}, kinds(&dump.Options{Sections: dump.Metrics}))
	assert.Equal(t, []string{"result"}, kinds(&dump.Options{Sections: dump.Metrics, Names: []string{"sample.bytes"}}))
	assert.Equal(t, []string{"result", "mark"}, kinds(&dump.Options{Sections: dump.Metrics, From: after(2, 0), To: after(3, 0)}))
	exact := objects(t, base, &dump.Options{Sections: dump.Metrics, Names: []string{"sample.bytes"}})[0]
	value := exact["metrics"].([]any)[0].(map[string]any)["values"].([]any)[0].(map[string]any)["value"]
	assert.Equal(t, json.Number("1152921504606846976"), value)
}

// TestJSONArray: the other form is one array.
func TestJSONArray(t *testing.T) {
	r, err := archive.Open(archtest.Sample(t, pcp.V3), nil)
	require.NoError(t, err)
	for _, sections := range []dump.Section{0, dump.Label, 1 << 20} {
		var b bytes.Buffer
		require.NoError(t, dump.JSON(&b, r, &dump.Options{Sections: sections}, false))
		var all []map[string]any
		require.NoError(t, json.Unmarshal(b.Bytes(), &all))
		assert.Equal(t, sections == 1<<20, len(all) == 0)
	}
}

// TestJSONDamage: damage is an object and an error, what follows in other files
// is there.
func TestJSONDamage(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	content, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(base+".0", content[:len(content)-3], 0o666))
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	var b bytes.Buffer
	err = dump.JSON(&b, r, &dump.Options{}, true)
	require.ErrorIs(t, err, pcp.ErrUnfinished)
	assert.Contains(t, b.String(), `{"kind":"mark"`)
	assert.Contains(t, b.String(), `{"kind":"damage"`)
}
