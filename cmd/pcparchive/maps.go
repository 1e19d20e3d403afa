package main

import (
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
)

// addMapFlag adds --map to a command.
func addMapFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringSliceVar(names, "map", nil, "record the metrics of an exporter as PCP's own: "+strings.Join(nativemap.Names(), ", "))
	completeFlag(cmd, "map", nativemap.Names()...)
}

// mapsOf returns the maps of the given names.
func mapsOf(names []string) (all chainedNatives, err error) {
	for _, name := range names {
		m, err := nativemap.New(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// chainedNatives asks each in turn.
type chainedNatives []native.Resolver

// Places returns those of the first that knows the series.
func (c chainedNatives) Places(s *prom.Series) []native.Place {
	for _, n := range c {
		if places := n.Places(s); len(places) > 0 {
			return places
		}
	}
	return nil
}

// Claims yields the metrics of all.
func (c chainedNatives) Claims() iter.Seq[*meta.Desc] {
	return func(yield func(*meta.Desc) bool) {
		for _, n := range c {
			claiming, ok := n.(native.ClaimingResolver)
			if !ok {
				continue
			}
			for d := range claiming.Claims() {
				if !yield(d) {
					return
				}
			}
		}
	}
}

// nativeMetrics yields the metrics of the archives that are PCP's own.
func (h *hosts) nativeMetrics() iter.Seq[*meta.Desc] {
	return func(yield func(*meta.Desc) bool) {
		for r := range h.Readers() {
			for d := range r.Meta().Metrics() {
				if !naming.FromPrometheus(r.Meta(), d) && !yield(d) {
					return
				}
			}
		}
	}
}
