#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The rig's figures for `make bench`: see tests/bench/run.
set -u
rig=$top_srcdir/tests/rig/run
"$rig" --check || exit 77
BUILD=$top_builddir "$rig" speed | awk -v OFS='\t' '
	/^# figure race/ {
		print "BENCH", "rig: batch of 6 over one single-register read", $4 / 100, "ratio", "<= 1.5", $4 <= 150 ? "true" : "false"
		n++
	}
	/^# figure calls/ {
		print "BENCH", "rig: system calls per due boundary", $4 / 100, "calls", "= 1", $4 == 100 ? "true" : "false"
		n++
	}
	END { exit n != 2 }'
