// Package oddpages provides exposition pages with one oddity each, for tests
// that convert pages to archives and back.
package oddpages

import (
	"fmt"
	"strings"
)

// Page is an exposition page.
type Page struct {
	Name        string
	OpenMetrics bool // the page is in OpenMetrics format, otherwise in the text format
	Quoted      bool // the page has quoted names, which programs of 2023 reject
	TooMany     bool // a sample has more labels than PCP can store
	Text        string
}

// LosesTotal is the problem of a counter whose name lacks the suffix _total,
// which OpenMetrics requires.
const LosesTotal = "counter: family loses _total"

// Corpus lists, by file, the problems of the corpus pages that OpenMetrics
// cannot express. In their own text format the pages come back unchanged.
var Corpus = map[string][]string{
	// A gauge has the name of a counter with the suffix _total.
	"collectd_sample.txt":            {LosesTotal},
	"sample_prometheus_metrics.txt":  {LosesTotal},
	"jenkins-prometheus-plugin.txt":  {LosesTotal},
	"sample-pmda-3.12.2.txt":         {LosesTotal},
	"sample-pmda-instname-5.0.0.txt": {LosesTotal},
}

// Pages lists all pages.
var Pages = []Page{
	{Name: "escapes", Text: `# HELP e back\\slash, line\nfeed, "quotes", \ttab
# TYPE e gauge
e{v="back\\slash"} 1
e{v="line\nfeed"} 2
e{v="\"quoted\""} 3
e{v="\\n is no line feed"} 4
e{v="ends in \\"} 5
e{v="tab	 bell \a  é 日本 😀"} 6
e{v=" blanks  "} 7
e{v="a,b=c}{"} 8
e{v="{\"json\":[1]}"} 9
`},
	{Name: "values", Text: `# TYPE v gauge
v{n="nan"} NaN
v{n="inf"} +Inf
v{n="minf"} -Inf
v{n="zero"} 0
v{n="minus zero"} -0
v{n="exponent"} 1.5e+300
v{n="small"} 4.9406564584124654e-324
v{n="large"} 1.7976931348623157e+308
v{n="integer"} 9007199254740993
v{n="u64"} 18446744073709551615
v{n="third"} 0.3333333333333333
v{n="negative"} -12.5E-3
v_nan NaN
v_inf -Inf
`},
	{Name: "timestamps", Text: `# TYPE t gauge
t{at="none"} 1
t{at="old"} 2 1600000000000
t{at="odd"} 3 1600000000001
t{at="later"} 4 1700000000999
t_alone 5 1650000000000
`},
	{Name: "the beginning of time", Text: "t{at=\"zero\"} 1 0\nt{at=\"one\"} 2 1001\n"},
	{Name: "a time to come", Text: "t{at=\"none\"} 1\nt{at=\"to come\"} 2 4102444800000\n"},
	{Name: "duplicates", Text: `# TYPE d gauge
d{a="1",b="2"} 1
d{b="2",a="1"} 2
d{a="1",b="2",c=""} 3
d 4
d{} 5
d{a=""} 6
`},
	{Name: "repeated lines", Text: "d{a=\"1\"} 1\nd{a=\"1\"} 2\n"},
	{Name: "duplicates in time", Text: "# TYPE d counter\nd_total 7 1600000000000\nd_total 8 1700000000000\n"},
	{Name: "with and without labels", Text: "# TYPE s gauge\ns{x=\"1\"} 1\ns 2\ns{x=\"2\"} 3\n"},
	{Name: "labels like the target's", Text: "j{job=\"other\",instance=\"x\",le=\"1\",quantile=\"2\"} 1\nj{url=\"u\",source=\"s\",hostname=\"h\",prom_name=\"p\"} 2\n"},
	{Name: "the target's label", Text: "j{job=\"page\",x=\"1\"} 1\n"},
	{Name: "escapes in names", Quoted: true, Text: `# HELP "a.b \"c\" \\ é" dots, blanks, quotes
# TYPE "a.b \"c\" \\ é" gauge
{"a.b \"c\" \\ é"} 1
{"a.b \"c\" \\ é","l \"x\""="1"} 2
`},
	{Name: "names", Quoted: true, Text: `# HELP "a.b c é" dots, blanks
# TYPE "a.b c é" gauge
{"a.b c é"} 1
{"a.b c é","l.x"="1","le:é"="2",plain="3"} 2
# TYPE a:b:c counter
a:b:c 3
# TYPE a:b gauge
a:b 4
# TYPE a gauge
a 5
{"quoted",x="y"} 6
{"_U__",U__x="y"} 7
_a{_="1",__x="2"} 8
`},
	{Name: "histogram", Text: `# HELP h seconds
# TYPE h histogram
h_bucket{le="0.1",a="x"} 1
h_bucket{le="10",a="x"} 2
h_bucket{le="1e2",a="x"} 2.5
h_bucket{le="+Inf",a="x"} 3
h_sum{a="x"} 1.5
h_count{a="x"} 3
h_bucket{le="5",a="y"} 4
h_count 18446744073709549568
`},
	{Name: "summary", Text: `# TYPE s summary
s{quantile="0.5",a="x"} NaN
s{quantile="1",a="x"} 2
s_sum{a="x"} 1.5
s_count{a="x"} 3
s_sum 2
`},
	{Name: "untyped", Text: "no_meta 1\n# HELP only_help what it is\nonly_help 2\n# TYPE u untyped\nu 3\nu_total 4\n"},
	{Name: "openmetrics", OpenMetrics: true, Text: `# HELP c \"quoted\" \\ \n
# TYPE c counter
c_total{a="x"} 1 1700000000.123 # {trace="t"} 1
c_created{a="x"} 1.7e9
# HELP temp_celsius t
# TYPE temp_celsius gauge
# UNIT temp_celsius celsius
temp_celsius 1
# TYPE i info
i_info{version="1"} 1
# TYPE s stateset
s{a="x",s="on"} 1
s{a="x",s="off"} 0
# TYPE g gaugehistogram
g_bucket{le="1"} 1
g_bucket{le="+Inf"} 2
g_gcount 2
g_gsum 3.5
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_count 2
h_sum 3.5
h_created 12.5
# TYPE q summary
q{quantile="0.5"} 1
q_sum 1
q_count 2
q_created 3
# TYPE u unknown
u 1
# EOF
`},
	{Name: "one line", Text: "a 1\n"},
	{Name: "no line feed", Text: "a 1"},
	{Name: "comments", Text: "# a comment\n#\n\na 1\n# HELP b\n# TYPE b gauge\nb 2\n\n"},
	{Name: "long", Text: "l{v=\"" + strings.Repeat("long ", 12_000) + "\"} 1\n" + strings.Repeat("n", 200) + " 2\n"},
	{Name: "many labels", Text: "m{" + pairs(255) + "} 1\n"},
	{Name: "too many labels", TooMany: true, Text: "m{" + pairs(256) + "} 1\na 1\n"},
	{Name: "times of a counter", Text: `# TYPE t counter
t{at="none"} 1
t{at="zero"} 2 0
t{at="odd"} 3 1001
t{at="now"} 4 1700000000999
t{at="far"} 5 253402300799999
`},
	{Name: "duplicates of several times", Text: `# TYPE d gauge
d{a="1",b="2"} 1
d{b="2",a="1"} 2
d{a="1",b="2",c=""} 3
d 4
d{} 5
d{a=""} 6
d{a="1"} 7 1700000000000
d{a="1"} 8 1600000000000
`},
	{Name: "bare histogram", Text: `# TYPE h histogram
h 1
h_bucket{le="1.0"} 2
h_bucket 3
`},
	{Name: "counter with gauge of creation", Text: `# TYPE c_total counter
c_total{a="x"} 1
c_total{a="y"} 2
# TYPE c_created gauge
c_created{a="x"} 1.7e9
c_created{a="y"} 1.7e9
`},
	{Name: "two counters", Text: `# TYPE c counter
c 1
# TYPE c_total counter
c_total 2
`},
	{Name: "metadata that comes late", Text: `no_meta 1
# HELP only_help what it is
only_help 2
# TYPE u untyped
u 3
late 4
# TYPE late counter
# HELP late too late
late{x="y"} 5
`},
}

func pairs(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`l%d="v"`, i)
	}
	return strings.Join(all, ",")
}
