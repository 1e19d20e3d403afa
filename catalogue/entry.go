package catalogue

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/pcp"
)

// entryKind is the kind of the cache's entries for archives. The content of an entry is:
//
//	length of the head 4 | CRC-32 of the head 4 | head | groups
//	head: host | seconds, nanoseconds of the archive's start | claims of the host
//	      number of holders, their keys | number of groups, groups
//	group: hash 16 | holder | length, CRC-32 4 if the holder is 0
//
// Numbers and lengths are varints. Rotated archives repeat nearly all groups, so an entry
// holds only groups that no other entry holds. Holder 0 of a group is the entry itself, and
// holder n is the entry whose key is the n-th of the holders.
//
// A reader reads and checks the head and the groups that it needs.
var entryKind = cachedir.Kind{Name: "catalogue", Version: 1, Derived: true}

// entryHead is the head of an entry.
type entryHead struct {
	host   string
	start  pcp.Timestamp
	claims flatten.Claims
	groups []storedGroup
}

// storedGroup is a group that an entry lists. holder is "" if the entry holds it itself.
type storedGroup struct {
	hash   digest
	holder cachedir.Key
	offset int64
	length int
	sum    uint32
}

// keyLength is the length of a cachedir.Key.
const keyLength = 32

// openedEntry is an entry with its decoded head.
type openedEntry struct {
	entryHead
	*cachedir.Entry
	key cachedir.Key
}

// group returns the group with the given hash, or nil if the entry does not hold it itself.
func (f *openedEntry) group(hash digest) *storedGroup {
	for i := range f.groups {
		if f.groups[i].hash == hash && f.groups[i].holder == "" {
			return &f.groups[i]
		}
	}
	return nil
}

// openEntry opens the entry with a key. Unless label is nil, the entry must be that of an
// archive with this label.
func (v *View) openEntry(key cachedir.Key, label *archive.Header) (*openedEntry, error) {
	e, err := v.c.opts.Cache.Get(key, entryKind)
	if err != nil {
		return nil, err
	}
	f := &openedEntry{Entry: e, key: key}
	if !f.readHead() || label != nil && (f.host != label.Host || f.start != label.Start) {
		e.Close()
		return nil, v.c.opts.Cache.Damaged(key, entryKind, errDamaged.Error())
	}
	return f, nil
}

// readHead reads the head and reports whether it is right.
func (f *openedEntry) readHead() bool {
	var first [8]byte
	if _, err := f.ReadAt(first[:], 0); err != nil {
		return false
	}
	length := int64(binary.BigEndian.Uint32(first[:]))
	if length > f.Size()-8 {
		return false
	}
	head := make([]byte, length)
	if _, err := f.ReadAt(head, 8); err != nil || crc32.ChecksumIEEE(head) != binary.BigEndian.Uint32(first[4:]) {
		return false
	}
	d := newDecoder(head, nil)
	d.head(&f.entryHead)
	offset := 8 + length
	for i := range f.groups {
		g := &f.groups[i]
		if g.holder == "" {
			g.offset = offset
			offset += int64(g.length)
		}
	}
	return d.Whole() && offset == f.Size()
}

func (d *decoder) head(h *entryHead) {
	h.host = d.Text()
	h.start = pcp.Timestamp{Sec: int64(d.Uint()), Nsec: int32(d.Uint())}
	for range d.Count(1) {
		h.claims.Names = append(h.claims.Names, d.Text())
	}
	for range d.Count(1) {
		h.claims.Targets = append(h.claims.Targets, flatten.Target{Job: d.Text(), Instance: d.Text()})
	}
	var holders []cachedir.Key
	for range d.Count(1) {
		key := d.Text()
		d.Bad = d.Bad || len(key) != keyLength || strings.Trim(key, "0123456789abcdef") != "" // the key becomes part of a path
		holders = append(holders, cachedir.Key(key))
	}
	for range d.Count(1) {
		g := storedGroup{hash: d.digest()}
		switch n := d.Uint(); {
		case n == 0:
			g.length = int(min(d.Uint(), 1<<31))
			g.sum = d.sum()
		case n <= uint64(len(holders)):
			g.holder = holders[n-1]
		default:
			d.Bad = true
		}
		h.groups = append(h.groups, g)
	}
}

