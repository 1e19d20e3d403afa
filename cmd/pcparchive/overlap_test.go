package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
)

// TestOverlap asks every reader of many archives about archives of several exporters of one
// host that overlap in time. Two of them have series with the same numbers, and one has a
// mark while the others run on. Each series keeps its own values, and the mark ends those of
// its own archive alone.
func TestOverlap(t *testing.T) {
	dir := t.TempDir()
	bases := archtest.Targets(t, dir)
	web1, web2, db1 := bases[0], bases[1], bases[2]
	out := func(name string) string { return filepath.Join(t.TempDir(), name) }
	const clash = "web1:9100.*web2:9100.*overlap in time and have the same series of different exporters"
	for name, x := range map[string]struct {
		args   []string
		status int
		want   []string // regular expressions of the output
		none   []string // that do not match it
	}{
		"query": {
			args: []string{"query", "openmetrics_web_load", dir, "--at", "2026-11-29T12:00:04.6Z"},
			want: []string{`instance="web1:9100", instname="1 cpu:0".* 4\n`, `instance="web1:9100", instname="2 cpu:1".* 14\n`, `instance="web2:9100", instname="1 cpu:0".* 4000\n`, `instance="web2:9100", instname="3 cpu:2".* 14000\n`},
		},
		"query of a rate": {
			args: []string{"query", "rate(openmetrics_web_sent[4s])", dir, "--at", "2026-11-29T12:00:07.6Z"},
			want: []string{`instance="web1:9100".* 100\n`, `instance="web2:9100".* 66666.6\d+\n`}, // the mark costs web2 a second and a half
		},
		"query of rates": {
			args: []string{"query", "increase(openmetrics_web_sent[3s])", dir, "--start", "2026-11-29T12:00:08Z", "--end", "2026-11-29T12:00:09Z", "--step", "1s", "--output", "csv"},
			want: []string{`web1:9100.*,300\n`, `web2:9100.*,300000\n`},
		},
		"values as recorded": {
			args: []string{"values", dir, "openmetrics.web.load", "--output", "csv"},
			want: []string{`1 cpu:0 @web1:9100`, `1 cpu:0 @web2:9100`, `2 cpu:1 @web1:9100`, `3 cpu:2 @web2:9100`},
		},
		"values between records": {
			args: []string{"values", dir, "openmetrics.web.load", "openmetrics.db.size", "--step", "1s", "--start", "2026-11-29 12:00:04.5", "--long"},
			want: []string{
				`12:00:04.5 UTC +openmetrics.web.load\[1 cpu:0 @web1:9100\] +[45]\n`, `12:00:04.5 UTC +openmetrics.web.load\[1 cpu:0 @web2:9100\] +4000\n`,
				`12:00:06.5 UTC +openmetrics.web.load\[1 cpu:0 @web1:9100\] +[67]\n`, `12:00:06.5 UTC +openmetrics.web.load\[1 cpu:0 @web2:9100\] +6000\n`,
				`openmetrics.db.size +\d`,
			},
		},
		"values of rates": {
			args: []string{"values", dir, "openmetrics.web.sent", "--step", "1s", "--long"},
			want: []string{
				`12:00:06 UTC +openmetrics.web.sent\[@web1:9100\] +100 / sec`, `12:00:07 UTC +openmetrics.web.sent\[@web1:9100\] +100 / sec`,
				`12:00:04 UTC +openmetrics.web.sent\[@web2:9100\] +100000 / sec`, `12:00:08 UTC +openmetrics.web.sent\[@web2:9100\] +100000 / sec`,
			},
			none: []string{`12:00:06 UTC +openmetrics.web.sent\[@web2:9100\]`, `12:00:07 UTC +openmetrics.web.sent\[@web2:9100\]`},
		},
		"derived values": {
			args: []string{"values", dir, "--derive", "total = sum(openmetrics.web.load) + openmetrics.db.size", "total", "--step", "1s", "--start", "2026-11-29 12:00:04.5", "--end", "2026-11-29 12:00:04.9", "--long"},
			want: []string{`total\[@web1:9100\] +2[24]\n`, `total\[@web2:9100\] +1800[45]\n`},
		},
		"plot": {
			args: []string{"plot", "openmetrics.web.load", dir, "--output", "svg"},
			want: []string{`1 cpu:0 @web1:9100`, `1 cpu:0 @web2:9100`},
		},
		"summary": {
			args: []string{"summary", dir},
			want: []string{
				`web.load +1 cpu:0 @web1:9100 +10 +4 +0 +9 `, `web.load +1 cpu:0 @web2:9100 +10 +\d+ +0 +9000 `, `web.sent +@web1:9100 +9 +100 +100 +100 `,
				`web.sent +@web2:9100 +8 +100000 +100000 +100000 `, `db.size +10 +4 +0 +9 `,
			},
		},
		"summary as JSON": {
			args: []string{"summary", dir, "openmetrics.web.sent", "--output", "json"},
			want: []string{`"target": "web1:9100"`, `"target": "web2:9100"`},
		},
		"diff": {
			args: []string{"diff", dir, web1},
			want: []string{`openmetrics.web.load\[1 cpu:0\] @web2:9100`, `openmetrics.web.sent @web2:9100`, `averages that changed: 0, others: 3`},
		},
		"labels": {
			args: []string{"labels", "dump", dir, "--metric", "openmetrics.web", "--merged"},
			want: []string{`web1:9100`, `web2:9100`},
		},
		"list":        {args: []string{"list", dir, "--label", "instance"}, want: []string{`web1:9100`, `web2:9100`, `db1:9100`}},
		"export prom": {args: []string{"export", "prom", dir}, want: []string{`instance="web1:9100".*} 9\n`, `instance="web2:9100".*} 9000\n`}},
		"size":        {args: []string{"size", dir}, want: []string{`openmetrics.web.load`}},
		"info":        {args: []string{"info", dir}, want: []string{`3 archives`}},
		"check":       {args: []string{"check", dir}},
		"export tsdb": {args: []string{"export", "tsdb", dir, "-o", out("blocks")}},

		"copy of different series":  {args: []string{"copy", web1, db1, out("both")}},
		"copy of the same series":   {args: []string{"copy", web1, web2, out("both")}, status: 1, want: []string{clash}},
		"copy of one by its label":  {args: []string{"copy", dir, out("one"), "--labels", `instance="web2:9100"`}},
		"copy by a common label":    {args: []string{"copy", dir, out("two"), "--labels", `job="web"`}, status: 1, want: []string{clash}},
		"reduce of other series":    {args: []string{"reduce", web2, db1, out("thin"), "-t", "2s"}},
		"reduce of the same series": {args: []string{"reduce", dir, out("thin"), "-t", "2s"}, status: 1, want: []string{clash}},
		"redact":                    {args: []string{"redact", dir, out("redacted")}},
	} {
		t.Run(name, func(t *testing.T) {
			text, errs := command(t, x.status, x.args...)
			for _, want := range x.want {
				assert.Regexp(t, want, text+errs)
			}
			for _, none := range x.none {
				assert.NotRegexp(t, none, text+errs)
			}
		})
	}
	t.Run("exporter", func(t *testing.T) {
		page, _ := exportedPage(t, dir, "", "text/plain")
		for _, want := range []string{
			`instance="web1:9100",instname="1 cpu:0".*} 9\n`, `instance="web2:9100",instname="1 cpu:0".*} 9000\n`, `sent{.*instance="web1:9100".*} 900\n`,
			`sent{.*instance="web2:9100".*} 900000\n`, `size{.*instance="db1:9100".*} 9\n`,
		} {
			assert.Regexp(t, want, string(page))
		}
	})
	t.Run("rewritten and compressed", func(t *testing.T) {
		rules := filepath.Join(t.TempDir(), "rules")
		require.NoError(t, os.WriteFile(rules, []byte("metric openmetrics.web.load { name -> openmetrics.web.busy }\n"), 0o600))
		for _, base := range bases[:2] {
			command(t, 0, "rewrite", base, base+"-new", "-c", rules)
		}
		command(t, 0, "compress", dir)
		text, _ := command(t, 0, "query", "openmetrics_web_load or openmetrics_web_busy", dir, "--at", "2026-11-29T12:00:04.6Z")
		assert.Regexp(t, `instance="web1:9100".* 4\n`, text)
		assert.Regexp(t, `instance="web2:9100".* 4000\n`, text)
	})
}
