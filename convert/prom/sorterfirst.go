package prom

// firstOnly tells the first sample of a series at a time from those that repeat
// it. Records come by ascending time.
type firstOnly struct {
	times    []firstTime // by PromSeries.ID
	repeated bool        // the last sample was a repeated one
}

type firstTime struct {
	t   int64
	any bool
}

// judge returns why a record is left out, "" if it counts. The exemplars of a
// sample follow it and share its lot.
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
