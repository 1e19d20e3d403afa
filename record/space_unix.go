//go:build linux || darwin || freebsd

package record

import "golang.org/x/sys/unix"

// diskSpace returns the bytes that are free for users, and the size of the file system.
func diskSpace(dir string) (free, size int64, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, 0, err
	}
	block := int64(st.Bsize)
	return int64(st.Bavail) * block, int64(st.Blocks) * block, nil
}
