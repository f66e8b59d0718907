# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# TAP for shell tests: plan N, check TEXT COMMAND..., skip_all WHY.  What a failing command
# printed is shown behind its line.  A test that ends before its plan is done fails.
tap_done=0

plan() { echo "1..$1"; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }
ok() { tap_done=$((tap_done + 1)); echo "ok $tap_done - $*"; }
not_ok() { tap_done=$((tap_done + 1)); echo "not ok $tap_done - $*"; }
note() { printf '%s\n' "$*" | sed 's/^/# /'; }

check() { # check TEXT COMMAND...
	local text=$1 output; shift
	if output=$("$@" 2>&1); then ok "$text"
	else not_ok "$text"; printf '%s\n' "$output" | tail -n 40 | sed 's/^/# /'; fi
}

# has TEXT PATTERN: the text has a line that matches (extended expression)
has() { grep -qE -- "$2" <<<"$1" || { printf 'wanted: %s\ngot:\n%s\n' "$2" "$1"; return 1; }; }
