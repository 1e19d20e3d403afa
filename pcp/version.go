package pcp

import "fmt"

// Version is an archive format version.
//
//	                         V2                    V3
//	timestamps               32 bit seconds, µs    64 bit seconds, ns
//	file size                2 GiB                 2^62 bytes
//	zoneinfo, feature bits   no                    yes
//	delta instance domains   no                    yes
//	host name, time zone     63, 39 bytes          255 bytes each
type Version uint8

// The format versions in use. Version 1 is retired and not readable.
const (
	V2 Version = 2 // written by PCP 2.0 to 5.x, and by default by 6.0
	V3 Version = 3 // adds 64-bit times and offsets, delta instance domains, zoneinfo
)

// String returns "v2" or "v3".
func (v Version) String() string { return fmt.Sprintf("v%d", uint8(v)) }

// Digits returns the number of decimal places of a second that the version
// stores.
func (v Version) Digits() int {
	if v == V2 {
		return 6
	}
	return 9
}

// Set parses "2", "3", "v2" or "v3". Set, String and Type make Version a flag
// value.
func (v *Version) Set(s string) error {
	switch s {
	case "2", "v2":
		*v = V2
	case "3", "v3":
		*v = V3
	default:
		return fmt.Errorf("archive version %q: want 2 or 3", s)
	}
	return nil
}

// Type returns the name that command line help shows for the value.
func (*Version) Type() string { return "version" }
