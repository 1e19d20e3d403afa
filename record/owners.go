package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// ownersFile names the file in the folder of a recording that says which targets share a
// host and a job. Without it, their archives would change their names after a restart.
const ownersFile = "targets.json"

// mostOwners is the largest number of archive names in the file. Further targets may swap
// the names of their archives after a restart.
const mostOwners = 100_000

// owners are the targets that own archive names, as checksums of their labels and URLs.
// Names with one target in their life are not among them.
type owners struct {
	path   string
	saving sync.Mutex // held while the file is written

	mu      sync.Mutex
	by      map[string]string // by host, slash and stem
	changed bool              // since the file was written
}

// loadOwners reads the file of a folder.
func loadOwners(dir string) (*owners, error) {
	o := &owners{path: filepath.Join(dir, ownersFile), by: map[string]string{}}
	text, err := os.ReadFile(o.path)
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &o.by); err != nil {
		return nil, fmt.Errorf("%s: %w; remove it, and archives of one host and job may swap their names", o.path, err)
	}
	return o, nil
}

// mayHave reports whether a target may have the archives called s.
func (o *owners) mayHave(s stem, target string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	owner := o.by[s.host+"/"+s.name]
	return owner == "" || owner == target
}

// set makes targets the owners of names. The caller calls save without locks.
func (o *owners) set(names map[stem]string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for s, target := range names {
		key := s.host + "/" + s.name
		if o.by[key] != target && len(o.by) < mostOwners {
			o.by[key] = target
			o.changed = true
		}
	}
}

// save writes the file if there is something new. After an error, the next call tries again.
func (o *owners) save() error {
	o.saving.Lock()
	defer o.saving.Unlock()
	text, err := o.unsaved()
	if text == nil || err != nil {
		return err
	}
	err = os.WriteFile(o.path+".new", append(text, '\n'), 0o644)
	if err == nil {
		err = os.Rename(o.path+".new", o.path)
	}
	if err != nil {
		o.mu.Lock()
		o.changed = true
		o.mu.Unlock()
	}
	return err
}

// unsaved returns what the file will hold; nil if it holds that already.
func (o *owners) unsaved() (text []byte, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.changed {
		return nil, nil
	}
	text, err = json.Marshal(o.by)
	o.changed = err != nil
	return text, err
}

// checksum identifies a target in the file.
func checksum(key string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key)) // never fails
	return fmt.Sprintf("%016x", h.Sum64())
}
