package pmseries

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{ // the canonical form
		"kernel.all.load": "kernel.all.load", "a = kernel.all.load[count:2]": "kernel.all.load",
		"sum(count)": "sum(count)", "type": "type", // keywords are names where a name stands
		`a{b == "c", d : e* && f =~ "^g$" || h != 3}`: `a{b=="c"&&d~~"e*"&&f=~^g$||h!="3"}`,
		"a + b * c - d / 2":                           "a+b*c-d/2",
		"(a+b)*(c-d)":                                 "(a+b)*(c-d)", "a-(b-c)": "a-(b-c)", "a * (b/c)": "a*(b/c)", "(a * b)/c": "a*b/c",
		"rescale(rate(a), 'mbytes/s')": `rescale(rate(a),"mbytes/s")`, "log(a,10)": "log(a,10)", "topk_inst(a,3)": "topk_inst(a, 3)",
		"nth_percentile_sample(max_inst(a), 99)": "nth_percentile_sample(max_inst(a), 99)", "disk.*.read{x}": "NAME{x}",
		"*.read": "NAME", "  a\n": "a", `a{b<-3,c>=.5}`: `a{b<-3&&c>=.5}`, `a{(b || c) && d}`: "a{b||c&&d}",
	} {
		e, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, canonical(e.root, "NAME"), text)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{ // with the position of the caret
		"": "0:syntax error", "(disk.all.re": "12:syntax error", "a b": "2:syntax error", "a{": "2:syntax error", "a{}": "2:syntax error",
		"a{b==}": "5:syntax error", `a{b=="c}`: "5:string without a closing quote", "a{b=~\"(\"}": "5:b =~: error parsing regexp",
		"a[]": "2:syntax error", "a[count:0]": "8:count \"0\": want a positive number", "a[count:-1]": "9:count \"-1\": want a positive number",
		"a[colour:1]": "2:syntax error", `a[timezone:"Mars/Base"]`: "11:timezone \"Mars/Base\": unknown time zone", "a[interval:3furlongs]": "11:interval \"3furlongs\"",
		"a[count:2]+b": "0:either all operands", "2+3": "0:no operand", "rate(": "5:syntax error", "rate(a,1)": "6:syntax error",
		"topk_inst(a)": "11:syntax error", "topk_inst(a, 0)": "13:topk_inst: want a whole number", "nth_percentile_inst(a, 101)": "23:nth_percentile_inst: want a whole number",
		`rescale(a, "furlong")`: "11:rescale: units", "rescale(a, 3)": "11:rescale: want units", "log(a, 1)": "7:log: want a positive base", "a $ b": "2:illegal character",
		"instance(a)": "8:syntax error", "a + ": "4:syntax error", "1.2.3": "0:not a number", `a{b < "c"}`: `6:b <: want a number`,
		strings.Repeat("(", 200) + "a": "100:more than 100 levels", "a" + strings.Repeat("+a", 300): "400:more than 200 operands",
		strings.Repeat("a", MaxExpr+1): "0:expression is longer",
	} {
		_, err := Parse(text)
		var failed *ParseError
		require.True(t, errors.As(err, &failed), "%s: %v", text, err)
		at, msg, _ := strings.Cut(want, ":")
		assert.Contains(t, failed.Msg, msg, text)
		assert.Equal(t, at, strconv.Itoa(failed.Pos), text)
	}
	_, err := Parse("(disk.all.re")
	assert.EqualError(t, err, "cannot parse given string\n\n(disk.all.re\n            ^ -- syntax error\n")
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`kernel.all.load{hostname == "toium"}[count:2]`, `rate(a{b:c}[count:2] + d{e =~ "x"}[count:2])`, `rescale(rate(a[5min]), "mbytes/s")`,
		`a[start:"-1hour", finish:now, interval:10, align:"1min", offset:3, timezone:"UTC", hostzone:true]`, `topk_inst(log(a, 2), 3) / (b - 2)`,
		"{x, y != 3 || (z > -1)}", "a*b", "*.x", "((((", `"`, "a[",
	} {
		f.Add(s)
	}
	v := NewIndex(IndexOptions{}).View(nil)
	engine := NewEngine(Options{})
	f.Fuzz(func(t *testing.T, s string) {
		e, err := Parse(s)
		if err != nil {
			var failed *ParseError
			require.True(t, errors.As(err, &failed))
			require.NotEmpty(t, err.Error())
			return
		}
		form := canonical(e.root, "n")
		if !strings.ContainsAny(s, `~"'%\*?`) { // regular expressions, quotes and blanks beside an asterisk are not kept
			again, err := Parse(form)
			require.NoError(t, err, form)
			require.Equal(t, form, canonical(again.root, "n"))
		}
		_, _ = engine.Query(context.Background(), v, Times{Present: stampAt(0)}, s)
	})
}

func FuzzWindow(f *testing.F) {
	f.Add("samples", "10", "-1hour", "now")
	f.Add("interval", "2min", "@1741089600", "1741089700.5")
	f.Add("align", "1hour", "2025-03-04 12:00", "yesterday 14:30")
	f.Add("offset", "-5min", "", "")
	f.Add("timezone", "Europe/Berlin", "", "")
	f.Fuzz(func(t *testing.T, key, value, start, finish string) {
		var w Window
		_ = w.Set(key, value)
		_ = w.Set("start", start)
		_ = w.Set("finish", finish)
		b := Bounds{First: stampAt(0), Last: stampAt(9), Present: stampAt(9)}
		s, err := w.resolve(b)
		if err == nil {
			require.GreaterOrEqual(t, s.step, time.Duration(0))
			require.GreaterOrEqual(t, s.last, 0)
		}
	})
}
