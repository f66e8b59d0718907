# SPDX-License-Identifier: BSD-3-Clause
# msr-safe's devices, release by release.
. "$RIG_SOURCE/guest/Library"

# release NAME TABLE...
release() {
	release=$1
	shift
	if [ -n "$MSR_SAFE_KO" ] && [ "$release" != 1.8 ]; then
		pass "msr-safe $release # SKIP on the project's own module only, not on $MSR_SAFE_KO"
		return
	fi
	reset_hardware
	load_msr_safe "$release" || { fail "msr-safe $release does not load"; return; }
	for table in "$@"; do
		case $table in
		own-*) [ -z "$MSR_SAFE_KO" ] || continue ;;
		esac
		run_table "$table" "$table $release"
	done
	is "msr-safe $release unloads" "$(unload_msr_safe)" ok
}

modprobe msr || exit
release 1.0 safe-whitelist safe-older safe-openbypass
release 1.1 safe-whitelist safe-older safe-openbypass
release 1.4 safe safe-whitelist safe-older safe-callbypass
release 1.5 safe-older safe-callbypass
release 1.6 safe-older safe-callbypass
release 1.7 safe-modern
release 1.8 safe safe-modern own-safe
release 2.0 safe-2
reset_hardware
