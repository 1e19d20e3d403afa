package naming_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
)

// Labels of a target come back from the labels of its cluster, also those whose names PCP
// rejects or that describe the source there.
func TestTargetLabels(t *testing.T) {
	all := []labelset.Label{labelset.String("source", "web"), labelset.String("url", "http://h/"), labelset.String("hostname", "h")}
	want := []prom.Label{}
	for _, name := range []string{"env", "url", "source", "hostname", "script", "my.label", "U__url", "job", "instance", "été"} {
		all = append(all, labelset.String(naming.TargetLabel(name), "v of "+name))
		want = append(want, prom.Label{Name: name, Value: "v of " + name})
	}
	set, err := labelset.New(labelset.Cluster, all...)
	require.NoError(t, err)
	assert.ElementsMatch(t, want, naming.TargetLabels(set))
	assert.Equal(t, "http://h/", set.Text("url"))
}
