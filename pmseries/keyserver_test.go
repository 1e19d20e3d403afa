package pmseries

import (
	"bufio"
	"context"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// printed is a value that pmseries printed.
type printed struct {
	series, stamp, instance string
	value                   float64
}

var valueLine = regexp.MustCompile(`^ +\[([0-9.]+)\] (\S+) ?([0-9a-f]*)$`)

// askValues returns what pmseries prints for an expression.
func askValues(t *testing.T, port, expr string) (ids []string, values []printed) {
	series := ""
	lines := bufio.NewScanner(strings.NewReader(oracle.Exec(t, "pmseries", "-p", port, "-t", expr).Stdout))
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), " ")
		if found := valueLine.FindStringSubmatch(line); found != nil {
			f, err := strconv.ParseFloat(found[2], 64)
			require.NoError(t, err)
			values = append(values, printed{series, found[1], found[3], f})
		} else if line != "" {
			series = line
			ids = append(ids, line)
		}
	}
	return ids, values
}

// ourValues returns our answer in the form of what pmseries prints.
func ourValues(t *testing.T, v *View, expr string) (ids []string, values []printed) {
	r, err := NewEngine(Options{}).Query(context.Background(), v, Times{}, expr)
	require.NoError(t, err, expr)
	for _, id := range r.Series {
		ids = append(ids, id.String())
	}
	for _, s := range r.Values {
		for _, x := range s.Values {
			p := printed{series: s.Series.String(), stamp: strconv.FormatFloat(float64(x.Stamp.Time().UnixMicro())/1000, 'f', 3, 64), value: x.Float()}
			switch {
			case x.Instance != nil:
				p.instance = x.Instance.ID.String()
			case s.Origin != ID{}:
				p.instance = s.Origin.String()
			}
			values = append(values, p)
		}
	}
	return ids, values
}

func TestAnswersOfReference(t *testing.T) {
	base := filepath.Join(oracle.Corpus(t), "archives", "proc")
	port := oracle.KeyServer(t, base)
	v := viewOf(t, base)
	for _, expr := range []string{
		"kernel.all.load", "disk.dev.read{instance.name == \"sda\"}", "disk.all.read{hostname == \"bozo-laptop\"}", "disk.dev.w*",
		"rate(disk.all.read)", "max(disk.dev.read)", "rescale(rate(disk.dev.read_bytes), \"mbytes/s\")", "topk_inst(disk.dev.read,2)",
		"log(disk.all.read, 2)", "disk.all.read + disk.all.write", "disk.dev.read{hostname:\"bozo*\"}", "rate(disk.dev.read{hostname==\"bozo-laptop\"})",
		"kernel.all.load{hostname =~ \"boz.*top\"}", "disk.all.read{label.hostname ~~ \"*laptop\"}", "nth_percentile_inst(disk.all.read,20)",
	} {
		want, _ := askValues(t, port, expr)
		got, _ := ourValues(t, v, expr)
		assert.NotEmpty(t, want, expr)
		assert.ElementsMatch(t, want, got, expr)
	}
	for _, expr := range []string{
		"kernel.all.load[count:2]", "disk.dev.read[count:3]", "kernel.percpu.cpu.user[samples:1]", "max_inst(kernel.all.load[count:3])",
		"min(kernel.all.nprocs[count:5])", "max_sample(kernel.all.load[count:3])", "min_sample(kernel.all.load[count:5])", "sum_sample(kernel.all.load[count:2])",
		"sum(kernel.all.load[count:2])", "avg_inst(disk.all.write[count:5])", "avg_sample(kernel.all.load[count:4])", "stdev_inst(disk.all.write[count:5])",
		"stdev_sample(kernel.all.load[count:5])", "topk_inst(disk.all.write[count:5],1)", "topk_sample(kernel.all.load[count:2],2)",
		"nth_percentile_sample(kernel.all.load[count:2],50)", "sqrt(disk.all.write[count:2])",
		"log(disk.all.write[count:2])", "log(disk.all.write[count:2],10)", "floor(kernel.all.load[count:2])", "abs(kernel.all.load[count:2])",
		"disk.all.read[count:2] + disk.all.write[count:2]", "disk.all.write[count:3] - disk.all.read[count:3]",
		"rate(disk.all.write[count:5])", "disk.all.write[count:5] / kernel.all.nprocs[count:5]", "disk.all.write[start:\"1317633022\", finish:\"1317633024\"]",
		"disk.all.write[samples:2, start:\"1317633023\"]", "kernel.all.nprocs[count:2] * kernel.all.nusers[count:2]",
	} {
		_, want := askValues(t, port, expr)
		_, got := ourValues(t, v, expr)
		if !assert.Len(t, got, len(want), expr) || !assert.NotEmpty(t, want, expr) {
			continue
		}
		for i := range want {
			if strings.HasPrefix(expr, "nth_percentile_sample") {
				want[i].series = got[i].series // the reference gives it the ID of nth_percentile_inst
			}
			if strings.HasPrefix(expr, "rate") {
				want[i].stamp = got[i].stamp // ours is the later of the two times
			}
			assert.InDelta(t, want[i].value, got[i].value, 1e-5*(1+want[i].value), "%s: value %d", expr, i)
			want[i].value, got[i].value = 0, 0
			assert.Equal(t, want[i], got[i], expr)
		}
	}
}
