package chart

import (
	"bufio"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"strings"

	_ "embed" // the script of the page
)

// svgCanvas draws elements of SVG.
type svgCanvas struct{ w *bufio.Writer }

func (s svgCanvas) line(points [][2]float64, color string, width float64, dashed bool) {
	dash := ""
	if dashed {
		dash = ` stroke-dasharray="4 3"`
	}
	fmt.Fprintf(s.w, `<polyline fill="none" stroke="%s" stroke-width="%g"%s points="`, color, width, dash)
	for i, p := range points {
		if i > 0 {
			fmt.Fprint(s.w, " ")
		}
		fmt.Fprintf(s.w, "%.1f,%.1f", p[0], p[1])
	}
	fmt.Fprintln(s.w, `"/>`)
}

func (s svgCanvas) text(x, y, anchor float64, color, text string) {
	place := map[float64]string{0: "start", 0.5: "middle", 1: "end"}[anchor]
	fmt.Fprintf(s.w, `<text x="%.1f" y="%.1f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, place, color, html.EscapeString(text))
}

// WriteSVG draws the chart as SVG.
func (c *Chart) WriteSVG(w io.Writer, p Picture) error {
	f, err := c.frame(p)
	if err != nil {
		return err
	}
	bw := bufio.NewWriter(w)
	fmt.Fprintf(bw, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" font-family="sans-serif" font-size="%d">`+"\n",
		p.Width, p.Height, p.Width, p.Height, fontSize)
	fmt.Fprintf(bw, "<title>%s</title>\n", html.EscapeString(c.heading()))
	fmt.Fprintln(bw, `<rect width="100%" height="100%" fill="white"/>`)
	c.draw(svgCanvas{bw}, &f)
	fmt.Fprintln(bw, "</svg>")
	return bw.Flush()
}

//go:embed page.js
var script string

// pageData is what the script of a page reads.
type pageData struct {
	Left   float64      `json:"left"`
	Right  float64      `json:"right"`
	Top    float64      `json:"top"`
	Bottom float64      `json:"bottom"`
	From   int64        `json:"from"` // milliseconds
	To     int64        `json:"to"`
	Zone   string       `json:"zone"`
	Series []pageSeries `json:"series"`
}

type pageSeries struct {
	Name   string     `json:"name"`
	Color  string     `json:"color"`
	Times  []int64    `json:"times"`
	Values []*float64 `json:"values"` // null in gaps
}

// WriteHTML draws the chart as a page that needs no other file. The page shows the values
// under the pointer.
func (c *Chart) WriteHTML(w io.Writer, p Picture) error {
	f, err := c.frame(p)
	if err != nil {
		return err
	}
	data := pageData{Left: f.Left, Right: f.Right, Top: f.Top, Bottom: f.Bottom, From: c.From.UnixMilli(), To: c.To.UnixMilli(), Zone: c.Zone.String()}
	for i, s := range c.Series {
		x := pageSeries{Name: s.Name, Color: palette[i%len(palette)]}
		for _, point := range s.Points {
			x.Times = append(x.Times, point.At.UnixMilli())
			var v *float64
			if !math.IsNaN(point.Value) && !math.IsInf(point.Value, 0) {
				v = &point.Value
			}
			x.Values = append(x.Values, v)
		}
		data.Series = append(data.Series, x)
	}
	text, err := json.Marshal(data) // escapes <, > and &
	if err != nil {
		return err
	}
	bw := bufio.NewWriter(w)
	fmt.Fprintf(bw, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>%s</title>\n</head>\n<body>\n", html.EscapeString(c.heading()))
	var svg strings.Builder
	if err := c.WriteSVG(&svg, p); err != nil {
		return err
	}
	fmt.Fprintf(bw, "%s<pre id=\"values\" style=\"font-size:%dpx\"></pre>\n<script>\nconst data = %s;\n%s</script>\n</body>\n</html>\n", svg.String(), fontSize, text, script)
	return bw.Flush()
}
