package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativemap"
)

// freeName returns the name of a value's archive in a folder. Of equal ones, which
// for some file systems do not differ in case either, the later get a number.
func freeName(taken map[string]bool, value string) string {
	const most = 200 // bytes, which with the ends of names every file system takes
	name := archiveFileName(value)
	name = name[:min(len(name), most)]
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// archiveFileName turns a label's value into the name of an archive: one
// component of a path, visible, and not with an end that makes it a file of
// another archive.
func archiveFileName(value string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, value)
	if strings.HasPrefix(name, ".") || name == "" {
		name = "_" + name
	}
	end := name[strings.LastIndexByte(name, '.')+1:]
	if strings.Trim(end, "0123456789") == "" || end == "meta" || end == "index" {
		name = strings.ReplaceAll(name, ".", "_")
	}
	return name
}

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
type chainedNatives []convert.Natives

// Places returns those of the first that knows the series.
func (c chainedNatives) Places(s *convert.PromSeries) []convert.Place {
	for _, n := range c {
		if places := n.Places(s); len(places) > 0 {
			return places
		}
	}
	return nil
}
