# SPDX-License-Identifier: BSD-3-Clause
# pmctl on every rung that can limit: what it writes, refuses and puts back.
. "$RIG_SOURCE/guest/Library"
pmctl=$RIG_BUILD/pmctl
cp "$pmctl" /run/pmctl
unlock_1() { knob 1 package limit 0x000385a0001584b0; }

# rung BACK-END TABLE...: each table with the hardware as after power-on
rung() {
	backend=$1
	shift
	for table in "$@"; do
		reset_hardware
		rm -rf /run/saved /run/phasecap
		run_table "$table" "$table $backend"
	done
}

# injected FAULT OPERAND...: pmctl under strace, which lets system calls fail
injected() {
	fault=$1
	shift
	strace -qq -o /run/strace -e trace="${fault%%:*}" -e inject="$fault" "$pmctl" -b "$backend" "$@"
}

# The system calls of these names that an operation makes, in their order, runs shortened
order() {
	names=$1
	shift
	strace -qq -o /run/strace -e trace="$names" "$pmctl" -b "$backend" "$@" >/dev/null &&
		sed 's/(.*//' /run/strace | uniq
}

modprobe msr && modprobe rapl && modprobe intel_rapl_msr && load_msr_safe 1.8 || exit
"$pmctl" allowlist print --purpose=root | "$probe" store "$list" >&2
rung msr-safe-batch limits refusals verdicts lost doctor
rung msr-safe limits
rung msr limits refusals crashes ceiling
rung powercap limits refusals-powercap
rung perf energy-only
rung none nothing
modprobe -r intel_rapl_msr rapl
unload_msr_safe >&2
rmmod msr
run_table doctor-nothing
modprobe msr
reset_hardware
