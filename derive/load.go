package derive

import (
	"os"
	"strings"

	"github.com/pcparchive/pcparchive/internal/conffile"
)

// maxConfig is the size of the largest file that Load accepts.
const maxConfig = 4 << 20

// SystemPath returns the place of the derived metrics that PCP's tools know, "" if there is
// none: PCP_DERIVED_CONFIG, or the folder that PCP installs.
func SystemPath() string {
	if path, set := os.LookupEnv("PCP_DERIVED_CONFIG"); set {
		return path
	}
	for _, path := range []string{"/var/lib/pcp/config/derived", "/etc/pcp/derived"} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// Load reads the definitions of a file, of all files of a folder, or of several of both
// with colons between them. Wrong lines are left out, and so is the second definition of
// a name. An empty path has none.
func Load(path string) ([]Definition, error) {
	var all []Definition
	defined := map[string]bool{}
	for part := range strings.SplitSeq(path, ":") {
		if part == "" {
			continue
		}
		files, err := conffile.Files(part, func(string) bool { return true })
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := conffile.Read(file, maxConfig)
			if err != nil {
				return nil, err
			}
			found, _ := ParseConfig(string(text))
			for _, d := range found {
				if !defined[d.Name] {
					defined[d.Name] = true
					all = append(all, d)
				}
			}
		}
	}
	return all, nil
}
