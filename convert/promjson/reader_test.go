package promjson

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lines notes samples as text.
type lines struct {
	got  []string
	ids  map[*prom.Series]int
	fail error
}

func (l *lines) Sample(s *prom.Series, t int64, v float64) error {
	if l.ids == nil {
		l.ids = map[*prom.Series]int{}
	}
	l.ids[s] = s.ID
	l.got = append(l.got, fmt.Sprint(s.Name, s.Labels, " ", t, " ", v))
	return l.fail
}

func inputs(texts ...string) []Input {
	var in []Input
	for i, text := range texts {
		in = append(in, Input{
			Name: fmt.Sprintf("file%d", i), Metric: "noname",
			Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil },
		})
	}
	return in
}

func TestReplies(t *testing.T) {
	const matrix = `[{"metric":{"__name__":"up","job":"b","instance":"a","x":""},"values":[[1767225600,"1"],[1767225615.781,"NaN"] , [1767225630.0005,"+Inf"],[-1.5,"-Inf"]]},
		{"metric":{},"values":[[1767225600.001,"1.5e-7"]]}]`
	want := []string{
		"up[{instance a} {job b}] 1767225600000 1", "up[{instance a} {job b}] 1767225615781 NaN",
		"up[{instance a} {job b}] 1767225630001 +Inf", "up[{instance a} {job b}] -1500 -Inf", "noname[] 1767225600001 1.5e-07",
	}
	for _, c := range []struct {
		text string
		want []string
	}{
		{`{"status":"success","data":{"resultType":"matrix","result":` + matrix + `}}`, want},
		{`{"data":{"result":` + matrix + `,"resultType":"matrix","stats":{"a":[1]}},"infos":["x"],"status":"success"}`, want},
		{`{"resultType":"matrix","result":` + matrix + `}`, want},
		{matrix, want},
		{matrix + "\n" + `[]` + "\n", want},
		{`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"a"},"value":[1,"2"]},{"metric":{"__name__":"b"},"value":[1.0,"1e400"]}]}}`,
			[]string{"a[] 1000 2", "b[] 1000 +Inf"}},
		{`{"status":"success","data":{"resultType":"scalar","result":[1.25,"3"]}}`, []string{"noname[] 1250 3"}},
		{`{"status":"success","data":{"resultType":"vector","result":[]}}`, nil},
		{`[{"metric":{"__name__":"a"},"values":null},{"metric":{"__name__":"a"}}]`, nil},
	} {
		var l lines
		require.NoError(t, NewReader(inputs(c.text), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&l)), c.text)
		assert.Equal(t, c.want, l.got, c.text)
	}
}

// TestSeriesAreShared gives a series of several files one number.
func TestSeriesAreShared(t *testing.T) {
	var l lines
	one := `[{"metric":{"__name__":"a","x":"1"},"value":[1,"1"]},{"metric":{"__name__":"b"},"value":[1,"1"]}]`
	two := `[{"metric":{"x":"1","__name__":"a"},"value":[2,"2"]},{"metric":{"__name__":"a"},"value":[2,"1"]}]`
	require.NoError(t, NewReader(inputs(one, two), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&l)))
	assert.Len(t, l.got, 4)
	assert.Len(t, l.ids, 3)
	for s, n := range l.ids {
		assert.Less(t, n, 3)
		assert.Equal(t, s.Name, s.Family.Name)
	}
}

func TestLosses(t *testing.T) {
	report := &prom.Report{}
	text := `{"data":{"resultType":"matrix","result":[{"metric":{"__name__":"h"},"values":[[1,"1"]],"histograms":[[1,{"count":"1","sum":"1"}],[2,{"count":"1","sum":"1"}]]},{"metric":{"__name__":"h"},"histogram":[1,{"count":"1","sum":"1"}]}]}}
{"data":{"resultType":"string","result":[1,"text"]}}`
	var l lines
	require.NoError(t, NewReader(inputs(text), ReadOptions{Report: report}).Samples(context.Background(), sinktest.Sink(&l, report)))
	assert.Equal(t, []string{"h[] 1000 1"}, l.got)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNativeHist, Name: "h", Count: 3}, {Loss: prom.LossNotNumeric, Name: "noname", Count: 1}}, report.Losses())
}

