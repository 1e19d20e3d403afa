package decomp

import (
	"io"
)

// lengths decodes the length of a match.
type lengths struct {
	choice, choice2 prob
	low, mid        [16][8]prob
	high            [256]prob
}

func (d *lzma) length(l *lengths, posState uint) int {
	switch {
	case d.bit(&l.choice) == 0:
		return lzmaLeast + int(d.tree(l.low[posState][:], 3))
	case d.bit(&l.choice2) == 0:
		return lzmaLeast + 8 + int(d.tree(l.mid[posState][:], 3))
	}
	return lzmaLeast + 16 + int(d.tree(l.high[:], 8))
}

// newMatch decodes a match with a new distance, or the end marker.
func (d *lzma) newMatch(posState uint) {
	d.reps[3], d.reps[2], d.reps[1] = d.reps[2], d.reps[1], d.reps[0]
	n := d.length(&d.matchLens, posState)
	d.state = after(d.state, 7, 10)
	slot := uint32(d.tree(d.slots[min(n-lzmaLeast, 3)][:], 6))
	distance := slot
	if slot >= 4 {
		extra := uint(slot>>1 - 1)
		distance = (2 | slot&1) << extra
		if slot < 14 {
			distance += d.reversed(d.special[distance-slot:], extra)
		} else {
			distance += d.direct(extra-4) << 4
			distance += d.reversed(d.align[:], 4)
		}
	}
	d.reps[0] = distance
	if distance == 1<<32-1 {
		d.marker()
		return
	}
	d.copy = n
}

// marker ends the stream. It fails if the length is known and not reached.
func (d *lzma) marker() {
	switch {
	case d.err != nil:
	case d.left > 0:
		d.err = io.ErrUnexpectedEOF
	default:
		d.left = 0
	}
}

// repeat decodes a match at one of the last four distances.
func (d *lzma) repeat(at, posState uint) {
	i := 0
	switch {
	case d.bit(&d.repG[0][d.state]) == 0:
		if d.bit(&d.rep0Long[at]) == 0 {
			d.state = after(d.state, 9, 11)
			d.copy = 1
			return
		}
	case d.bit(&d.repG[1][d.state]) == 0:
		i = 1
	case d.bit(&d.repG[2][d.state]) == 0:
		i = 2
	default:
		i = 3
	}
	distance := d.reps[i]
	for ; i > 0; i-- {
		d.reps[i] = d.reps[i-1]
	}
	d.reps[0] = distance
	d.copy = d.length(&d.repLens, posState)
	d.state = after(d.state, 8, 11)
}
