package csv_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/csv"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

const shop = `host: web1
timezone: Europe/Berlin
time: {column: When, format: '%d.%m.%Y %H:%M'}
metrics:
  - {column: Requests, name: shop.requests, type: u64, semantics: counter, units: count, help: "Requests\nserved", labels: {team: web}}
  - {column: A, name: shop.read, instance: sda, type: 32, units: Kbyte/sec}
  - {column: B, name: shop.read, instance: sdb, type: 32, units: Kbyte/sec}
`

const shopTable = "When,Requests,A,B,More\n02.01.2026 10:00,18446744073709551615,-1,2147483648,5\n"

func TestMapping(t *testing.T) {
	m, err := csv.ParseMapping("m.yml", []byte(shop))
	require.NoError(t, err)
	assert.Equal(t, "web1", m.Host)
	values, faults, err := lines(shopTable, csv.Options{Mapping: m})
	require.NoError(t, err)
	assert.Equal(t, []string{"09:00:00 shop.requests[] 1.8446744073709552e+19", "09:00:00 shop.read[sda] -1"}, values)
	assert.Equal(t, []string{`t.csv:2: column 4 ("B"): cell left out: "2147483648" is out of range for the type 32`}, faults)

	r := csv.NewReader("t.csv", strings.NewReader(shopTable), csv.Options{Mapping: m})
	require.NoError(t, r.Header())
	assert.Equal(t, []string{"More"}, r.Unused())
	for step, err := range r.Steps(context.Background()) {
		require.NoError(t, err)
		require.Len(t, step.Metrics, 2)
		requests, read := step.Metrics[0].Metric, step.Metrics[1].Metric
		assert.Equal(t, pcp.TypeU64, requests.Desc.Type)
		assert.Equal(t, pcp.SemCounter, requests.Desc.Sem)
		assert.Equal(t, "count", requests.Desc.Units.String())
		assert.Equal(t, []string{"Requests", "Requests\nserved"}, []string{requests.OneLine, requests.Help})
		assert.Equal(t, "web", requests.Labels[labelset.AtItem].Text("team"))
		assert.Equal(t, "Kbyte / sec", read.Desc.Units.String())
		assert.Equal(t, uint64(1<<64-1), step.Metrics[0].Points[0].Value.Bits)
	}
	assert.Equal(t, 2, r.Stats().Series)
	assert.Equal(t, int64(2), r.Stats().Values)
}

func TestMappingKeepsOthers(t *testing.T) {
	m, err := csv.ParseMapping("m.yml", []byte("metrics: [{column: v, name: x.y}]\nothers: keep\n"))
	require.NoError(t, err)
	values, _, err := lines("time,v,w,x.y\n1,1,2,3\n", csv.Options{Mapping: m})
	require.NoError(t, err)
	assert.Equal(t, []string{"00:00:01 x.y[] 1", "00:00:01 csv.w[] 2", "00:00:01 x.y_2[] 3"}, values)
}

func TestMappingMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"metrics:\n  - {colum: v}": `m.yml:2: unknown key "colum"`,
		"host: a\nfoo: 1":          `m.yml:2: unknown key "foo"`,
		"metrics: [":               "m.yml:1: did not find expected node content",
		"":                         "m.yml: no metrics, and no 'others: keep'",
		"others: some":             `m.yml:1: others "some": want keep or drop`,
		"metrics:\n - {column: v}\n - {name: a.b}":                         "m.yml:3: metric 2: column is missing",
		"metrics:\n - column: v\n   type: int":                             `m.yml:3: type "int": want one of 32, 64, double, float, string, u32, u64`,
		"metrics:\n - column: v\n   semantics: rate":                       `m.yml:3: semantics "rate": want counter, instant or discrete`,
		"metrics:\n - column: v\n   units: parsec":                         `m.yml:3: units "parsec": want units such as Kbyte, mbytes/s or count x 10^6`,
		"metrics:\n - column: v\n   name: 9":                               `m.yml:3: name "9": want letters, digits and _ with dots between them, each part beginning with a letter`,
		"metrics:\n - column: v\n   name: x":                               `m.yml:3: name "x": want at least two parts, such as csv.x`,
		"metrics:\n - column: v\n   instance: ''":                          `m.yml:3: instance "": want a name`,
		"metrics:\n - column: v\n   name: [a]":                             "m.yml:3: want a text",
		"metrics:\n - column: v\n - column: v":                             `m.yml:3: column "v" is mapped in line 2 already`,
		"metrics:\n - column: nope":                                        `m.yml:2: the table has no column "nope"`,
		"metrics:\n - column: time":                                        `m.yml:2: column "time" has the times`,
		"metrics:\n - {column: v, name: a.b}\n - {column: w, name: a.b.c}": `m.yml:3: the name a.b.c of column "w" is taken by another column, or a part of its name is`,
		"metrics:\n - {column: v, name: a.b, instance: x}\n - {column: w, name: a.b, instance: y, type: string}": "m.yml:3: another column of the metric a.b has another type, semantics or units",
	} {
		m, err := csv.ParseMapping("m.yml", []byte(text))
		if err == nil {
			_, _, err = lines("time,v,w\n1,1,2\n", csv.Options{Mapping: m})
		}
		assert.EqualError(t, err, want, text)
	}
	_, err := csv.ParseMapping("m.yml", []byte("host: a\ntimezone: Nowhere/City\nothers: keep\n"))
	assert.ErrorContains(t, err, "m.yml:2: timezone: ")
}
