package archive

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// TakenError reports that an archive cannot get a further data volume because
// something that is no volume of it has the volume's name: a rotated log, for
// example, or a folder. The volumes of an archive must have successive numbers.
type TakenError struct {
	Base string // base name of the archive
	Path string // what is in the way
}

// Error names what is in the way.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s is no volume of archive %s but has the name of a volume that the archive needs; rename it, or choose another archive", e.Path, e.Base)
}

// Unwrap returns [fs.ErrExist].
func (e *TakenError) Unwrap() error { return fs.ErrExist }

// volumesAhead is the number of volumes for which a recording needs free names
// when it starts. A file that is numbered by its date is not in the way.
const volumesAhead = 1000

// ends reports whether the options end data volumes.
func (o *WriteOptions) ends() bool {
	return o.VolumeSize > 0 || o.VolumeRecords > 0 || o.VolumeTime > 0
}

// free returns a [*TakenError] if the archive, whose highest volume has the given
// number, needs a volume whose name is taken.
func (a *Appender) free(highest int32) error {
	if !a.opts.ends() && !a.volume.ended {
		return nil
	}
	dir, name := filepath.Split(a.base)
	entries, err := os.ReadDir(dir + ".")
	if err != nil {
		return err
	}
	var first *TakenError
	lowest := int(highest) + volumesAhead + 1
	for _, e := range entries {
		base, m, ok := splitMember(e.Name())
		if ok && base == name && m.Role == RoleData && m.Volume > int(highest) && m.Volume < lowest {
			lowest, first = m.Volume, &TakenError{a.base, dir + e.Name()}
		}
	}
	if first == nil {
		return nil
	}
	return first
}

// nextFree returns a [*TakenError] if the name of the next volume is taken in any
// form.
func (a *Appender) nextFree() error {
	name := a.base + "." + strconv.Itoa(int(a.volume.number)+1)
	for _, suffix := range append([]string{""}, decomp.Suffixes[:]...) {
		if _, err := os.Lstat(name + suffix); err == nil {
			return &TakenError{a.base, name + suffix}
		}
	}
	return nil
}
