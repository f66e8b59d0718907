# SPDX-License-Identifier: BSD-3-Clause
# pmctl against the releases of msr-safe: list device, versions, root's way past the list.
. "$RIG_SOURCE/guest/Library"
pmctl=$RIG_BUILD/pmctl

releases='1.0 1.4 1.6 1.7'
[ -z "$MSR_SAFE_KO" ] || {
	pass "msr-safe $releases and 2.0 # SKIP on the project's own module only, not on $MSR_SAFE_KO"
	releases=
}
modprobe msr || exit
backend=msr-safe
for release in $releases 1.8; do
	load_msr_safe "$release" || { fail "msr-safe $release does not load"; continue; }
	# In turn: both share the code that the releases differ for.
	[ $backend = msr-safe ] && backend=msr-safe-batch || backend=msr-safe
	reset_hardware
	run_table lists "lists $release $backend"
	unload_msr_safe >&2
done
if [ -z "$MSR_SAFE_KO" ]; then
	load_msr_safe 2.0 && run_table major2
	unload_msr_safe >&2
fi
run_table unloaded
reset_hardware
