package metricset

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	sections, err := parse("\ufeff[a]\r\nk = v\r\n  more\n ; comment\n\n  and more\nother: 100%% of %(k2)s\nk2 = x=y:z\n[b]\n[a]\nk = last\n")
	require.NoError(t, err)
	require.Len(t, sections, 2)
	values := map[string]string{}
	for _, e := range sections[0].keys {
		values[e.name] = e.value
	}
	assert.Equal(t, map[string]string{"k": "last", "other": "100% of x=y:z", "k2": "x=y:z"}, values)
	assert.Equal(t, section{name: "b"}, sections[1])
	sections, err = parse("[a]\n  k =\n     one\n     two\n  l = 3\n")
	require.NoError(t, err)
	assert.Equal(t, []entry{{"k", "one\ntwo", 2}, {"l", "3", 5}}, sections[0].keys)
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"[a]\nb.c = d,\"e,f\",g", "[a]\nb=%(b)s\n", "[global]\na.b=c\n[options]\nwidth=3", "[a]\r\nb.c:d\r\n  e\r\n", "\xef\xbb\xbf[a]",
		"[x]\nk = m.n\nk.formula =\n a / b\nk.type = raw\nk.limit = -3\nk.instances = 'a','b'", "[a]\nx.y = l,\"'(1|5) minute'\",KB,raw,8,2,9",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c := &Config{Options: Options{}, sets: map[string]*Set{}}
		if err := c.add("file", text); err != nil {
			require.ErrorIs(t, err, ErrSyntax)
			return
		}
		for _, name := range c.Names() {
			set, err := c.Set(name)
			require.NoError(t, err)
			for _, m := range set.Metrics {
				require.NotEmpty(t, m.Key)
			}
		}
	})
}
