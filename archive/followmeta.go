package archive

// readMeta adds the metadata records written since the last call.
func (f *follower) readMeta() error {
	at, err := f.addMeta(true)
	if err != nil {
		err = f.tolerate(err, Pos{File: f.r.meta.Path, Role: RoleMeta, Offset: at})
	}
	if err != nil && f.mayPass(err) {
		_, err = f.addMeta(false)
	}
	return err
}

// addMeta adds the metadata from metaAt up to its end or, if strict is set, up
// to damage. It returns the offset it reached.
func (f *follower) addMeta(strict bool) (at int64, err error) {
	file, err := f.r.open(f.r.meta)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if n, ok := file.Length(); ok && n <= f.metaAt {
		return f.metaAt, nil
	}
	torn := int64(-1)
	s := f.r.metaSource(file, leastBuffer, func(d *Damage) error {
		if d.Next < 0 {
			torn = d.Offset // the record may be completed later
			return nil
		}
		return f.r.noted(d)
	})
	s.strict = strict
	s.frames = file.frames(f.metaAt, readBuffer)
	err = f.r.addMeta(s)
	at = s.frames.pos.Offset
	if torn >= 0 {
		at = torn
	}
	if at > f.metaAt {
		f.metaAt = at
		f.v.grown()
	}
	return at, err
}
