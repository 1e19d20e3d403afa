package prom

// firstOnly tells the first sample that a series has at one time from later ones
// of the same time. It sees records by ascending time.
type firstOnly struct {
	times    []firstTime // time of the last sample of each series, by Series.ID
	repeated bool        // the last sample was not the first of its series and time
}

type firstTime struct {
	t   int64
	any bool
}

// lossOf returns the reason to leave a record out, "" to keep it. Exemplars
// follow their sample and are kept or left out with it.
func (f *firstOnly) lossOf(r *sortRec, data []byte) Loss {
	if r.id&isBlob != 0 && data[0] == blobExemplar {
		if f.repeated {
			return LossExemplar
		}
		return ""
	}
	id := int(r.id &^ isBlob)
	if n := id + 1 - len(f.times); n > 0 {
		f.times = append(f.times, make([]firstTime, n)...)
	}
	at := &f.times[id]
	f.repeated = at.any && at.t == r.t
	if f.repeated {
		return LossDuplicate
	}
	at.t, at.any = r.t, true
	return ""
}
