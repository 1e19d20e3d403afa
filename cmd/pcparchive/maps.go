package main

import (
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/meta"
)

// addMapFlag adds --map to a command.
func addMapFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringSliceVar(names, "map", nil, "record the metrics of an exporter as PCP's own: "+strings.Join(nativemap.Names(), ", "))
	completeFlag(cmd, "map", nativemap.Names()...)
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
