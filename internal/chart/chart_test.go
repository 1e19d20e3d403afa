package chart_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/chart"
)

var update = flag.Bool("update", false, "write the expected drawings anew")

// sample has a wave with a mark in its middle, a line that ends early, and a name that
// must be escaped.
func sample() *chart.Chart {
	begin := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	c := &chart.Chart{Title: "load <of> web1", Unit: "count / sec", Zone: time.FixedZone("EST", -5*3600), From: begin, To: begin.Add(time.Hour)}
	c.Series = []chart.Series{{Name: "a<b & c"}, {Name: "flat"}}
	for i := range 61 {
		at := begin.Add(time.Duration(i) * time.Minute)
		c.Series[0].Add(chart.Point{At: at, Value: 50 + 40*math.Sin(float64(i)/8)})
		if i < 20 {
			c.Series[1].Add(chart.Point{At: at, Value: 30})
		}
	}
	c.Series[0].Points[45].Value = math.NaN()
	c.Marks = []time.Time{begin.Add(30*time.Minute + 30*time.Second)}
	return c
}

// golden compares a text with a file.
func golden(t *testing.T, name, got string) {
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestText(t *testing.T) {
	c := sample()
	var out bytes.Buffer
	require.NoError(t, c.WriteText(&out, chart.Text{Width: 80, Height: 16}))
	golden(t, "two.txt", out.String())
	assert.NotContains(t, out.String(), "\x1b", "no colour")
	for line := range strings.Lines(out.String()) {
		assert.LessOrEqual(t, len([]rune(line)), 81)
	}
	c.Series, c.Unit = c.Series[:1], ""
	out.Reset()
	require.NoError(t, c.WriteText(&out, chart.Text{Width: 60, Height: 12}))
	golden(t, "one.txt", out.String())
	out.Reset()
	require.NoError(t, sample().WriteText(&out, chart.Text{Width: 80, Height: 16, Color: true}))
	assert.Contains(t, out.String(), "\x1b[", "colour")
	assert.ErrorIs(t, (&chart.Chart{Zone: time.UTC}).WriteText(&out, chart.Text{Width: 80, Height: 16}), chart.ErrEmpty)
}

// elements returns the names of the elements of an XML text, and all text in them.
func elements(t *testing.T, r io.Reader) (names map[string]int, texts []string) {
	names = map[string]int{}
	d := xml.NewDecoder(r)
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return names, texts
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.StartElement:
			names[token.Name.Local]++
		case xml.CharData:
			texts = append(texts, string(token))
		}
	}
}

func TestSVG(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().WriteSVG(&out, chart.Picture{Width: 800, Height: 400}))
	assert.Equal(t, 3, strings.Count(out.String(), `stroke="#0077bb" stroke-width="1.5"`), "a line before the mark, one before and one after the gap")
	assert.Equal(t, 1, strings.Count(out.String(), `stroke-dasharray`), "the mark")
	names, texts := elements(t, &out)
	assert.Equal(t, 1, names["svg"])
	for _, want := range []string{"load <of> web1 (count / sec)", "a<b & c", "flat", "mark", "22:00", "22:30", "80"} {
		assert.Contains(t, texts, want)
	}
}

func TestPNG(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().WritePNG(&out, chart.Picture{Width: 640, Height: 300}))
	picture, err := png.Decode(&out)
	require.NoError(t, err)
	assert.Equal(t, 640, picture.Bounds().Dx())
	assert.Equal(t, 300, picture.Bounds().Dy())
	inks := map[color.Color]int{}
	for x := range 640 {
		for y := range 300 {
			inks[color.RGBAModel.Convert(picture.At(x, y))]++
		}
	}
	for name, c := range map[string]color.RGBA{"paper": {255, 255, 255, 255}, "first series": {0, 0x77, 0xbb, 255}, "second series": {0xee, 0x77, 0x33, 255}} {
		assert.Greater(t, inks[c], 20, name)
	}
}

func TestHTML(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, sample().WriteHTML(&out, chart.Picture{Width: 800, Height: 400}))
	page := out.String()
	assert.Contains(t, page, "<svg ")
	assert.Contains(t, page, `"name":"a\u003cb \u0026 c"`)
	assert.Contains(t, page, "null", "the gap")
	for _, outside := range []string{"src=", "href=", "url(", "import "} {
		assert.NotContains(t, page, outside, "the page needs no other file")
	}
}

// TestAdd keeps a series short whose points do not end.
func TestAdd(t *testing.T) {
	var s chart.Series
	begin := time.Unix(0, 0)
	for i := range 1_000_000 {
		s.Add(chart.Point{At: begin.Add(time.Duration(i) * time.Second), Value: float64(i)})
	}
	assert.Less(t, len(s.Points), 1<<15)
	for i, p := range s.Points {
		require.InDelta(t, p.At.Sub(begin).Seconds(), p.Value, 1, "point %d", i)
	}
}
