package pmapi

import (
	"net/url"
	"path/filepath"

	"github.com/pcparchive/pcparchive/serve/exporter"
	"github.com/pcparchive/pcparchive/store"
)

// findArchive returns the archive that a client names: by its base path, or by the last part
// of that. Only archives that are served have names, whatever files there are.
func findArchive(v *exporter.View, form url.Values, name string) (*store.Set, string, error) {
	sets, err := exporter.Hosts(v, form)
	if err != nil {
		return nil, "", err
	}
	var found *store.Set
	base := ""
	for _, set := range sets {
		for _, a := range set.Archives() {
			switch {
			case a.Base == name:
				return set, a.Base, nil
			case filepath.Base(a.Base) != name:
			case found != nil:
				return nil, "", exporter.Refusal("several archives are called %s: give the path", name)
			default:
				found, base = set, a.Base
			}
		}
	}
	if found == nil {
		return nil, "", exporter.Refusal("no archive called %s", name)
	}
	return found, base, nil
}
