package exporter_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/serve/exporter"
)

// TestPCP5 describes metrics in comments.
func TestPCP5(t *testing.T) {
	s := web1(t)
	_, body, _ := s.get("pcp5=true")
	assert.Contains(t, body, "# PCP5 disk.dev.read 60.0.4 u64 60.1 counter count\n")
	assert.Contains(t, body, "# PCP5 mem.physmem 60.1.0 u64 PM_INDOM_NULL discrete Kbyte\n# PCP5 mem.alias ")
	assert.Contains(t, body, `instid="3",instname="nvme \"0\""`)
}

// TestOTLP has the values as JSON.
func TestOTLP(t *testing.T) {
	s := web1(t)
	_, body, h := s.get("names=disk,mem,hw", "Accept: application/json")
	assert.Equal(t, "application/json", h.Get("Content-Type"))
	var reply struct {
		ResourceMetrics []struct {
			Resource     struct{ Attributes []any }
			ScopeMetrics []struct {
				Scope   struct{ Name, Version string }
				Metrics []struct {
					Name, Description, Unit string
					Sum                     *struct {
						AggregationTemporality int
						IsMonotonic            bool
						DataPoints             []map[string]any
					}
					Gauge *struct{ DataPoints []map[string]any }
				}
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &reply), body)
	require.Len(t, reply.ResourceMetrics, 1)
	assert.Len(t, reply.ResourceMetrics[0].Resource.Attributes, 2)
	scope := reply.ResourceMetrics[0].ScopeMetrics[0]
	assert.Equal(t, "performance-co-pilot 1.2.3", scope.Scope.Name+" "+scope.Scope.Version)
	require.Len(t, scope.Metrics, 3)
	disk, temp, mem := scope.Metrics[0], scope.Metrics[1], scope.Metrics[2]
	assert.Equal(t, []string{"disk.dev.read", "Reads", "{count}"}, []string{disk.Name, disk.Description, disk.Unit})
	assert.Equal(t, 2, disk.Sum.AggregationTemporality)
	assert.True(t, disk.Sum.IsMonotonic)
	require.Len(t, disk.Sum.DataPoints, 2)
	assert.Equal(t, "9007199254740993", disk.Sum.DataPoints[1]["asInt"], "no digit is lost")
	assert.Equal(t, "1772366420250000000", disk.Sum.DataPoints[0]["timeUnixNano"])
	attributes, err := json.Marshal(disk.Sum.DataPoints[0]["attributes"])
	require.NoError(t, err)
	assert.JSONEq(t, `[{"key":"semantics","value":{"stringValue":"counter"}},{"key":"type","value":{"stringValue":"u64"}},{"key":"pmid","value":{"stringValue":"60.0.4"}},
		{"key":"indom","value":{"stringValue":"60.1"}},{"key":"agent","value":{"stringValue":"linux"}},{"key":"cluster","value":{"intValue":"7"}},
		{"key":"device_type","value":{"stringValue":"block"}},{"key":"item","value":{"boolValue":true}},{"key":"wwn","value":{"stringValue":"x1"}},
		{"key":"instname","value":{"stringValue":"sda"}},{"key":"instid","value":{"stringValue":"0"}}]`, string(attributes))
	assert.Equal(t, "KiBy", mem.Unit)
	assert.InDelta(t, 50.1, temp.Gauge.DataPoints[0]["asDouble"], 1e-9)
}

// TestCompressed sends gzip to those who accept it.
func TestCompressed(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, record(t, dir, "web1").put(0).Close())
	require.NoError(t, record(t, dir, "web2").put(0).Close())
	s := serveDir(t, dir, exporter.Options{})
	_, plain, h := s.get("", "Accept-Encoding: gzip;q=0")
	assert.Empty(t, h.Get("Content-Encoding"))
	_, packed, h := s.get("", "Accept-Encoding: deflate, gzip")
	assert.Equal(t, "gzip", h.Get("Content-Encoding"))
	z, err := gzip.NewReader(bytes.NewReader([]byte(packed)))
	require.NoError(t, err)
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	assert.Equal(t, plain, string(text))
}

// TestPromtool has promtool read the page.
func TestPromtool(t *testing.T) {
	_, body, _ := web1(t).get("")
	cmd := oracle.Command(t, "promtool", "check", "metrics")
	var stderr strings.Builder
	cmd.Stdin, cmd.Stderr = strings.NewReader(body), &stderr
	_ = cmd.Run()     // the exit status says it
	const remarks = 3 // about names and help, which are the archive's
	assert.Contains(t, []int{0, remarks}, cmd.ProcessState.ExitCode(), stderr.String())
}
