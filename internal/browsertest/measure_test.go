package browsertest

import (
	"flag"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

var (
	measure = flag.Bool("measure", false, "measure how fast the page is")
	serving = flag.String("address", "", "measure the page of the server at this address, in place of one over made-up archives")
)

// The series of the plot that is zoomed.
const (
	wideSeries = 100
	widePoints = 5000
)

// TestMeasure prints how fast the page is. Figures depend on the machine, so none is judged.
func TestMeasure(t *testing.T) {
	if !*measure {
		t.Skip("measures only with -measure")
	}
	address := *serving
	if address == "" {
		dir := archives(t)
		wide(t, dir)
		address = start(t, dir)
	}
	for _, o := range node(t, address, "--measure") {
		assert.Empty(t, o.Error, o.Test)
		fmt.Printf("%-45s %s\n", strings.TrimPrefix(o.Test, "page "), o.Figure)
	}
}

// wide writes an archive with a metric of many instances.
func wide(t testing.TB, dir string) {
	t.Helper()
	b, err := archive.NewBuilder(filepath.Join(dir, "wide"), "wide", nil)
	require.NoError(t, err)
	var instances []string
	for i := range wideSeries {
		instances = append(instances, fmt.Sprintf("series%03d", i))
	}
	metric := b.Metric("wide.value", pcp.TypeDouble, pcp.SemInstant, none, instances...)
	values := make([]any, wideSeries)
	for k := range widePoints {
		for i := range values {
			values[i] = float64(i) + 10*math.Sin(float64(k)/float64(20+i)) + math.Mod(float64(k*7919+i*104729), 13)
		}
		metric.Set(values...)
		require.NoError(t, b.Record(begin.Add(time.Duration(k)*1440*time.Millisecond)))
	}
	require.NoError(t, b.Close())
}
