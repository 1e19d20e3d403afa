package chart

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/guptarohit/asciigraph"
)

// Text is the form of a chart in a terminal.
type Text struct {
	Width, Height int  // of the whole text, in characters
	Color         bool // one for each series
}

// axisRoom is the width of the numbers beside the graph.
const axisRoom = 12

// colors are those of the series in a terminal.
var colors = []asciigraph.AnsiColor{asciigraph.Blue, asciigraph.Red, asciigraph.Green, asciigraph.Goldenrod, asciigraph.Purple, asciigraph.DarkCyan, asciigraph.Orange, asciigraph.Gray}

// WriteText draws the chart with the characters of Unicode.
func (c *Chart) WriteText(w io.Writer, o Text) error {
	low, high, err := c.bounds()
	if err != nil {
		return err
	}
	columns := max(10, o.Width-axisRoom)
	lines := make([][]float64, len(c.Series))
	names := make([]string, len(c.Series))
	for i := range c.Series {
		lines[i] = c.sampled(&c.Series[i], columns)
		names[i] = c.Series[i].Name
	}
	layout := c.layout()
	options := []asciigraph.Option{
		asciigraph.Height(max(3, o.Height-5)),
		asciigraph.YAxisValueFormatter(number),
		asciigraph.XAxisRange(0, c.To.Sub(c.From).Seconds()),
		asciigraph.XAxisTickCount(max(2, min(8, columns/(len(layout)+6)))),
		asciigraph.XAxisValueFormatter(func(s float64) string {
			return c.From.Add(time.Duration(s * float64(time.Second))).In(c.Zone).Format(layout)
		}),
	}
	if high == low { // a flat line in the middle
		options = append(options, asciigraph.LowerBound(low-1), asciigraph.UpperBound(high+1))
	}
	if o.Color {
		used := make([]asciigraph.AnsiColor, len(lines))
		for i := range used {
			used[i] = colors[i%len(colors)]
		}
		options = append(options, asciigraph.SeriesColors(used...))
	}
	if len(lines) > 1 && o.Color {
		options = append(options, asciigraph.SeriesLegends(names...))
	} else if len(lines) > 1 {
		options = append(options, asciigraph.SeriesChars(charSets(len(lines))...))
	}
	fmt.Fprintln(w, c.heading())
	if _, err := fmt.Fprintln(w, trimRight(asciigraph.PlotMany(lines, options...))); err != nil {
		return err
	}
	if len(lines) > 1 && !o.Color {
		for i, name := range names {
			fmt.Fprintf(w, "  %s %s\n", letters[i%len(letters)], name)
		}
	}
	return c.writeMarks(w, o.Width)
}

// letters draw the series where there is no colour.
var letters = strings.Split("● ○ ■ □ ▲ △ ◆ ◇ A B C D E F G H I J K L M N O P Q R S T U V W X Y Z", " ")

// charSets returns characters that tell series apart.
func charSets(n int) []asciigraph.CharSet {
	sets := make([]asciigraph.CharSet, n)
	for i := range sets {
		sets[i] = asciigraph.CreateCharSet(letters[i%len(letters)])
	}
	return sets
}

// heading returns the title with the unit.
func (c *Chart) heading() string {
	if c.Unit == "" {
		return c.Title
	}
	return c.Title + " (" + c.Unit + ")"
}

// maxMarks is the number of marks that the text names.
const maxMarks = 6

// writeMarks names the marks, in lines of at most width characters.
func (c *Chart) writeMarks(w io.Writer, width int) error {
	if len(c.Marks) == 0 {
		return nil
	}
	words := strings.Fields("recording stopped before")
	for i, m := range c.Marks {
		if i == maxMarks {
			words = append(words, strings.Fields(fmt.Sprintf("and %d more times", len(c.Marks)-i))...)
			break
		}
		words = append(words, m.In(c.Zone).Format("15:04:05"))
	}
	text, line := "", 0
	for i, word := range words {
		switch {
		case i == 0:
		case line+1+len(word) > width:
			text, line = text+"\n", 0
		default:
			text, line = text+" ", line+1
		}
		text, line = text+word, line+len(word)
	}
	_, err := fmt.Fprintln(w, text)
	return err
}

// trimRight removes blanks at the ends of lines.
func trimRight(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// sampled returns the values of a series at the middle of each of n columns: the average of
// the values in the column or, if it has none, the value on the line between its neighbors.
// NaN stands for a gap.
func (c *Chart) sampled(s *Series, n int) []float64 {
	out := make([]float64, n)
	counts := make([]int, n)
	span := c.To.Sub(c.From)
	place := func(t time.Time) float64 {
		if span <= 0 {
			return 0
		}
		return float64(t.Sub(c.From)) / float64(span) * float64(n-1)
	}
	for i := range out {
		out[i] = math.NaN()
	}
	add := func(column int, v float64) {
		if column < 0 || column >= n {
			return
		}
		if counts[column] == 0 {
			out[column] = 0
		}
		out[column] = (out[column]*float64(counts[column]) + v) / float64(counts[column]+1)
		counts[column]++
	}
	for _, segment := range c.segments(s) {
		for _, p := range segment {
			add(int(math.Round(place(p.At))), p.Value)
		}
	}
	for _, segment := range c.segments(s) {
		for i := 1; i < len(segment); i++ {
			x0, x1 := place(segment[i-1].At), place(segment[i].At)
			for column := int(math.Round(x0)) + 1; column < int(math.Round(x1)); column++ {
				if column >= 0 && column < n && counts[column] == 0 {
					out[column] = segment[i-1].Value + (segment[i].Value-segment[i-1].Value)*(float64(column)-x0)/(x1-x0)
				}
			}
		}
	}
	return out
}
