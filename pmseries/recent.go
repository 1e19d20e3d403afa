package pmseries

// recent remembers the instances that were named last, within a limit.
type recent struct {
	limit     int
	now, past map[ID]*Described
}

func newRecent(limit int) recent { return recent{limit: limit, now: map[ID]*Described{}} }

// add remembers an instance.
func (r *recent) add(d *Described) {
	if len(r.now) >= r.limit/2+1 {
		r.now, r.past = map[ID]*Described{}, r.now
	}
	r.now[d.ID] = d
}

// get returns an instance, nil if it is not remembered.
func (r *recent) get(id ID) *Described {
	if d := r.now[id]; d != nil {
		return d
	}
	return r.past[id]
}