func TestFaults(t *testing.T) {
	for text, fault := range map[string]string{
		"":                                 "file0: empty",
		"hello":                            "invalid character",
		"1":                                "want a reply",
		`{"a":1}`:                          "neither data nor result",
		`{"status":"success","data":null}`: "",
		`{"status":"error","errorType":"bad_data","error":"parse error: 1","data":null}`: "the query failed: bad_data: parse error: 1",
		`{"status":"error"}`:                       "the query failed",
		`{"data":[{"metric":{},"values":[[1,"1"]]`: "unexpected EOF",
		`{"data":3}`:                               "data: want an object",
		`{"data":{"result":{}}}`:                   "want [",
		`[1,"1",2]`:                                "want series, or a time and a value",
		`[1]`:                                      "want series, or a time and a value",
		`[[1,"1"]]`:                                "want series, or a time and a value",
		`[1,{}]`:                                   "want series, or a time and a value",
		`[{"values":[]}]`:                          "a series without metric",
		`[{"metric":{"__name__":"up"},"values":[[1,"x"]]}]`: `up: value "\"x\""`,
		`[{"metric":{},"values":[[1]]}]`:                    "want [time, \"value\"]",
		`[{"metric":{},"values":["x"]}]`:                    "want [time, \"value\"]",
		`[{"metric":{},"values":"x"}]`:                      "want [time, \"value\"]",
		`[{"metric":{},"values":[["x","1"]]}]`:              "want seconds",
		`[{"metric":{},"value":[1e300,"1"]}]`:               "want seconds",
		`[{"metric":{"a":1}}]`:                              "cannot unmarshal",
	} {
		err := NewReader(inputs(text), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&lines{}))
		if fault == "" {
			require.NoError(t, err, text)
			continue
		}
		assert.ErrorContains(t, err, fault, text)
		assert.ErrorContains(t, err, "file0: ", text)
	}
}

func TestEnds(t *testing.T) {
	many := `[` + strings.Repeat(`{"metric":{"__name__":"a"},"values":[[1,"1"]]},`, 10) + `{"metric":{},"value":[1,"1"]}]`
	l := &lines{fail: errors.New("full")}
	err := NewReader(inputs(many), ReadOptions{}).Samples(context.Background(), sinktest.Sink(l))
	assert.EqualError(t, err, "full", "not the file's fault")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, NewReader(inputs(many), ReadOptions{}).Samples(ctx, sinktest.Sink(&lines{})), context.Canceled)
	broken := []Input{{Name: "x", Open: func() (io.ReadCloser, error) { return nil, os.ErrNotExist }}}
	assert.ErrorIs(t, NewReader(broken, ReadOptions{}).Samples(context.Background(), sinktest.Sink(&lines{})), os.ErrNotExist)
}

// FuzzReader reads anything without a panic, and only finite times.
func FuzzReader(f *testing.F) {
	f.Add(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1,"2"]]}]}}`)
	f.Add(`[1,"2"][{"metric":{},"value":[1,"2"]}]`)
	f.Add(`[{"metric":{},"histograms":[[1,{"count":"9","sum":"1","buckets":[[1,"-2","-1","3"],[3,"-0.1","0.1","4"],[0,"1","1.0905077326652577","2"]]}]]}]`)
	f.Add(`[{"metric":{},"histogram":[1,{"count":"9","sum":"NaN","buckets":[[3,"-Inf","0.1","4"],[0,"7","+Inf","2"]]}]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		k := &kept{}
		_ = NewReader(inputs(text), ReadOptions{}).Samples(context.Background(), sinktest.Sink(k))
		for _, h := range k.hist {
			require.NoError(t, h.Validate())
		}
	})
}

// TestPairPrecision keeps milliseconds over any time.
func TestPairPrecision(t *testing.T) {
	for ms := int64(1_000_000_000_000); ms < 1_000_000_050_000; ms += 3 {
		got, v, _, err := parsePair(fmt.Appendf(nil, `[%d.%03d,"%d"]`, ms/1000, ms%1000, ms))
		require.NoError(t, err)
		require.Equal(t, ms, got)
		require.Equal(t, math.Float64bits(float64(ms)), math.Float64bits(v))
	}
}

