# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# For the tests of pmctl: a scratch directory, a site of its own, and how a command is judged.
. "$top_srcdir/tests/system/tap.sh"
pmctl=$top_builddir/pmctl
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
printf '[site]\nrun_dir = %s/run\n' "$dir" >"$dir/site.conf"
export LC_ALL=C

# says STATUS PATTERN ARGUMENT...: pmctl ends with STATUS and prints, on either stream, a line
# that matches PATTERN ("" matches all, "!PATTERN" wants no such line)
says() {
	local wanted=$1 pattern=$2 output status; shift 2
	output=$("$pmctl" "$@" 2>&1 </dev/null); status=$?
	[ $status = "$wanted" ] || { printf 'status %s, wanted %s\n%s\n' $status "$wanted" "$output"; return 1; }
	case $pattern in
	!*) ! grep -E -- "${pattern#!}" <<<"$output" ;;
	*) has "$output" "$pattern" ;;
	esac
}

# mute ARGUMENT...: stdout alone carries the answer, nothing is on stderr
mute() { [ -z "$("$pmctl" "$@" 2>&1 >/dev/null)" ]; }
# complains ARGUMENT...: exactly one line on stderr, nothing on stdout, and a failure
complains() {
	local errors; errors=$("$pmctl" "$@" 2>&1 >"$dir/stdout") && return 1
	[ ! -s "$dir/stdout" ] && [ "$(wc -l <<<"$errors")" = 1 ] || { cat "$dir/stdout"; echo "$errors"; return 1; }
}
# json PATTERN ARGUMENT...: stdout is one JSON value and, with its white space squeezed, matches
json() {
	local pattern=$1 output; shift
	output=$("$pmctl" "$@") || [ -n "$output" ] || return 1
	"$pmctl" report --json - <<<"$output" >/dev/null || return 1
	has "$(tr -s '\n\t ' ' ' <<<"$output")" "$pattern"
}
# as_nobody COMMAND...: without root's rights and groups
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
# node NAME [OPTION...]: a simulated node; its back end is $dir/NAME's
node() { local name=$1; shift; "$pmctl" sim create "$dir/$name" "$@" >/dev/null; }
# limit NODE PACKAGE: limit 1 of a package, as shown
limit() {
	"$pmctl" show -b "sim:$dir/$1" | awk -v p="package-$2" '
		/^package-/ { here = $1 ~ "^" p ",?$" } here && $1 == "package" { print $4; exit }'
}
holds() { [ "$(limit "$1" "$2")" = "$3" ] || { echo "limit of package $2: $(limit "$1" "$2") W, wanted $3 W"; return 1; }; }
