//go:build unix

package maintenance

import "syscall"

// diskOf tells the free and all bytes of the disk a folder is on; zeros when the
// system does not tell.
func diskOf(dir string) (free, total uint64) {
	var at syscall.Statfs_t
	if syscall.Statfs(dir, &at) != nil {
		return 0, 0
	}
	return at.Bavail * uint64(at.Bsize), at.Blocks * uint64(at.Bsize)
}
