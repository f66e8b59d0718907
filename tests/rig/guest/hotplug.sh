# SPDX-License-Identifier: BSD-3-Clause
# CPUs and devices that go away, and come back, under pmctl.
. "$RIG_SOURCE/guest/Library"
watched=/run/watched

start_watch() {
	pmctl watch -i 0.2 -c 15 >"$watched" 2>&1 &
	watcher=$!
	wait_for 100 grep -q package-1 "$watched" && echo watching
}

end_watch() {
	wait "$watcher" && tail -n 3 "$watched"
}

modprobe msr && load_msr_safe 1.8 || exit
"$RIG_BUILD/pmctl" allowlist print --purpose=root | "$probe" store "$list" >&2
for backend in msr-safe-batch msr-safe; do
	reset_hardware
	run_table hotplug "hotplug $backend"
done
backend=msr-safe-batch
[ -n "$MSR_SAFE_KO" ] || run_table own-lost
unload_msr_safe >&2
reset_hardware
