package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// command runs the command and demands an exit status.
func command(t *testing.T, status int, args ...string) (out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(args, streams{out: &stdout, err: &stderr})
	require.Equal(t, status, code, "%q: %s", args, stderr.String())
	return stdout.String(), stderr.String()
}

// TestPCPMetricsComeBack has odd metrics come back from blocks and text as the
// metrics that they were: those of PCP's openmetrics agent, those whose names or
// labels Prometheus would mix up, and those with instances without names.
func TestPCPMetricsComeBack(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yml")
	require.NoError(t, os.WriteFile(rules, []byte("[{source_labels: [__name__], regex: nothing, action: drop}]"), 0o666))
	for set, metrics := range map[string][]agentMetric{"agent": agentMetrics("monitor"), "hostile": hostileMetrics("monitor")} {
		at := func(name string) string { return filepath.Join(dir, set+" "+name) }
		require.NoError(t, writeMetrics(at("rec"), "monitor", metrics))
		checkArchive(t, at("rec"))
		command(t, exitOK, "export", "tsdb", at("rec"), "-o", at("blocks"))
		command(t, exitOK, "export", "prom", at("rec"), "--start", "start", "-o", at("page.prom"))
		for name, args := range map[string][]string{
			"from blocks":    {"import", "tsdb", at("blocks"), "-o", at("from blocks")},
			"convert blocks": {"convert", at("blocks"), at("convert blocks")},
			"from text":      {"import", "prom-file", at("page.prom"), "-o", at("from text")},
			"relabelled":     {"convert", at("rec"), at("relabelled"), "--relabel", rules},
		} {
			t.Run(set+"/"+name, func(t *testing.T) {
				_, errs := command(t, exitOK, args...)
				if set == "agent" || strings.Contains(name, "blocks") {
					assert.Empty(t, errs)
				}
				checkArchive(t, at(name))
				assert.Equal(t, metricsOf(t, at("rec")), metricsOf(t, at(name)))
				assert.Equal(t, seriesAt(t, at("rec")), seriesAt(t, at(name)))
				was, err := archive.Open(at("rec"), nil)
				require.NoError(t, err)
				is, err := archive.Open(at(name), nil)
				require.NoError(t, err)
				assert.Equal(t, was.Header().Host, is.Header().Host)
			})
		}
	}
}

// metricsOf describes the metrics of an archive as pmdumplog does, its help and
// labels aside.
func metricsOf(t *testing.T, base string) []string {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	var all []string
	for d := range r.Meta().Metrics() {
		all = append(all, strings.Join(d.Names, "=")+" "+d.PMID.String()+" "+d.Type.String()+" "+d.InDom.String()+" "+d.Sem.String())
	}
	slices.Sort(all)
	assert.NotEmpty(t, oracle.Run(t, "pmdumplog", "-d", base))
	return all
}
