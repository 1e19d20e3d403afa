package rewrite

import "github.com/pcparchive/pcparchive/archive"

// Editor changes the records of a copy on their way. [Copy] calls its methods in the order
// of the output: the label of the metadata, the metadata, then label and records of each
// volume, then the label of the index.
type Editor interface {
	// Header changes the label of a file. Copy sets version and volume afterwards.
	Header(h *archive.Header)
	// First returns metadata records to write before those of the input.
	First() []archive.Record
	// Meta returns the records to write in place of a metadata record of the input. It must
	// not change the record itself. The result is used until the next call.
	Meta(r archive.Record) ([]archive.Record, error)
	// Result changes a data record, which is a mark if it has no sets. It may change r.Stamp,
	// r.Sets and the fields of a set, but not the values in place, because the next record may
	// share them. Copy leaves out a record for which keep is false.
	Result(r *archive.Result) (keep bool, err error)
}

// header returns the output's label for a label of the input.
func (c *copier) header(h *archive.Header) (*archive.Header, error) {
	if c.edit != nil {
		edited := *h
		c.edit.Header(&edited)
		h = &edited
	}
	return c.fit.header(h)
}

// metaRecords writes what the edit makes of a metadata record.
func (c *copier) metaRecords(r archive.Record) error {
	if c.edit == nil {
		return c.metaRecord(r)
	}
	all, err := c.edit.Meta(r)
	if err != nil {
		return err
	}
	for _, r := range all {
		if err := c.metaRecord(r); err != nil {
			return err
		}
	}
	return nil
}

// metaRecord writes a metadata record in the form of the output.
func (c *copier) metaRecord(r archive.Record) error {
	fit, err := c.fit.metaRecord(r)
	if err != nil || fit == nil {
		return err
	}
	at, err := c.w.Write(fit)
	if err != nil {
		return err
	}
	c.verifier.metaRecord(at)
	c.index.Meta(fit, c.w.Size(archive.RoleMeta))
	return nil
}

// data writes a data record after its edit.
func (c *copier) data(res *archive.Result) error {
	if c.edit != nil {
		keep, err := c.edit.Result(res)
		if err != nil || !keep {
			return err
		}
	}
	if err := c.bridge(res); err != nil {
		return err
	}
	return c.result(res)
}
