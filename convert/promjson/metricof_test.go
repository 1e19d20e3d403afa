package promjson_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/promjson"
)

func TestMetricOf(t *testing.T) {
	for file, want := range map[string]string{
		"up.json": "up", "dir/node load.json.gz": "node_load", "standard input": "standard_input", ".json": "query", "9lives.json": "_lives",
	} {
		assert.Equal(t, want, promjson.MetricOf(file), file)
	}
}