// recallGroup returns a group of an entry. It reads the group only if the catalogue lacks it.
func (v *View) recallGroup(h *host, f *openedEntry, s *storedGroup) (*group, error) {
	v.t.mu.RLock()
	g := v.t.groups[s.hash]
	v.t.mu.RUnlock()
	if g != nil {
		return g, nil
	}
	if s.holder != "" {
		holder, err := v.openEntry(s.holder, nil)
		if err != nil {
			return nil, err
		}
		defer holder.Close()
		if f, s = holder, holder.group(s.hash); s == nil {
			return nil, cachedir.ErrAbsent // the holder was written again without the group
		}
	}
	content := make([]byte, s.length)
	if _, err := f.ReadAt(content, s.offset); err != nil || crc32.ChecksumIEEE(content) != s.sum {
		return nil, v.c.opts.Cache.Damaged(f.key, entryKind, errDamaged.Error())
	}
	all, err := decodeGroup(content, func(hash digest) bool {
		v.t.mu.RLock()
		defer v.t.mu.RUnlock()
		return v.t.metrics[hash] != nil
	})
	if err != nil {
		return nil, v.c.opts.Cache.Damaged(f.key, entryKind, err.Error())
	}
	return v.t.addGroup(h, s.hash, f.key, all), nil
}

// keep puts an archive into the cache folder. A failure costs only time.
func (v *View) keep(key cachedir.Key, label *archive.Header, groups []*group, claims flatten.Claims) {
	if v.c.opts.Cache == nil {
		return
	}
	v.t.mu.RLock()
	head, own, contents := v.t.encodeEntry(label, groups, claims)
	v.t.mu.RUnlock()
	err := v.c.opts.Cache.Put(key, entryKind, func(w io.Writer) error {
		first := binary.BigEndian.AppendUint32(nil, uint32(len(head)))
		first = binary.BigEndian.AppendUint32(first, crc32.ChecksumIEEE(head))
		for _, b := range append([][]byte{first, head}, contents...) {
			if _, err := w.Write(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return
	}
	v.t.mu.Lock()
	defer v.t.mu.Unlock()
	for _, g := range own {
		g.holder = key
	}
}

// encodeEntry returns the head of an entry, the groups that the entry holds itself, and the
// contents of these groups.
func (t *tables) encodeEntry(label *archive.Header, groups []*group, claims flatten.Claims) (head []byte, own []*group, contents [][]byte) {
	b := varcodec.AppendText(nil, label.Host)
	b = binary.AppendUvarint(b, uint64(label.Start.Sec))
	b = binary.AppendUvarint(b, uint64(label.Start.Nsec))
	b = appendTexts(b, claims.Names)
	b = binary.AppendUvarint(b, uint64(len(claims.Targets)))
	for _, t := range claims.Targets {
		b = varcodec.AppendText(varcodec.AppendText(b, t.Job), t.Instance)
	}
	numbers := map[cachedir.Key]uint64{}
	var holders []string
	for _, g := range groups {
		if g.holder != "" && numbers[g.holder] == 0 {
			holders = append(holders, string(g.holder))
			numbers[g.holder] = uint64(len(holders))
		}
	}
	b = appendTexts(b, holders)
	b = binary.AppendUvarint(b, uint64(len(groups)))
	for _, g := range groups {
		b = append(b, g.hash[:]...)
		b = binary.AppendUvarint(b, numbers[g.holder])
		if g.holder == "" {
			content := t.encodeGroup(g)
			b = binary.AppendUvarint(b, uint64(len(content)))
			b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(content))
			own, contents = append(own, g), append(contents, content)
		}
	}
	return b, own, contents
}