// TestDamageCostsItself puts each kind of fault between good data: a file, a reply,
// a series, a histogram, a sample. What is good is read, what is lost is named.
func TestDamageCostsItself(t *testing.T) {
	good := func(n int) string {
		return fmt.Sprintf(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"good"},"value":[%d,"1"]}]}}`, n)
	}
	for _, c := range []struct {
		name, bad string
		more      []string // samples of the bad part that are read
		said      []string
		native    int64
	}{
		{name: "query", bad: `{"status":"error","errorType":"bad_data","error":"too many points"}`, said: []string{"file1: the query failed: bad_data: too many points"}},
		{name: "empty", bad: "", said: []string{"file1: empty"}},
		{name: "text", bad: "<html>\n<p>\n", said: []string{"file1: byte 0: invalid character '<'"}},
		{name: "no reply", bad: `{"a":{"b":[1]}} 7`, said: []string{"file1: byte 15: want a reply", "file1: byte 17: want a reply"}},
		{name: "torn", bad: `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"a"},"values":[[1,"1"]]},{"metric":{"__name__":"b"},"values":[[1,`,
			more: []string{"a[] 1000 1"}, said: []string{"file1: byte 107: unexpected EOF"}},
		{name: "torn in a file of several", bad: good(7) + "\n" + `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"b"},"values":[[1,` + "\n" + good(8) + "\n" + good(9) + "\n",
			more: []string{"good[] 7000 1", "good[] 8000 1", "good[] 9000 1"}, said: []string{"file1: byte 170: invalid character"}},
		{name: "wrong in a file of several", bad: `{"data":{"result":{"x":[1]}}}` + good(8) + `{"status":"error"}` + good(9),
			more: []string{"good[] 8000 1", "good[] 9000 1"}, said: []string{"file1: byte 19: want [, got {", "file1: the query failed"}},
		{name: "series", bad: `[{"metric":{"a":1},"value":[1,"1"]},{"value":[1,"1"]},{"metric":{"__name__":"a"},"value":[1,"1"]}]`,
			more: []string{"a[] 1000 1"}, said: []string{"cannot unmarshal", "a series without metric"}},
		{name: "samples", bad: `[{"metric":{"__name__":"a","l":"x"},"values":[[1,"1"],["]",[2]],[3,"3"],[4,"four"],[5,"5"]]},{"metric":{"__name__":"b"},"value":[1]},{"metric":{"__name__":"c"},"values":"x"}]`,
			more: []string{"a[{l x}] 1000 1", "a[{l x}] 3000 3", "a[{l x}] 5000 5"}, said: []string{`a{l="x"}: 2 samples were left out, the first: want [time`, "b: want [time", "c: want [time"}},
		{name: "histogram", native: 2, bad: `[{"metric":{"__name__":"h"},"values":[[1,"1"]],"histograms":[[1,{"count":"4","sum":"1","schema":2,"buckets":[[-56,"2"]]}],[2,{"count":"1","sum":"1","buckets":[[0,"1","2","1"]]}],[3,{"count":4}]]}]`,
			more: []string{"h[] 2000 histogram", "h[] 1000 1"}, said: []string{"h: 2 native histograms were left out, the first: at 1970-01-01T00:00:01Z: a native histogram of another form: a bucket has 2 elements, want 4"}},
		{name: "histogram alone", native: 1, bad: `[{"metric":{"__name__":"h"},"histogram":[1,{"count":"4","sum":"1","buckets":[[0,"1"]]}]}]`, said: []string{"h: at 1970-01-01T00:00:01Z: a native"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said []string
			report := &prom.Report{}
			l := &kinds{}
			in := inputs(good(1), c.bad, good(2))
			o := ReadOptions{Report: report, Damaged: func(err error) { said = append(said, err.Error()) }}
			require.NoError(t, NewReader(in, o).Samples(context.Background(), sinktest.Sink(l)))
			assert.Equal(t, append(append([]string{"good[] 1000 1"}, c.more...), "good[] 2000 1"), l.got)
			require.Len(t, said, len(c.said), said)
			var damaged, native int64
			for _, n := range report.Losses() {
				switch n.Loss {
				case prom.LossDamaged:
					damaged += n.Count
				case prom.LossNativeHist:
					native += n.Count
				}
			}
			switch {
			case c.native > 0:
				assert.Zero(t, damaged, "another form is no damage")
			case c.name == "samples":
				assert.Equal(t, int64(4), damaged)
			default:
				assert.Equal(t, int64(len(said)), damaged)
			}
			assert.Equal(t, c.native, native)
			for i, want := range c.said {
				assert.Contains(t, said[i], want)
				assert.True(t, strings.HasPrefix(said[i], "file1: "), said[i])
			}
			strict := NewReader(inputs(good(1), c.bad, good(2)), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&kinds{}))
			assert.ErrorContains(t, strict, "file1: ")
		})
	}
}

// kinds is lines with histograms.
type kinds struct{ lines }

// Histogram notes a histogram.
func (k *kinds) Histogram(s *prom.Series, t int64, _ []byte) error {
	k.got = append(k.got, fmt.Sprint(s.Name, s.Labels, " ", t, " histogram"))
	return nil
}

// TestFaultWithoutEnd gives up a file of nothing but faults.
func TestFaultWithoutEnd(t *testing.T) {
	said := 0
	o := ReadOptions{Damaged: func(error) { said++ }}
	in := inputs(strings.Repeat("{\"status\":[\n", 3*maxRecovered), `[{"metric":{},"value":[1,"1"]}]`)
	var l lines
	require.NoError(t, NewReader(in, o).Samples(context.Background(), sinktest.Sink(&l)))
	assert.Equal(t, maxRecovered+2, said)
	assert.Len(t, l.got, 1)
}
