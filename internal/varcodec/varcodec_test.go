package varcodec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/varcodec"
)

func TestThereAndBack(t *testing.T) {
	var e varcodec.Encoder
	e.Uint(300)
	e.Int(-300)
	e.Byte(7)
	e.Bool(true)
	e.Text("Zürich")
	e.Uint(2)
	e.Text("")
	e.Text("a")
	for name, d := range map[string]varcodec.Decoder{"": {B: e.B}, "sharing": varcodec.NewSharing(e.B)} {
		t.Run(name, func(t *testing.T) { takeAll(t, &d) })
	}
}

func takeAll(t *testing.T, d *varcodec.Decoder) {
	t.Helper()
	assert.Equal(t, uint64(300), d.Uint())
	assert.Equal(t, int64(-300), d.Int())
	assert.Equal(t, byte(7), d.Byte())
	assert.True(t, d.Bool())
	assert.Equal(t, "Zürich", d.Text())
	assert.Equal(t, 2, d.Count(1))
	assert.False(t, d.Whole(), "two texts are left")
	assert.Empty(t, d.Text())
	assert.Equal(t, []byte("a"), d.Bytes())
	assert.True(t, d.Whole())
}

// TestFaults wants every end before its time to be a fault, after which all values are zero.
func TestFaults(t *testing.T) {
	for name, take := range map[string]func(d *varcodec.Decoder) any{
		"uint":  func(d *varcodec.Decoder) any { return d.Uint() == 0 },
		"int":   func(d *varcodec.Decoder) any { return d.Int() == 0 },
		"text":  func(d *varcodec.Decoder) any { return d.Text() == "" },
		"count": func(d *varcodec.Decoder) any { return d.Count(1) == 0 },
		"take":  func(d *varcodec.Decoder) any { return d.Take(2) == nil },
	} {
		for _, d := range []varcodec.Decoder{{B: []byte{0xff}}, varcodec.NewSharing([]byte{0xff})} {
			assert.Equal(t, true, take(&d), name)
			assert.True(t, d.Bad, name)
			assert.False(t, d.Whole(), name)
			assert.Zero(t, d.Byte(), name)
			assert.Empty(t, d.Text(), name)
		}
	}
	d := &varcodec.Decoder{B: []byte{3, 1, 2}}
	assert.Zero(t, d.Count(1), "three things do not fit into two bytes")
	assert.True(t, d.Bad)
}
