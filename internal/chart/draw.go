package chart

import (
	"time"
)

// canvas is what a picture is drawn on. The origin is at the top left.
type canvas interface {
	// line draws a line through points.
	line(points [][2]float64, color string, width float64, dashed bool)
	// text writes text at a point: anchor 0 begins there, 0.5 is centred, 1 ends there.
	text(x, y, anchor float64, color, s string)
}

// Picture is the form of a chart as SVG, PNG and HTML.
type Picture struct{ Width, Height int } // in pixels

// frame is the area of the lines in a picture, and the values at its edges.
type frame struct {
	Left, Top, Right, Bottom float64
	low, high                float64
}

const (
	fontSize   = 12
	lineHeight = 18
	foreground = "#333333"
	faint      = "#dddddd"
	markColor  = "#cc3311"
)

// palette has colours that people with colour blindness can tell apart.
var palette = []string{"#0077bb", "#ee7733", "#009988", "#cc3311", "#33bbee", "#ee3377", "#666666", "#aa8800"}

// frame returns the area of the lines in a picture.
func (c *Chart) frame(p Picture) (frame, error) {
	low, high, err := c.bounds()
	if err != nil {
		return frame{}, err
	}
	if low > 0 && low < high/2 {
		low = 0
	}
	if low == high {
		low, high = low-1, high+1
	}
	legend := float64(len(c.Series)) * lineHeight
	if len(c.Series) < 2 {
		legend = 0
	}
	f := frame{Left: 70, Top: 34, Right: float64(p.Width) - 20, low: low, high: high}
	f.Bottom = max(f.Top+40, float64(p.Height)-36-legend)
	return f, nil
}

// x returns the place of a time.
func (f *frame) x(c *Chart, t time.Time) float64 {
	span := c.To.Sub(c.From)
	if span <= 0 {
		return f.Left
	}
	return f.Left + (f.Right-f.Left)*float64(t.Sub(c.From))/float64(span)
}

// y returns the place of a value.
func (f *frame) y(v float64) float64 {
	return f.Bottom - (f.Bottom-f.Top)*(v-f.low)/(f.high-f.low)
}

// draw draws the chart.
func (c *Chart) draw(out canvas, f *frame) {
	out.text(f.Left, 20, 0, foreground, c.heading())
	for _, v := range ticks(f.low, f.high, 6) {
		y := f.y(v)
		out.line([][2]float64{{f.Left, y}, {f.Right, y}}, faint, 1, false)
		out.text(f.Left-8, y+fontSize/3, 1, foreground, number(v))
	}
	layout := c.layout()
	for _, t := range c.times(max(2, int(f.Right-f.Left)/110)) {
		x := f.x(c, t)
		out.line([][2]float64{{x, f.Bottom}, {x, f.Bottom + 5}}, foreground, 1, false)
		out.text(x, f.Bottom+20, 0.5, foreground, t.Format(layout))
	}
	out.line([][2]float64{{f.Left, f.Top}, {f.Left, f.Bottom}, {f.Right, f.Bottom}}, foreground, 1, false)
	for _, m := range c.Marks {
		if m.Before(c.From) || m.After(c.To) {
			continue
		}
		x := f.x(c, m)
		out.line([][2]float64{{x, f.Top}, {x, f.Bottom}}, markColor, 1, true)
		out.text(x, f.Top-3, 0.5, markColor, "mark")
	}
	for i := range c.Series {
		c.drawSeries(out, f, i)
	}
}

// drawSeries draws the lines of a series, and its name below the chart.
func (c *Chart) drawSeries(out canvas, f *frame, i int) {
	color := palette[i%len(palette)]
	for _, segment := range c.segments(&c.Series[i]) {
		points := make([][2]float64, 0, len(segment))
		for _, p := range segment {
			points = append(points, [2]float64{f.x(c, p.At), f.y(p.Value)})
		}
		if len(points) == 1 { // a value between two gaps
			points = append(points, [2]float64{points[0][0] + 2, points[0][1]})
		}
		out.line(points, color, 1.5, false)
	}
	if len(c.Series) > 1 {
		y := f.Bottom + 40 + float64(i)*lineHeight
		out.line([][2]float64{{f.Left, y - 4}, {f.Left + 20, y - 4}}, color, 3, false)
		out.text(f.Left+28, y, 0, foreground, c.Series[i].Name)
	}
}
