# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# What ./demo and ./check share: the packages a fresh Debian 12 lacks, and the build.
# Sourced with $top set to the checkout.

build=$top/build
trap 'exit 130' INT TERM HUP

say() { printf '%s\n' "phasecap: $*"; }
die() { printf '%s\n' "phasecap: $*" >&2; exit 1; }

# The command prefix that makes root of us: nothing, or sudo.
as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else die "'$1' needs root: run this as root, or install sudo"
	fi
}

# What would fail later, and less clearly, is said before anything is made.
check_ground() {
	case $top in
	*[!A-Za-z0-9_./+~-]*) die "autotools cannot build below '$top': move the checkout to a path without blanks and quotes" ;;
	esac
	[ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
		die "$1 needs root, for packages, namespaces and Slurm's daemons: run it as root, or install sudo"
}

# Package, and what it is for.  doc/design.md gives the longer reasons.
demo_packages='
gcc             compiles everything
libc6-dev       C library headers
make            runs the build
autoconf        makes configure
automake        makes the makefiles
libtool         builds the libraries
pkg-config      finds the libraries
libhwloc-dev    topology of the node
libjansson-dev  JSON
libinih-dev     configuration file
libacl1-dev     access to device nodes
acl             shows access in tests
libcmocka-dev   unit tests
libslurm-dev    SPANK plugin header
slurmctld       private test cluster
slurmd          private test cluster
slurm-client    srun, sbatch, salloc
munge           private test cluster
openmpi-bin     runs MPI programs
libopenmpi-dev  builds MPI programs
jq              reads JSON in the demo and in tests
iproute2        the test cluster has a network of its own
util-linux      namespaces of the test cluster
procps          process lists in tests
'
check_packages='
libmpich-dev    the second MPI
mpich           the second MPI
clang           fuzz targets
libclang-rt-14-dev  fuzz targets
strace          counts system calls
mandoc          checks the man pages
python3         small test helpers
qemu-system-x86 kernel rig
busybox-static  kernel rig
cpio            kernel rig
kmod            kernel rig
linux-headers-amd64 kernel rig: builds its test modules
'

missing_packages() {
	local name reason
	while read -r name reason; do
		[ -n "$name" ] || continue
		dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
			printf '%s\t%s\n' "$name" "$reason"
	done
}

# The services that the packages bring are neither started nor left enabled: a
# policy-rc.d of ours stands while apt runs, and what apt enabled is disabled again.
install_packages() {
	local list=$1 missing names policy=/usr/sbin/policy-rc.d
	missing=$(missing_packages <<<"$list")
	[ -n "$missing" ] || return 0
	[ -f /etc/debian_version ] ||
		die "this is not Debian; install by hand: $(cut -f1 <<<"$missing" | tr '\n' ' ')"
	say "installing Debian packages that are missing here (no service will be started or enabled):"
	printf '%s\n' "$missing" | sed 's/\t/ - /; s/^/    /'
	names=$(cut -f1 <<<"$missing" | tr '\n' ' ')
	as_root env NAMES="$names" POLICY=$policy DEBIAN_FRONTEND=noninteractive bash -eu -c '
		before=$(systemctl list-unit-files --state=enabled --no-legend 2>/dev/null | cut -d" " -f1 || true)
		if [ ! -e "$POLICY" ]; then
			trap "rm -f $POLICY" EXIT
			trap "exit 130" INT TERM HUP
			printf "#!/bin/sh\nexit 101\n" > "$POLICY"
			chmod 755 "$POLICY"
		fi
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends $NAMES >/dev/null
		for unit in munge slurmd slurmctld; do
			case " $NAMES " in *" $unit "*) ;; *) continue ;; esac
			case "$before" in *"$unit.service"*) continue ;; esac
			deb-systemd-helper disable "$unit.service" >/dev/null 2>&1 || true
		done' ||
		die "apt could not install: $names; run 'apt-get update', look at its message, and try again"
}

# configure and make into build/, quietly; what failed is shown.  A step that was interrupted is
# begun again: what a stamp does not vouch for is not there.
build_tree() {
	local log=$build/build.log
	umask 022
	mkdir -p "$build"
	say "building into build/ (a minute or two the first time; its output: build/build.log)"
	{
		{ [ -x "$top/configure" ] && [ "$build/.autoreconf" -nt "$top/configure.ac" ] ||
			(cd "$top" && mkdir -p m4 && autoreconf -fi && touch "$build/.autoreconf"); } &&
		cd "$build" &&
		{ [ -f Makefile ] && [ -f .configured ] || { "$top/configure" "$@" && touch .configured; }; } &&
		make -j"$(nproc)"
	} >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "the build failed; all of its output is in $log"; }
	cd "$top" || exit 1
}
