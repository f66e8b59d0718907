# SPDX-License-Identifier: BSD-3-Clause
# What a batch costs: in system calls, and against one single-register read.
. "$RIG_SOURCE/guest/Library"
due=$RIG_BUILD/tests/rig/due

# calls NAME COUNT: system calls of so many due boundaries, less those of one
calls() {
	for count in 1 "$2"; do
		strace -qq -e trace="$1" -o "/run/strace.$count" "$due" "$backend" 1 "$count" >/dev/null || return
	done
	echo $(($(wc -l <"/run/strace.$2") - $(wc -l </run/strace.1)))
}

# middle COMMAND: the middle one of five tries, for something else may be running
middle() { for try in 1 2 3 4 5; do "$1"; done | sort -n | sed -n 3p; }

# A batch of six operations on another CPU, in percent of one single-register read there.
race() {
	"$probe" race /dev/cpu/msr_batch /dev/cpu/2/msr_safe r:2:0x611 r:2:0x619 r:2:0x613 \
		w:2:0x610:0x000385a0001584b0 r:2:0x610 r:2:0x10
}

modprobe msr && load_msr_safe 1.8 || exit
reset_hardware
"$RIG_BUILD/pmctl" allowlist print --purpose=job | "$probe" store "$list" >&2
backend=msr-safe-batch
run_table speed
# bench.sh reads these; no test depends on the first.
echo "# figure race $(middle race)"
echo "# figure calls $(calls ioctl 101)"
unload_msr_safe >&2
reset_hardware
