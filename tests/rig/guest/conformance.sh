# SPDX-License-Identifier: BSD-3-Clause
# The conformance test over every back end that this kernel has.
. "$RIG_SOURCE/guest/Library"
cp "$RIG_BUILD/tests/conformance/conformance" /run/conformance

# Both packages' limits, through the stock driver.
limits() {
	for cpu in 0 2; do
		msr_read $cpu 0x610
		msr_read $cpu 0x618
	done
}

# conform TITLE COMMAND...: its points under that title, and whether it left what it found.
# What a back end does not have is no skipped test here; --skips says how much that may be.
conform() {
	title=$1
	shift
	before=$(limits)
	"$@" --packages=2 >/run/points 2>>/run/stray
	status=$?
	awk -v title="$title" '
		/^ok .*# SKIP/ { sub(/^ok [0-9]+/, "# " title ": not applicable"); print; next }
		/^(not )?ok /  { sub(/ok [0-9]+( -)?/, "ok - " title ":") }
		!/^1\.\./     { print }' /run/points
	is "$title: exit status" $status 0
	is "$title: the registers are as before" "$(limits)" "$before"
}

as_root() {
	backend=$1
	shift
	conform "$backend" timeout 120 /run/conformance --backend="$backend" "$@"
}

as_user() {
	backend=$1
	shift
	conform "$backend as a user" nobody timeout 120 /run/conformance --backend="$backend" "$@"
}

modprobe msr && modprobe rapl && modprobe intel_rapl_msr && load_msr_safe 1.8 || exit
reset_hardware
both=--domains=package,dram
as_root msr-safe-batch $both --writes --list --skips=2
as_root msr-safe $both --writes --list --skips=2
as_root msr $both --writes --skips=5
as_root powercap $both --writes --skips=6
as_root perf $both --skips=18
as_root none --skips=25

"$RIG_BUILD/pmctl" allowlist print --purpose=job | "$probe" store "$list" >&2
setfacl -m u:65534:r /dev/cpu/msr_batch
as_user msr-safe-batch $both --writes
setfacl -m u:65534:rw /dev/cpu/*/msr_safe
setfacl -m u:65534:r "$list"
as_user msr-safe $both --writes
give_zones
as_user powercap $both --writes
sysctl -qw kernel.perf_event_paranoid=0
as_user perf $both
unload_msr_safe >&2

# Up to 1.6 the capability goes past the list, so its rules show without it only.
if [ -z "$MSR_SAFE_KO" ]; then
	load_msr_safe 1.4 || exit
	for backend in msr-safe-batch msr-safe; do
		conform "$backend on 1.4" setpriv --bounding-set=-sys_rawio timeout 120 \
			/run/conformance --backend=$backend $both --writes --list --skips=2
	done
	unload_msr_safe >&2
fi
modprobe -r intel_rapl_msr rapl
is 'nothing else was said' "$(cat /run/stray)" ''
