#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A demonstration that is interrupted (Ctrl-C to its process group), ended or killed at some
# moment leaves no process, mount, user or file outside the tree, and, but for SIGKILL, none in it.
set -u
. "$top_srcdir/tests/system/tap.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root"
moments=(0.05 0.3 0.8 1.5 2.5 4 7)
plan $((${#moments[@]} * 2 + 1))
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT

# Each run is marked by a variable of its own, which its processes inherit as long as they keep
# their environment, and by its lab's directory, which all the others have on their command line or
# in SLURM_CONF.  (The patterns come from a file: grep must not find itself.)
processes() {
	printf '%s\n' "PHASECAP_MARK=$1" "$scratch/build/lab-" >"$scratch/patterns"
	grep -lsaFf "$scratch/patterns" /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | sort -u
}
outside() { # mounts, users, and whatever Slurm or MPI may drop beside the tree
	cut -d' ' -f2,3 /proc/mounts
	cat /etc/passwd /etc/group
	find /tmp /run /var/tmp /dev/shm /mnt /etc -maxdepth 1 \( -iname '*slurm*' -o -iname '*munge*' -o -iname '*spmix*' \) 2>/dev/null | sort
}

start() { # start MARK: in a process group of its own, as a terminal would
	PHASECAP_MARK=$1 setsid env --default-signal=INT "$top_srcdir/tests/lab/lab" -b "$scratch/build" -p sim-clx -r 12 \
		bash "$top_srcdir/tests/lab/main_job" >"$scratch/$1.out" 2>&1 &
	leader=$!
}
left() { # left MARK: waits at most 10 s for the last process
	local tries=100
	while [ -n "$(processes "$1")" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { processes "$1" | xargs ps -o pid,args -p; return 1; }
		sleep 0.1
	done
}
clean() { left "$1" && [ -z "$(ls -d "$scratch"/build/lab-* 2>/dev/null)" ]; }

# A build directory of its own, so that labs of other tests are not mistaken for this one's.
mkdir "$scratch/build" && chmod 755 "$scratch"
ln -s "$top_builddir/.libs" "$top_builddir/pmctl" "$top_builddir/examples" "$scratch/build/"
before=$(outside)
n=0
for signal in INT TERM; do
	for moment in "${moments[@]}"; do
		n=$((n + 1))
		start run$n
		sleep "$moment"
		kill -$signal -- -$leader
		check "SIG$signal after $moment s: no process, and no file even in the tree" clean run$n
		wait $leader 2>/dev/null
	done
done
start killed
sleep 3
kill -KILL $leader
unchanged() { left killed >&2 && diff <(echo "$before") <(outside); }
check "SIGKILL to the first process alone: no process, and nothing outside the tree" unchanged
wait $leader 2>/dev/null
exit 0
