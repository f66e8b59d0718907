#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# tests/rig/run for automake.  It skips only where QEMU cannot be had, and says so.
set -u
rig=$top_srcdir/tests/rig/run
reason=$("$rig" --check 2>&1)
case $? in
0) BUILD=$top_builddir exec "$rig" ;;
77) echo "1..0 # SKIP $reason" ;;
*) echo "Bail out! $reason" ;;
esac
