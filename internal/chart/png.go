package chart

import (
	"io"

	"git.sr.ht/~sbinet/gg"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// pngCanvas draws pixels.
type pngCanvas struct{ dc *gg.Context }

func (p pngCanvas) line(points [][2]float64, color string, width float64, dashed bool) {
	p.dc.SetHexColor(color)
	p.dc.SetLineWidth(width)
	p.dc.SetDash()
	if dashed {
		p.dc.SetDash(4, 3)
	}
	for i, point := range points {
		if i == 0 {
			p.dc.MoveTo(point[0], point[1])
			continue
		}
		p.dc.LineTo(point[0], point[1])
	}
	p.dc.Stroke()
}

func (p pngCanvas) text(x, y, anchor float64, color, s string) {
	p.dc.SetHexColor(color)
	p.dc.DrawStringAnchored(s, x, y, anchor, 0)
}

// WritePNG draws the chart as PNG.
func (c *Chart) WritePNG(w io.Writer, p Picture) error {
	f, err := c.frame(p)
	if err != nil {
		return err
	}
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: fontSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return err
	}
	defer func() { _ = face.Close() }()
	dc := gg.NewContext(p.Width, p.Height)
	dc.SetHexColor("#ffffff")
	dc.Clear()
	dc.SetFontFace(face)
	c.draw(pngCanvas{dc}, &f)
	return dc.EncodePNG(w)
}
