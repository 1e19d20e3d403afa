package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
)

// listing is a group of archives that are listed as one, after a heading if there
// are several groups.
type listing struct {
	heading  string
	archives []*archive.Reader
}

// listings groups the archives: those of one host together or, as release 6 does not
// join archives, each by itself.
func (o *dumpOptions) listings(h *hosts) (all []listing) {
	for _, set := range h.Sets() {
		archives := slices.Collect(set.Readers())
		switch {
		case o.compat == 6:
			for _, r := range archives {
				all = append(all, listing{r.Base(), []*archive.Reader{r}})
			}
		case len(archives) > 0:
			all = append(all, listing{"host " + set.Host(), archives})
		}
	}
	return all
}

// listText prints the listings. It returns errSkipped after damage.
func (o *dumpOptions) listText(s streams, h *hosts, metrics []string) error {
	var result error
	all := o.listings(h)
	for i, l := range all {
		if len(all) > 1 {
			separator := "\n"
			if i == 0 {
				separator = ""
			}
			if _, err := fmt.Fprintf(s.out, "%s==> %s <==\n", separator, l.heading); err != nil {
				return err
			}
		}
		opts, err := o.options(s, l.archives, metrics)
		if err != nil {
			return err
		}
		if opts.Sections == 0 {
			opts.Sections = dump.Metrics
		}
		o.printZone(s, l.archives[0])
		err = reportDamage(s, dump.Archives(s.out, l.archives, opts))
		if err != nil && !errors.Is(err, errSkipped) {
			return err
		}
		result = cmp.Or(result, err)
	}
	return result
}

// listJSON prints every record, archive by archive. It returns errSkipped after
// damage.
func (o *dumpOptions) listJSON(s streams, h *hosts, metrics []string) error {
	var result error
	array := &arrayWriter{w: s.out}
	if o.output == outputJSON {
		s.out = array
	}
	listed := false
	for r := range h.Readers() {
		listed = true
		opts, err := o.options(s, []*archive.Reader{r}, metrics)
		if err != nil {
			return err
		}
		err = reportDamage(s, dump.JSON(s.out, r, opts, true))
		if err != nil && !errors.Is(err, errSkipped) {
			return err
		}
		result = cmp.Or(result, err)
	}
	if o.output == outputJSON && listed {
		return cmp.Or(array.end(), result)
	}
	return result
}

// reportDamage prints damage and returns errSkipped; it returns other errors.
func reportDamage(s streams, err error) error {
	if !brokeOff(err) {
		return err
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintln(s.err, strings.TrimSuffix(line, "\n"))
	}
	return errSkipped
}

// printZone prints pmdumplog's line about the time zone.
func (o *dumpOptions) printZone(s streams, r *archive.Reader) {
	switch {
	case o.zones.host:
		fmt.Fprintf(s.out, "Note: timezone set to local timezone of host \"%s\" from archive\n\n", r.Header().Host)
	case o.zones.loc != nil:
		fmt.Fprintf(s.out, "Note: timezone set to \"TZ=%s\"\n\n", o.zones.name)
	}
}
