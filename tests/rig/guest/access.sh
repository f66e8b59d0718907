# SPDX-License-Identifier: BSD-3-Clause
# A job's user at each rung, with and without a grant.
. "$RIG_SOURCE/guest/Library"

# A user may not be able to reach the build directory.
cp "$RIG_BUILD/pmctl" /run/pmctl
user_pmctl() { nobody /run/pmctl -b "$@"; }

modprobe msr && modprobe rapl && modprobe intel_rapl_msr && load_msr_safe 1.8 || exit
reset_hardware
run_table access
modprobe -r intel_rapl_msr rapl
unload_msr_safe >&2
reset_hardware
