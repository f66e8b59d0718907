#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl's manual page and bash completion say what pmctl does.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 18
page=$top_srcdir/doc/pmctl.8

if command -v mandoc >/dev/null; then
	check "mandoc finds nothing to complain of" sh -c '[ -z "$(mandoc -Tlint "$1")" ]' sh "$page"
	mandoc -Tascii "$page" | sed "s,.\x08,,g" >"$dir/page"
else
	ok "mandoc finds nothing to complain of # SKIP no mandoc"
	sed 's/\\-/-/g; s/^\.[A-Z][a-z] //; s/ Ns / /g; s/\bFl -/--/g' "$page" >"$dir/page"
fi

# every command and option that --help knows is in the page
commands() { "$pmctl" "$@" --help | sed -n '/^commands:/,/^options:/s/^  \([a-z]*\) .*/\1/p'; }
options() { "$pmctl" "$@" --help | sed -n 's/^ .*\(--[a-z][a-z-]*\).*/\1/p'; }
in_page() {
	local word; for word; do grep -qwF -e "$word" "$dir/page" || { echo "$word is not in the page"; return 1; }; done
}
all_options() {
	local c m; for c in $(commands); do
		in_page "$c" $(options "$c") || return 1
		for m in $(commands "$c"); do in_page "$m" $(options "$c" "$m") || return 1; done
	done
}
check "the page knows every command and option" all_options
# and the page's examples run
examples() { (cd "$dir" && PATH=$(dirname "$pmctl"):$PATH && sed -n '/^A node without any hardware/,/^The cooling/s/^\.Dl //p' "$page" >commands && [ "$(wc -l <commands)" = 4 ] && sh -e commands); }
check "the page's examples run" examples
check "the last restores the first" holds node 0 150

# complete WORD...: what completion offers for the last word
PATH=$(dirname "$pmctl"):$PATH
. "$top_srcdir/tools/pmctl.bash-completion"
complete_() {
	COMP_WORDS=(pmctl "$@"); COMP_CWORD=$#; COMPREPLY=()
	_pmctl; printf '%s\n' "${COMPREPLY[@]}"
}
offers() { local wanted=$1; shift; complete_ "$@" | grep -qxF -e "$wanted" || { complete_ "$@"; return 1; }; }
only() { local wanted=$1; shift; [ "$(complete_ "$@" | tr '\n' ' ')" = "$wanted " ] || { complete_ "$@"; return 1; }; }
check "commands are completed" only 'doctor' do
check "every command is offered" [ "$(complete_ '' | sort | tr '\n' ' ')" = "$(commands | sort | tr '\n' ' ')" ]
check "members of a group are completed" only 'install' allowlist ins
check "a group's members are found behind an option" only 'create' --json sim cr
check "a command's options are completed" only '--limit=' set --lim
check "common options are completed" offers '--backend=' show --
check "--dry-run only where something is written" sh -c '! "$1" show --help | grep -q dry-run' sh "$pmctl"
check "values are completed" only 'dram' set --domain dr
check "values behind = are completed" only 'dram' set --domain = dr
check "values right behind = are completed" offers 'package' set --domain =
check "back ends are completed" only 'powercap' show -b powerc
check "faults are those that pmctl knows" sh -c 'for f in $3; do "$1" sim fault "$2" -p 0 --fault "$f" -n >/dev/null || exit 1; done' sh "$pmctl" "$dir/node" "$(complete_ sim fault x --fault '' | tr '\n' ' ')"
: >"$dir/some-report.json"
check "files are completed" only "$dir/some-report.json" report "$dir/some-r"
check "no value is invented where any number will do" only '' set --limit 1
