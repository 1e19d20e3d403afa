package labelset_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/pcp"
)

// list formats a set's labels as name=value, one after another.
func list(s labelset.Set) string {
	var all []string
	for l := range s.All() {
		all = append(all, l.Name+"="+l.Value)
	}
	return strings.Join(all, " ")
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty text", ``, ``},
		{"white space", " \t\r\n", ``},
		{"empty object", `{ }`, ``},
		{"sorted by name", `{"b":2,"a":1,"aa":3}`, `a=1 aa=3 b=2`},
		{"string keeps its quotes", `{"a":"x y"}`, `a="x y"`},
		{"escapes stay", `{"a":"\"\\\u00e9\n","b":1}`, `a="\"\\\u00e9\n" b=1`},
		{"raw UTF-8", `{"ort":"Köln"}`, `ort="Köln"`},
		{"escaped name", `{"a\"b":1}`, `a\"b=1`},
		{"numbers verbatim", `{"a":-1.50e+3,"b":0}`, `a=-1.50e+3 b=0`},
		{"literals", `{"f":false,"n":null,"t":true}`, `f=false n=null t=true`},
		{"array", `{"a":[1,"x]",[true,{"b":2}]],"c":3}`, `a=[1,"x]",[true,{"b":2}]] c=3`},
		{"empty array", `{"a":[]}`, `a=[]`},
		{"array with white space", `{"a":[ 1 , 2 ]}`, `a=[ 1 , 2 ]`},
		{"nested", `{"a":1,"b":{"d":{"e":4},"c":2}}`, `a=1 b.c=2 b.d.e=4`},
		{"nested sorts by the full name", `{"b.a":1,"b":{"b":2}}`, `b.a=1 b.b=2`},
		{"empty nested", `{"a":{},"b":{ }}`, `a={} b={ }`},
		{"white space everywhere", "\n{ \"a\" :\t1 ,\r\"b\": { \"c\" : \"d\" } } ", `a=1 b.c="d"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := labelset.Parse(tt.text, labelset.Cluster)
			require.NoError(t, err)
			assert.Equal(t, tt.want, list(s))
			for l := range s.All() {
				assert.Equal(t, labelset.Cluster, l.Level)
				got, ok := s.Lookup(l.Name)
				assert.True(t, ok)
				assert.Equal(t, l, got)
			}
			if s.Len() > 0 {
				assert.Equal(t, tt.text, s.JSON(), "the text is kept")
			}
		})
	}
}

func TestParseCompound(t *testing.T) {
	s, err := labelset.Parse(`{"plain":1,"b":{"c":2},"d":{},"e.f":3}`, labelset.Item)
	require.NoError(t, err)
	flags := map[string]labelset.Flags{}
	for l := range s.All() {
		flags[l.Name] = l.Flags
	}
	assert.Equal(t, map[string]labelset.Flags{
		"plain": 0, "b.c": labelset.Compound, "d": labelset.Compound, "e.f": labelset.Compound,
	}, flags)
}

func TestParseErrors(t *testing.T) {
	nest := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	arrays := func(n int) string { return `{"a":` + strings.Repeat(`[`, n) + strings.Repeat("]", n) + `}` }
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"n%d":1`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	named := func(n int) string { return `{"` + strings.Repeat("n", n) + `":1}` }
	long := func(n int) string { return `{"a":"` + strings.Repeat("x", n-8) + `"}` }
	for _, tt := range []struct {
		name, text string
		err        error // nil: it parses
		message    string
	}{
		{"array", `[1]`, pcp.ErrRange, `labels "[1]": byte 0: expected '{': value out of range`},
		{"unterminated", `{"a":1`, pcp.ErrRange, `labels "{\"a\":1": byte 6: expected ',': value out of range`},
		{"no value", `{"a":}`, pcp.ErrRange, `labels "{\"a\":}": byte 5: expected a value: value out of range`},
		{"no colon", `{"a" 1}`, pcp.ErrRange, `labels "{\"a\" 1}": byte 5: expected ':': value out of range`},
		{"bare name", `{a:1}`, pcp.ErrRange, `labels "{a:1}": byte 1: expected a string: value out of range`},
		{"bare value", `{"a":b}`, pcp.ErrRange, `labels "{\"a\":b}": byte 5: expected a value: value out of range`},
		{"open string", `{"a":"b}`, pcp.ErrRange, `labels "{\"a\":\"b}": byte 8: string does not end: value out of range`},
		{"open escape", `{"a":"b\`, pcp.ErrRange, ""},
		{"open array", `{"a":[1,`, pcp.ErrRange, ""},
		{"text after", `{"a":1}x`, pcp.ErrRange, `labels "{\"a\":1}x": byte 7: text after the object: value out of range`},
		{"trailing comma", `{"a":1,}`, pcp.ErrRange, ""},
		{"empty name", `{"":1}`, pcp.ErrRange, ""},
		{"duplicate", `{"a":1,"b":2,"a":3}`, pcp.ErrRange, `duplicate label "a": value out of range`},
		{"duplicate compound", `{"a":{"b":1},"a.b":3}`, pcp.ErrRange, `duplicate label "a.b": value out of range`},
		{"depth allowed", nest(32), nil, ""},
		{"too deep", nest(34), pcp.ErrRange, ""},
		{"arrays too deep", arrays(40), pcp.ErrRange, ""},
		{"name of 254", named(254), nil, ""},
		{"name of 255", named(255), pcp.ErrRange, ""},
		{"dotted name of 255", `{"` + strings.Repeat("n", 127) + `":{"` + strings.Repeat("n", 127) + `":1}}`, pcp.ErrRange, ""},
		{"255 labels", many(255), nil, ""},
		{"256 labels", many(256), pcp.ErrLimit, "label set with 256 labels: limit exceeded"},
		{"65535 bytes", long(65535), nil, ""},
		{"65536 bytes", long(65536), pcp.ErrLimit, "label set of 65536 bytes: limit exceeded"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := labelset.Parse(tt.text, labelset.Context)
			if tt.err == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tt.err)
			assert.Zero(t, s)
			if tt.message != "" {
				assert.EqualError(t, err, tt.message)
			}
		})
	}
}
