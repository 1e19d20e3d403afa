package chart_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/chart"
)

// TestExtremes draws values whose differences and sums are no numbers, in every form.
func TestExtremes(t *testing.T) {
	for name, value := range map[string]func(i int) float64{
		"both ends": func(i int) float64 { return math.MaxFloat64 * float64(1-i%2*2) },
		"highest":   func(int) float64 { return math.MaxFloat64 },
		"least":     func(i int) float64 { return math.SmallestNonzeroFloat64 * float64(i) },
		"infinite":  func(i int) float64 { return math.Inf(i%3-1) + float64(i) },
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Unix(1_700_000_000, 0)
			c := &chart.Chart{Title: "t", Zone: time.UTC, From: begin, To: begin.Add(time.Hour), Series: make([]chart.Series, 1)}
			for i := range 40_000 { // more than a chart keeps
				c.Series[0].Add(chart.Point{At: begin.Add(time.Duration(i) * 90 * time.Millisecond), Value: value(i)})
			}
			c.Series[0].Add(chart.Point{At: c.To, Value: 1})
			var text, svg bytes.Buffer
			require.NoError(t, c.WriteText(&text, chart.Text{Width: 60, Height: 12}))
			require.NoError(t, c.WriteSVG(&svg, chart.Picture{Width: 600, Height: 300}))
			assert.NotContains(t, text.String()+svg.String(), "NaN")
			assert.NotContains(t, text.String()+svg.String(), "Inf")
		})
	}
}

// TestNarrowText keeps the marks within the width, and tells 20 series apart without colours.
func TestNarrowText(t *testing.T) {
	c := sample()
	c.Series = make([]chart.Series, 20)
	for i := range c.Series {
		c.Series[i] = chart.Series{Name: fmt.Sprint("s", i)}
		c.Series[i].Add(chart.Point{At: c.From, Value: float64(i)})
		c.Series[i].Add(chart.Point{At: c.To, Value: float64(i)})
	}
	for i := range 9 {
		c.Marks = append(c.Marks, c.From.Add(time.Duration(31+i)*time.Minute))
	}
	var out bytes.Buffer
	require.NoError(t, c.WriteText(&out, chart.Text{Width: 40, Height: 16}))
	_, marks, ok := strings.Cut(out.String(), "recording stopped")
	require.True(t, ok)
	for line := range strings.Lines("recording stopped" + marks) {
		assert.LessOrEqual(t, len(strings.TrimSpace(line)), 40)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if letter, name, ok := strings.Cut(strings.TrimSpace(line), " s"); ok && len(name) <= 2 {
			assert.False(t, seen[letter], letter)
			seen[letter] = true
		}
	}
	assert.Len(t, seen, 20)
}
