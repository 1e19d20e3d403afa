// Package layout names the archives of a recording: DIR/HOST/JOB.%Y%m%d.%H.%M, in local
// time. A further archive of the same minute gets -01, -02 … at the end.
package layout

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// stampForm is the form of the time in a name.
const stampForm = "20060102.15.04"

// longestPart is the longest name of a folder or a job in bytes.
const longestPart = 150

// Name is the name of an archive of a recording.
type Name struct {
	Host  string // folder, as [Part] makes it
	Stem  string // job, as [Part] makes it, perhaps with an addition
	Start time.Time
	Again int // 0, or the number of the archive among those of one minute
}

// Base returns the path of the archive in the folder dir.
func (n Name) Base(dir string) string {
	base := n.Stem + "." + n.Start.Format(stampForm)
	if n.Again > 0 {
		base += fmt.Sprintf("-%02d", n.Again)
	}
	return filepath.Join(dir, n.Host, base)
}

// Parse reads the base path of an archive. ok is false if a recording does not name its
// archives so.
func Parse(base string) (n Name, ok bool) {
	dir, name := filepath.Split(base)
	n.Host = filepath.Base(dir)
	rest := name
	if i := strings.LastIndexByte(name, '-'); i >= 0 { // in the job's name, or before a number
		if number, err := strconv.Atoi(name[i+1:]); err == nil && number > 0 && len(name)-i > 2 && len(name) > len(stampForm) {
			rest, n.Again = name[:i], number
		}
	}
	at := len(rest) - len(stampForm) - 1
	if at < 1 || rest[at] != '.' {
		return Name{}, false
	}
	start, err := time.ParseInLocation(stampForm, rest[at+1:], time.Local)
	if err != nil {
		return Name{}, false
	}
	n.Stem, n.Start = rest[:at], start
	return n, true
}

// Part returns text as a part of a path: letters, digits, dots, hyphens and underscores,
// without a dot or a hyphen at its beginning.
func Part(text string) string {
	safe := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '_'
	}, text)
	if safe == "" || safe[0] == '.' || safe[0] == '-' {
		safe = "_" + safe
	}
	return safe[:min(len(safe), longestPart)]
}
