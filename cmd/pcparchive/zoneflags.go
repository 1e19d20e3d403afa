package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
)

// zoneFlags are -z and -Z, the time zone of the times that are read and printed.
type zoneFlags struct {
	loc  *time.Location // nil unless -Z was given
	name string
	host bool // -z was given
}

// addZoneFlags adds -Z and -z to a command; usual is the zone without them.
func addZoneFlags(cmd *cobra.Command, z *zoneFlags, usual string) {
	addTimezoneFlag(cmd, z, usual)
	cmd.Flags().BoolVarP(&z.host, "hostzone", "z", false, "read and print times in the time zone of the archive's host")
}

// addTimezoneFlag adds -Z to a command whose input does not have a time zone.
func addTimezoneFlag(cmd *cobra.Command, z *zoneFlags, usual string) {
	cmd.Flags().VarP(z, "timezone", "Z", "read and print times in this time `zone`, such as Europe/Berlin; default: "+usual)
}

// The zones without -Z and -z, as help names them.
const (
	usualHost  = "that of the archive's host"
	usualLocal = "this host's"
	usualUTC   = "UTC"
)

// String returns the zone's name.
func (z *zoneFlags) String() string { return z.name }

// Set reads the value of -Z.
func (z *zoneFlags) Set(s string) (err error) {
	z.name = s
	z.loc, err = archive.ParseZone(s)
	return err
}

// Type names the value in help.
func (*zoneFlags) Type() string { return "zone" }

// or returns the zone of -Z, or else that of an archive.
func (z zoneFlags) or(archive *time.Location) *time.Location {
	if z.loc != nil {
		return z.loc
	}
	return archive
}

// given reports whether either flag was.
func (z zoneFlags) given() bool { return z.loc != nil || z.host }

// zoned is a timeline in another time zone.
type zoned struct {
	timeline
	loc *time.Location
}

// Location returns the other zone.
func (z zoned) Location() *time.Location { return z.loc }

// over returns a timeline in the time zone of the flags.
func (z zoneFlags) over(t timeline) timeline { return zoned{t, z.or(t.Location())} }

// checkZones rejects a command line with both flags.
func checkZones(cmd *cobra.Command, _ []string) error {
	if changed := cmd.Flags().Changed; changed("timezone") && changed("hostzone") {
		return usageError{errors.New("at most one of -Z and -z")}
	}
	return nil
}
