package columns

import (
	"encoding/binary"
	"errors"
	"hash/crc32"

	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/pcp"
)

// errFormat says that bytes do not have the format of this package.
var errFormat = errors.New("its content is damaged")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// encoder appends values to bytes.
type encoder struct{ varcodec.Encoder }

func (e *encoder) sum(v uint32) { e.B = binary.LittleEndian.AppendUint32(e.B, v) }

func (e *encoder) stamp(t pcp.Timestamp) {
	e.Int(t.Sec)
	e.Int(int64(t.Nsec))
}

// decoder takes values from bytes. After the first fault all values are zero.
type decoder struct{ varcodec.Decoder }

func newDecoder(b []byte) *decoder { return &decoder{varcodec.Decoder{B: b}} }

// err returns an error if there was a fault or bytes are left.
func (d *decoder) err() error {
	if !d.Whole() {
		return errFormat
	}
	return nil
}

func (d *decoder) sum() uint32 {
	if v := d.Take(4); v != nil {
		return binary.LittleEndian.Uint32(v)
	}
	return 0
}

func (d *decoder) stamp() pcp.Timestamp {
	t := pcp.Timestamp{Sec: d.Int()}
	t.Nsec = int32(d.Int())
	return t
}
