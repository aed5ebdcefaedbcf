// Package fileblob keeps files in a folder of the local disk.
//
// # Layout
//
//	format            "uzel fileblob 1"; locked (flock) while a store is open
//	packs/00000007.pack    small files one behind the other, about 256 MiB each
//	packs/00000007.index   where they are: sealed, or a checkpoint of the last pack
//	files/ab/ab12…         large files, named by their hash
//	deleted           which records of which packs are deleted
//	tmp/              what is being written; emptied at every open
//
// A file of at most [SmallLimit] bytes becomes a record of the last pack, a
// larger one streams into tmp/, is flushed, renamed into files/ and the folder
// flushed. Whatever replaces a file as a whole goes that way too.
//
// All integers are little-endian, all sums CRC-32C (Castagnoli).
//
//	pack   = header (32 bytes), records, zeros up to the end of the file
//	header = "uzelpack", version u32, number u32, salt u64, zero u32, sum u32
//	record = header (52 bytes), body
//	header = "UzBl", base u32, size u32, sum of the body u32, SHA-256 (32 bytes),
//	         sum u32 over salt, place in the pack (u32) and the 48 bytes before
//
// The salt is random: a stored file that itself looks like a record cannot be
// taken for one. base is the place where the group of the record began: records
// of one group are written and flushed together, and nothing of a group is
// written before the one ahead of it is on disk. So a bad record with a later
// group behind it is damage (kept, and reported by [Store.Check]), and without
// one it is the torn end of a group nobody was told of (cut off at the next
// open).
//
//	index  = header (64 bytes), fan-out, filter, entries by ascending hash
//	header = "uzelindx", version u32, sealed u32, entries u32, words of the filter u32,
//	         covers u64, sum of the entries u32, records u32, zeros,
//	         sum u32 over header, fan-out and filter
//	fanout = 256 × u32: entries whose hash begins with this byte or a smaller one
//	filter = words × u64, a Bloom filter of 16 bits and 8 probes an entry
//	entry  = SHA-256, place u32, size u32
//
// covers is how much of the pack the index knows, records how many records are
// there, those deleted before the index was written included. A sealed index is trusted at
// open and only its fan-out and filter (two bytes a file) stay in memory; the
// last pack is read from its checkpoint on. An index that is missing or damaged
// is made again from its pack.
//
//	deleted = entries of 16 bytes: pack u32, place u32, what u32, sum u32; zeros behind
//
// what is 1 when the record is deleted and 2 when its bytes are gone from the
// pack as well (a hole is punched, or zeros are written where the file system
// has no holes). A 1 without its 2 is finished at the next open. A pack whose
// records are all deleted is removed. Before a hole is punched into a pack that
// a [Store.Snapshot] shares by a hard link, the pack is copied.
//
// # Writing
//
// Callers read and hash in their own goroutines and queue. One goroutine takes
// whatever waits as a group, without a timer, writes it with one pwritev and
// flushes it with one fdatasync. A group that is small is followed by zeros up
// to some distance, so that the next small groups overwrite allocated blocks
// and their flush need not commit the journal of the file system: that halves
// the time of a lone Put on ext4, while preallocation by fallocate changed
// nothing measurable.
package fileblob
