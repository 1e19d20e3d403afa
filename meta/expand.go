package meta

// expansions caches complete versions of an instance domain, so that deltas need not be
// applied again. It caches the most recently requested versions, one for each of several
// passes that may run at the same time. If a version far from a cached one is requested,
// it also caches versions at regular distances on the way, because a pass that reads
// backwards will request them next.
type expansions struct {
	recent [recentVersions]expansion
	oldest int            // index in recent of the version to replace next
	stops  map[int]*InDom // every stopEvery-th version, by its index
	held   int            // number of instances in stops
}

// expansion is a complete version and its position among all versions.
type expansion struct {
	at int
	in *InDom // nil for an unused slot
}

const (
	recentVersions = 4
	stopEvery      = 32
	// maxStops bounds the instances in stops, about 3 MiB for each domain.
	maxStops = 1 << 17
)

// version returns the complete version i. It applies deltas to the nearest complete
// version before i. A delta without a predecessor applies to an empty domain.
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
			x.addStop(at, in)
		}
	}
	if all[i].full == nil {
		x.keep(i, in)
	}
	return in
}

// find returns the complete version i if it is stored or cached, and nil otherwise.
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

// keep caches a requested version. It replaces the version that was cached first.
func (x *expansions) keep(i int, in *InDom) {
	for _, e := range x.recent {
		if e.in == in {
			return
		}
	}
	x.recent[x.oldest] = expansion{i, in}
	x.oldest = (x.oldest + 1) % recentVersions
}

// addStop caches version i permanently, unless the stops are full.
func (x *expansions) addStop(i int, in *InDom) {
	if x.held+len(in.Instances) > maxStops {
		return
	}
	if x.stops == nil {
		x.stops = map[int]*InDom{}
	}
	x.stops[i] = in
	x.held += len(in.Instances)
}
