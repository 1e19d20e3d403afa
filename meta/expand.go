package meta

// expansions are versions of an instance domain that are kept complete: those
// asked for last, a few of them since several passes may be under way, and where
// somebody went far back, some in regular distances, since it may go on there
// backwards.
type expansions struct {
	recent [recentVersions]expansion
	oldest int // of recent, to be replaced next
	stops  map[int]*InDom
	held   int // instances in stops
}

// expansion is a complete version and its position.
type expansion struct {
	at int
	in *InDom // nil: none
}

const (
	recentVersions = 4
	stopEvery      = 32
	// maxStops bounds what stops take: 3 MiB of each domain.
	maxStops = 1 << 17
)

// version returns version i complete, from the nearest before it that is. A delta
// without a predecessor stands for the instances it adds.
func (x *expansions) version(all []version, i int) *InDom {
	from := i
	in := x.find(all, from)
	for in == nil && from > 0 {
		from--
		in = x.find(all, from)
	}
	if in == nil {
		in = (&InDom{}).Apply(all[from].delta)
	}
	far := i-from > stopEvery
	for at := from + 1; at <= i; at++ {
		in = in.Apply(all[at].delta)
		if far && at%stopEvery == 0 {
			x.stop(at, in)
		}
	}
	if all[i].full == nil {
		x.keep(i, in)
	}
	return in
}

// find returns version i if it is stored or kept complete.
func (x *expansions) find(all []version, i int) *InDom {
	if all[i].full != nil {
		return all[i].full
	}
	for _, e := range x.recent {
		if e.in != nil && e.at == i {
			return e.in
		}
	}
	if i%stopEvery != 0 {
		return nil
	}
	return x.stops[i]
}

// keep keeps a version that was asked for.
func (x *expansions) keep(i int, in *InDom) {
	for _, e := range x.recent {
		if e.in == in {
			return
		}
	}
	x.recent[x.oldest] = expansion{i, in}
	x.oldest = (x.oldest + 1) % recentVersions
}

func (x *expansions) stop(i int, in *InDom) {
	if x.held+len(in.Instances) > maxStops {
		return
	}
	if x.stops == nil {
		x.stops = map[int]*InDom{}
	}
	x.stops[i] = in
	x.held += len(in.Instances)
}
