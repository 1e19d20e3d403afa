package rules

import (
	"errors"
	"strings"

	"github.com/pcparchive/pcparchive/internal/conffile"
)

// maxFile is the longest file of rules, in bytes.
const maxFile = 16 << 20

// ErrTooLong reports a file that is longer than any file of rules.
var ErrTooLong = conffile.ErrTooLong

// Load parses files of rules, and the files in folders of rules. It leaves out files of a
// folder whose names begin with a period. Errors of several files are joined.
func Load(paths ...string) (all []Rule, err error) {
	for _, path := range paths {
		files, listErr := conffile.Files(path, func(name string) bool { return !strings.HasPrefix(name, ".") })
		err = errors.Join(err, listErr)
		for _, file := range files {
			rules, fileErr := loadFile(file)
			all = append(all, rules...)
			err = errors.Join(err, fileErr)
		}
	}
	return all, err
}

func loadFile(file string) ([]Rule, error) {
	text, err := conffile.Read(file, maxFile)
	if err != nil {
		return nil, err
	}
	return Parse(file, string(text))
}
