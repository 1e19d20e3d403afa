package scrape

import "github.com/prometheus/prometheus/storage"

// references are the references that Append returned for the series of a source. The
// scraper may use one long after its series was forgotten, so the place of a forgotten
// series gets another reference with its next series.
type references struct {
	places []place
	free   []uint32 // places without a series
	used   int      // places with a series
}

// place is where the series of a reference is: its number and its use, see ref.
type place struct {
	series pageSeries // nil if the place is free
	use    uint32     // number of series that had this place before
}

// ref returns the reference of the series in a place. No reference is 0 or has bit 62, see
// healthRef.
func ref(number int, use uint32) storage.SeriesRef {
	const uses = 1<<30 - 1
	return storage.SeriesRef(use&uses)<<32 | storage.SeriesRef(number+1)
}

// add returns a new reference for a series.
func (r *references) add(ser pageSeries) storage.SeriesRef {
	number := len(r.places)
	if n := len(r.free); n > 0 {
		number = int(r.free[n-1])
		r.free = r.free[:n-1]
		r.places[number].series = ser
	} else {
		r.places = append(withRoom(r.places), place{series: ser})
	}
	r.used++
	return ref(number, r.places[number].use)
}

// series returns the series of a reference, nil if there is none.
func (r *references) series(reference storage.SeriesRef) pageSeries {
	number := int(uint32(reference)) - 1
	if number < 0 || number >= len(r.places) {
		return nil
	}
	p := &r.places[number]
	if ref(number, p.use) != reference {
		return nil
	}
	return p.series
}

// sweep drops the references to forgotten series. It calls dropped with each of them.
func (r *references) sweep(dropped func(pageSeries)) {
	for number := range r.places {
		p := &r.places[number]
		if p.series == nil || !p.series.Forgotten() {
			continue
		}
		dropped(p.series)
		p.series = nil
		p.use++
		r.free = append(r.free, uint32(number))
		r.used--
	}
}
