package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/nativemap"
)

// addMapFlag adds --map to a command.
func addMapFlag(cmd *cobra.Command, names *[]string) {
	cmd.Flags().StringSliceVar(names, "map", nil, "record the series of an exporter as PCP's own metrics: "+strings.Join(nativemap.Names(), ", "))
	completeFlag(cmd, "map", nativemap.Names()...)
}
