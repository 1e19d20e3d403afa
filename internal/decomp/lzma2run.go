package decomp

// run decodes symbols up to a place in the dictionary. A match may go beyond it.
func (d *lzma2) run(to int) error {
	m, c, at, dict := &d.model, d.coder, d.at, d.dict
	state, reps := m.state, d.reps
	left := d.copy
	var err error
	for {
		if left > 0 {
			if at, left = d.repeat(at, to, left, reps[0]); left < 0 {
				err = errLZMAFar
				break
			}
		}
		if at >= to {
			break
		}
		if c.pos > d.n {
			err = errLZMA2Data
			break
		}
		posState := uint(at) & m.pbMask
		var yes bool
		if c, yes = c.bit(&m.match[state<<4+posState]); !yes {
			last := byte(0)
			if at > 0 {
				last = dict[at-1]
			} else if d.wrapped {
				last = dict[len(dict)-1]
			}
			context := (uint(at)&m.lpMask)<<m.lc + uint(last)>>(8-m.lc)
			probs := (*[lzmaLiteral]prob)(m.literals[lzmaLiteral*context:])
			if state < 7 {
				var symbol uint
				c, symbol = c.tree(probs[:0x100])
				dict[at] = byte(symbol)
			} else {
				c, dict[at] = c.matched(probs, d.back(at, reps[0]))
			}
			at++
			state = afterLiteral(state)
			continue
		}
		if c, yes = c.bit(&m.rep[state]); !yes {
			state = after(state, 7, 10)
			c, left = c.length(&m.matchLens, posState)
			reps[3], reps[2], reps[1] = reps[2], reps[1], reps[0]
			c, reps[0] = c.distance(m, left)
			continue
		}
		var which int
		if c, which = c.which(m, state, posState); which < 0 {
			state, left = after(state, 9, 11), 1
			continue
		}
		distance := reps[which]
		copy(reps[1:which+1], reps[:which])
		reps[0] = distance
		c, left = c.length(&m.repLens, posState)
		state = after(state, 8, 11)
	}
	d.coder, d.at, d.copy, d.reps, m.state = c, at, max(left, 0), reps, state
	return err
}

// which decodes which of the last distances a match has. It is negative for a match of
// one byte at the last distance.
func (c chunkCoder) which(m *lzmaModel, state, posState uint) (_ chunkCoder, n int) {
	c, yes := c.bit(&m.repG[0][state])
	if !yes {
		if c, yes = c.bit(&m.rep0Long[state<<4+posState]); !yes {
			return c, -1
		}
		return c, 0
	}
	if c, yes = c.bit(&m.repG[1][state]); !yes {
		return c, 1
	}
	if c, yes = c.bit(&m.repG[2][state]); !yes {
		return c, 2
	}
	return c, 3
}

// afterLiteral returns the state after a literal.
func afterLiteral(state uint) uint {
	switch {
	case state < 4:
		return 0
	case state < 10:
		return state - 3
	}
	return state - 6
}

// after returns the state after a match: literal if the symbol before was a literal,
// match if it was a match.
func after(state, literal, match uint) uint {
	if state < 7 {
		return literal
	}
	return match
}

// back returns the byte at a distance before a place in the dictionary; 0 is the last
// byte. It returns 0 if there is no such byte.
func (d *lzma2) back(at int, distance uint32) byte {
	i := at - 1 - int(distance)
	if i < 0 && d.wrapped {
		i += len(d.dict)
	}
	if i < 0 {
		return 0
	}
	return d.dict[i]
}

// repeat copies bytes of a match, but none beyond to. It returns the next place and the
// number of bytes that are left to copy, negative if there are no bytes at the distance.
func (d *lzma2) repeat(at, to, n int, distance uint32) (next, left int) {
	left = max(0, n-(to-at))
	n -= left
	from := at - 1 - int(distance)
	if from < 0 {
		if from += len(d.dict); from < at || !d.wrapped {
			return at, -1
		}
		k := copy(d.dict[at:at+n], d.dict[from:])
		at += k
		n -= k
		from = 0
	}
	dict := d.dict
	if n < 16 {
		for i := range n {
			dict[at+i] = dict[from+i]
		}
		return at + n, left
	}
	for n > 0 { // a match may contain bytes that it copies
		k := copy(dict[at:at+n], dict[from:at])
		at += k
		n -= k
	}
	return at, left
}
