# SPDX-License-Identifier: BSD-3-Clause
# The perf PMU "power" over the emulated registers.
. "$RIG_SOURCE/guest/Library"
pmu=/sys/bus/event_source/devices/power

count() { "$probe" perf "$(cat $pmu/type)" "$1" "$2"; }
more_than_zero() { [ "$1" -gt 0 ] && echo yes; }

modprobe msr || exit
reset_hardware
modprobe rapl || exit
run_table perf
modprobe -r rapl
