#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# doc/report.md against real reports: each field that it names is there with the type it says, and
# no other.
set -u
. "$top_srcdir/tests/system/runtime.sh"
plan 10
page=$top_srcdir/doc/report.md

# fields: the page's table of types as "PATH TYPE" lines
fields() {
	awk -F'|' '
		/^## / { here = /^## Every member and its type$/ }
		here && $3 ~ /^ (string|boolean|integer|integer or null|array|object) $/ {
			places = split($2, place, "`"); members = split($4, member, "`")
			for (i = places > 1 ? 2 : 1; i <= places; i += 2) for (j = 2; j <= members; j += 2)
				print (places > 1 ? place[i] "." : "") member[j] substr($3, 1, length($3) - 1)
		}' "$page" | sort
}

# members FILE: what the report holds, in the same form
members() {
	jq -r '[paths as $at | select($at[-1] | type == "string") | getpath($at) as $value
		| ($at | map(if type == "number" then "[]" else "." + . end) | add | ltrimstr(".")) + " "
		+ ($value | type | if . == "number" and ($value | . == floor and . >= 0) then "integer" else . end)]
		| unique[]' "$1"
}

# agree FILE: nothing in it is undocumented or of another type, and nothing documented lacks
agree() {
	members "$1" >members
	fields | awk '
		NR == FNR { for (i = 2; i <= NF; i++) may[$1 " " $i]; want[$1]; next }
		!($0 in may) { print "not as the page says: " $0; bad = 1 }
		{ delete want[$1] }
		END { for (name in want) { print "not in the report: " name; bad = 1 } exit bad }' - members
}
run() { local name=$1; shift; env "$@" PM_PHASE_REPORT="$dir/$name.json" timeout 120 mpirun.openmpi -n 2 "$cg" -n 16 -i 40 >/dev/null; }

once() { fields | cut -d' ' -f1 | uniq -d >twice; [ ! -s twice ] && [ -n "$(fields)" ] || { cat twice; return 1; }; }
check "the page names each field once" once
explained() {
	local name bad=0
	for name in $(fields | sed 's/ .*//; s/.*[.]//' | sort -u); do
		sed '/^## Every member/,/^## Without/d' "$page" | grep -q "\`$name\`" || { echo "$name"; bad=1; }
	done
	return $bad
}
check "and says what each is" explained
new_node
run capped PHASECAP_BACKEND="sim:$node" PHASECAP_CAP=240W
check "a capped run's report is as the page says" agree capped.json
run free PHASECAP_BACKEND="sim:$node"
check "and one without a cap" agree free.json
run blind PHASECAP_BACKEND=none
check "and one without any way to the power" agree blind.json
for package in 0 1; do "$pmctl" sim fault --package=$package --domain=dram --fault=absent "$node" >/dev/null; done
run nodram PHASECAP_BACKEND="sim:$node" PHASECAP_CAP=300W
check "and one without DRAM" agree nodram.json
new_node
"$top_builddir/tests/system/sim_poke" "$node" 0 0x610 0x0047850000150438
run unlimited PHASECAP_BACKEND="sim:$node"
check "and one where a package's limit is switched off" agree unlimited.json
nulls() { for name in capped free blind nodram unlimited; do members $name.json; done | awk '$2 == "null" { print $1 }' | sort -u; }
check "what may be null is, somewhere" diff <(fields | awk '/ or null$/ { print $1 }') <(nulls)

jq '.phases[0].spurious_uj = 1' capped.json >more.json
jq 'del(.nodes[0].packages[].samples) | .verdict = 1' capped.json >less.json
check "a field that is not on the page is found out" eval '! agree more.json >/dev/null'
check "so are one that lacks and one of another type" eval \
	'agree less.json >found; [ "$(sort found)" = "$(printf "%s\n" "not as the page says: verdict integer" "not in the report: nodes[].packages[].samples")" ]'
