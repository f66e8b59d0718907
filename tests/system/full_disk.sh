#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A disk that is full, read-only or out of inodes under what a restore needs: nothing is
# written to the hardware, and what was on the disk before is as it was.
set -u
if [ -z "${PHASECAP_OWN_MOUNTS:-}" ]; then
	unshare --mount true 2>/dev/null || { echo "1..0 # SKIP needs root and a mount namespace of its own"; exit 0; }
	PHASECAP_OWN_MOUNTS=1 exec unshare --mount --propagation private bash "$0"
fi
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 21

# Enough packages that a record is longer than a page, so that a write can be cut in the middle.
check "a node of 64 packages is made" node n --topology="pack:64 core:1 pu:1" --list=root
b="--backend=sim:$dir/n" site="--config=$dir/site.conf"
mkdir "$dir/run"
check "a small file system is mounted" mount -t tmpfs -o mode=755,size=64k,nr_inodes=8 tmpfs "$dir/run"
saved=$dir/run/set.saved

# leave N: fills the file system but for N pages
leave() { rm -f "$dir/run/fill"; dd if=/dev/zero of="$dir/run/fill" bs=4096 count=$((16 - $1)) status=none 2>/dev/null; }
empty() { ! find "$dir/run" -mindepth 1 -type f ! -name fill ! -name lock | grep .; }

for pages in 0 1; do
	leave $pages
	check "with $pages free pages set is refused, and says why" \
		says 1 "in $dir/run: set\.saved: cannot be saved: No space left on device; what was there before is unchanged" set "$b" "$site" -l 100W
	check "no package got the limit" holds n 0 150
	check "no package got the limit" holds n 63 150
	check "nothing is left on the disk" empty
done
rm "$dir/run/fill"
check "with space it is set" says 0 '-> 100 W' set "$b" "$site" -l 100W
check "and what it replaced is kept" [ "$(stat -c %s "$saved")" -gt 4096 ]
cp "$saved" "$dir/kept"

# What is kept already is what a second set replaces too: it needs no more space.
leave 0
check "a second set works on a full disk" says 0 '-> 90 W' set "$b" "$site" -p 0 -l 90W
check "what was kept is as it was" cmp "$dir/kept" "$saved"
check "restore works on a full disk" says 0 'package-63 msr:0x610: .*: restored' restore "$site"
check "the first limits are back" holds n 0 150
check "the first limits are back" holds n 63 150

# No inode is left, and a file system that is read-only.
rm -f "$dir/run/fill"
for i in 1 2 3 4 5 6 7; do : >"$dir/run/file$i"; done 2>/dev/null        # as many as go
check "without an inode set is refused" says 1 'No space left on device' set "$b" "$site" -l 100W
rm -f "$dir"/run/file*
mount -o remount,ro "$dir/run"
check "on a read-only file system set is refused" says 1 'Read-only file system' set "$b" "$site" -l 100W
check "no package got the limit" holds n 0 150
mount -o remount,rw "$dir/run"
check "with the file system back it is set" says 0 '-> 100 W' set "$b" "$site" -l 100W
umount "$dir/run"
