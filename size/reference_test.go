package size_test

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/size"
)

// valuesLine is a line of pmlogsize -d about the values of a metric.
var valuesLine = regexp.MustCompile(`^    (\d+\.\d+\.\d+): (\d+) bytes \[\d+%, (\d+) records?, (\d+) values?`)

// kindLine is a line of pmlogsize about a part of a file.
var kindLine = regexp.MustCompile(`^  (metrics|indoms|data|index|labels|text): (\d+) bytes`)

// compareWithReference compares the report of an archive with that of pmlogsize.
func compareWithReference(t *testing.T, base string) {
	ours := measure(t, base)
	checkSums(t, ours)
	reference := oracle.Exec(t, "pmlogsize", "-d", base)
	if reference.Exit != 0 {
		t.Logf("pmlogsize of PCP 6 crashes on some archives of version 3: exit %d", reference.Exit)
		return
	}
	metrics := map[string]size.Metric{}
	for _, m := range ours.Metrics {
		metrics[m.PMID.String()] = m
	}
	kinds := map[string]int64{}
	for _, k := range ours.Kinds {
		kinds[k.Name] = k.Length - k.Records*8 // pmlogsize leaves out the words around records
	}
	type account struct{ bytes, records, values int64 }
	theirs, compared := map[string]account{}, 0
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		require.NoError(t, err)
		return n
	}
	parts := map[string]int64{}
	for line := range strings.Lines(reference.Stdout) {
		if f := valuesLine.FindStringSubmatch(line); f != nil {
			a := theirs[f[1]]
			theirs[f[1]] = account{a.bytes + number(f[2]), a.records + number(f[3]), a.values + number(f[4])}
		}
		if f := kindLine.FindStringSubmatch(line); f != nil {
			parts[f[1]] += number(f[2])
		}
	}
	for id, a := range theirs {
		m := metrics[id]
		if assert.Equal(t, a, account{m.Values, m.Records, m.Count}, "%s %s", id, m.Name) {
			compared++
		}
	}
	assert.Equal(t, len(theirs) > 0, compared > 0)
	assert.Equal(t, parts["metrics"], kinds[size.KindDescs], "descriptors")
	assert.Equal(t, parts["indoms"], kinds[size.KindDomains]+kinds[size.KindDeltas], "instance domains")
}
