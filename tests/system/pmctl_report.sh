#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# pmctl report: a report's table, and what is left of steps that never reported.
set -u
. "$top_srcdir/tests/system/pmctl_node.sh"
plan 21

make_segment=$top_builddir/tests/system/make_segment
site="--config=$dir/site.conf"
mkdir -p "$dir/run/spool" "$dir/run/steps" "$dir/n1" "$dir/n2"
check "a dead step's segment is there" "$make_segment" "$dir/run/spool" 77 0 0
for i in 1 2; do "$make_segment" "$dir/n$i" 80 3 $i; done

report() { says "$1" "$2" report "$site" "${@:3}"; }
check "a segment is a table" report 0 'solve' "$dir/run/spool/77.0.segment"
check "with its joules" report 0 '200' "$dir/run/spool/77.0.segment"
check "--json is the report" sh -c '"$1" report --json "$2" >"$3/report.json" && grep -q "\"job\": 77" "$3/report.json"' sh "$pmctl" "$dir/run/spool/77.0.segment" "$dir"
check "the table of that report is the segment's" sh -c '"$1" report "$2/report.json" >"$2/a" && "$1" report "$3" | cmp - "$2/a"' sh "$pmctl" "$dir" "$dir/run/spool/77.0.segment"
check "standard input is taken" sh -c '"$1" report - <"$2/report.json" | cmp - "$2/a"' sh "$pmctl" "$dir"
check "a job's name finds what the spool keeps" sh -c '"$1" report "$2" 77 | cmp - "$3/a"' sh "$pmctl" "$site" "$dir"
check "so does a step's" sh -c '"$1" report "$2" 77.0 | cmp - "$3/a"' sh "$pmctl" "$site" "$dir"
check "a running step is found too" sh -c '"$2" "$3/run/steps" 78 1 0 && "$1" report "$4" 78 | grep -q solve' sh "$pmctl" "$make_segment" "$dir" "$site"
check "a job of which nothing is kept is said" report 1 "job 7: nothing of it is kept in $dir/run on this node; a finished step's report is the file that it wrote" 7
check "a step of which nothing is kept is said" report 1 "job 77.9: nothing of it is kept" 77.9
check "two nodes' segments are one step" json '"node": "node1", "index": 1.*"node": "node2", "index": 2' report --json "$dir/n1/80.3.segment" "$dir/n2/80.3.segment"

check "what is no JSON is said with its place" report 1 "$dir/site.conf:1:[0-9]+: .*: no report can be read from this" "$dir/site.conf"
echo '{"a": 1}' >"$dir/other.json"
check "what is no report is said" report 1 "$dir/other.json: no report of phasecap" "$dir/other.json"
echo '[1, 2' >"$dir/torn.json"
check "a torn report is said" report 1 'torn.json:[0-9]+:[0-9]+: ' "$dir/torn.json"
check "a missing file is named" report 1 "$dir/gone.json" "$dir/gone.json"
head -c 1000 "$dir/run/spool/77.0.segment" >"$dir/cut.segment"
check "a torn segment is refused" report 1 'cut.segment' "$dir/cut.segment"
cp "$dir/cut.segment" "$dir/run/spool/79.0.segment"
check "also in the spool" report 1 "$dir/run/spool/79.0.segment: " 79
check "one bad file hides no good one" sh -c '"$1" report "$2/other.json" "$2/report.json" 2>/dev/null | cmp - "$2/a"' sh "$pmctl" "$dir"
check "yet the status says so" sh -c '"$1" report "$2/other.json" "$2/report.json" >/dev/null 2>&1; [ $? = 1 ]' sh "$pmctl" "$dir"
check "a file is needed" report 2 'pmctl report: FILE.* is missing'
