package ingest

import (
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/sidecar"
	"github.com/pcparchive/pcparchive/store"
)

// FromPages returns the Source of exposition text. Comments in the pages that
// declare series to be metrics of PCP count.
func FromPages(r *expo.Reader) Source {
	return Source{
		SampleSource: r, KeepFirst: true,
		Natives:       func(host string) native.Resolver { return r.Natives(host) },
		ContextLabels: r.ContextLabels, Host: r.Host, OfEndpoint: r.OfEndpoint,
	}
}

// FromArchives returns the Source of archives as Prometheus series. Series that keep
// their names become the same PCP metrics again. report counts losses; it may be nil.
func FromArchives(src *flatten.Source, report *prom.Report) Source {
	readers := store.NewHosts(src.Sets...).Readers()
	return Source{
		SampleSource: src,
		Natives:      func(string) native.Resolver { return sidecar.NewNatives(report, flatten.NativeMetrics(readers)) },
	}
}
