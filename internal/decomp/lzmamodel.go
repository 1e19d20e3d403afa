package decomp

// lzmaModel holds the adaptive probabilities of LZMA and the state that selects them.
type lzmaModel struct {
	state     uint // kinds of the last symbols; below 7 the last one was a literal
	lc        uint
	lpMask    uint
	pbMask    uint
	literals  []prob
	match     [lzmaStates << 4]prob
	rep       [lzmaStates]prob
	repG      [3][lzmaStates]prob
	rep0Long  [lzmaStates << 4]prob
	slots     [4][64]prob
	special   [115]prob
	align     [16]prob
	matchLens lengths
	repLens   lengths
}

// set gives the model its properties: literal context bits, literal position bits and
// position bits. It resets the model.
func (m *lzmaModel) set(lc, lp, pb uint) {
	m.lc, m.lpMask, m.pbMask = lc, 1<<lp-1, 1<<pb-1
	if n := lzmaLiteral << (lc + lp); n <= cap(m.literals) {
		m.literals = m.literals[:n]
	} else {
		m.literals = make([]prob, n)
	}
	m.reset()
}

// reset sets the state to its beginning and every probability to one half.
func (m *lzmaModel) reset() {
	m.state = 0
	fill := func(p []prob) {
		for i := range p {
			p[i] = half
		}
	}
	fill(m.literals)
	fill(m.match[:])
	fill(m.rep[:])
	for i := range m.repG {
		fill(m.repG[i][:])
	}
	fill(m.rep0Long[:])
	for i := range m.slots {
		fill(m.slots[i][:])
	}
	fill(m.special[:])
	fill(m.align[:])
	for _, l := range []*lengths{&m.matchLens, &m.repLens} {
		l.choice, l.choice2 = half, half
		fill(l.high[:])
		for i := range l.low {
			fill(l.low[i][:])
			fill(l.mid[i][:])
		}
	}
}
