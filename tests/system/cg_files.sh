#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# cg and Matrix Market files: good ones in every form it knows, and one sentence for each bad one.
set -u
. "$top_srcdir/tests/system/runtime.sh"
[ -x "$cg" ] || skip_all "Open MPI is not there"
plan 57

# MPICH starts ten times faster, so it takes the long table where it is there.
launch() { openmpi "$1" "$cg" "${@:2}"; }
if have mpirun.mpich && [ -x "$cg-mpich" ]; then launch() { mpich "$1" "$cg-mpich" "${@:2}"; }; fi

# For printf, in which a percent sign is written twice.
h='%%%%MatrixMarket matrix coordinate'
# solve FILE: what cg prints about it, with three ranks for at most nine rows
solve() { launch 3 -i 20 "$1" 2>"$1.err"; }
# same NAME TEXT: the file is read, and is the matrix of reference
same() { printf "$2" >"$1.mtx"; solve "$1.mtx" >"$1.out" && cmp reference.out "$1.out"; }
full='4 4 10\n1 1 4\n1 2 -1\n2 1 -1\n2 2 4\n2 3 -1\n3 2 -1\n3 3 4\n3 4 -1\n4 3 -1\n4 4 4\n'
lower='4 4 7\n1 1 4\n2 1 -1\n2 2 4\n3 2 -1\n3 3 4\n4 3 -1\n4 4 4\n'
# shellcheck disable=SC2059
printf "$h real general\n$full" >reference.mtx
solve reference.mtx >reference.out
# The solution of A x = 1 is (4, 5, 5, 4) / 11, and its norm sqrt(82) / 11; the last bits are rounding's.
norm='solution norm 0x1\.a57cad2b[0-9a-f]*p-1'
check "a general matrix is solved" grep -q "$norm" reference.out
check "in a symmetric file" same symmetric "$h real symmetric\n$lower"
check "with integers, comments and blank lines" same integer "$h integer general\n%% a comment\n%%\n\n$full\n\n"
check "with capitals and carriage returns" same capitals "%%%%MatrixMarket MATRIX Coordinate Real General\r\n${full//\\n/\\r\\n}"
parts() { printf "$1" >parts.mtx; solve parts.mtx | grep -q "$norm"; }
check "with entries in any order, and in parts that add up" parts \
	"$h real general\n4 4 16\n4 4 4\n4 3 -1\n3 4 -1\n3 3 4e0\n3 2 -1\n2 3 -1.0\n2 2 2.5\n2 2 0.5\n2 2 1\n2 1 -.1\n2 1 -.2\n2 1 -.7\n1 2 -.7\n1 2 -.2\n1 2 -.1\n1 1 4\n"
ones() { printf "$h pattern symmetric\n3 3 3\n1 1\n2 2\n3 3\n" >ones.mtx; solve ones.mtx | grep -q 'solution norm 0x1.bb67ae8584caap+0'; }
check "a pattern's entries are ones" ones
by_openmpi() { openmpi 3 "$cg" -i 20 reference.mtx >openmpi.out && cmp openmpi.out reference.out; }
check "Open MPI prints the same" by_openmpi

# bad TEXT-OF-THE-FILE LINE WHAT: one sentence with file, line and what; status 1 for all
bad() {
	local status
	# shellcheck disable=SC2059
	printf "$1" >bad.mtx
	solve bad.mtx >bad.out; status=$?
	[ $status = 1 ] && [ ! -s bad.out ] && [ "$(grep '^cg: ' bad.mtx.err)" = "cg: bad.mtx:$2: $3" ] ||
		{ echo "status $status"; cat bad.out bad.mtx.err; return 1; }
}
begin='the file does not begin with "%%MatrixMarket matrix coordinate real|integer|pattern general|symmetric"'
size='here must stand three numbers: rows, columns and entries'
two='an entry begins with two numbers: row and column'
check "an empty file" bad '' 0 "$begin"
check "no banner" bad '4 4 1\n' 1 "$begin"
check "half a banner" bad "$h real\n4 4 1\n" 1 "$begin"
check "too long a banner" bad "$h real general more\n" 1 "$begin"
check "a dense array" bad '%%%%MatrixMarket matrix array real general\n' 1 'only a "matrix coordinate" file can be read'
check "complex entries" bad "$h complex general\n" 1 'entries must be real, integer or pattern'
check "skew symmetry" bad "$h real skew-symmetric\n" 1 'the symmetry must be general or symmetric'
check "no size" bad "$h real general\n%% only a comment\n" 2 "$size"
check "half a size" bad "$h real general\n4 4\n" 2 "$size"
check "a size with more" bad "$h real general\n4 4 1 1\n" 2 "$size"
check "a size of letters" bad "$h real general\n4 4 x\n" 2 "$size"
check "a size beyond all numbers" bad "$h real general\n4 4 99999999999999999999\n" 2 "$size"
check "not square" bad "$h real general\n4 5 1\n" 2 'the matrix is not square'
range='the matrix must have 1 to 2147483647 rows, and no less than 0 entries'
check "no rows" bad "$h real general\n0 0 0\n" 2 "$range"
check "too many rows" bad "$h real general\n3000000000 3000000000 0\n" 2 "$range"
check "a negative number of entries" bad "$h real general\n4 4 -1\n" 2 "$range"
check "too many entries" bad "$h real general\n4 4 1073741824\n" 2 \
	'the matrix has too many entries: at most 1073741823 can be dealt out'
check "a huge matrix of one entry" bad "$h real general\n1000000000 1000000000 1000000000\n1 1 1\n" 3 \
	'the file ends before its last entry'
check "an entry of one number" bad "$h real general\n4 4 1\n1\n" 3 "$two"
check "an entry of letters" bad "$h real general\n4 4 2\n1 1 4\na b c\n" 4 "$two"
check "a broken row" bad "$h real general\n4 4 1\n1.5 1 4\n" 3 "$two"
check "an entry without value" bad "$h real general\n4 4 1\n1 1\n" 3 'the entry has no finite value'
check "an infinite value" bad "$h real general\n4 4 1\n1 1 inf\n" 3 'the entry has no finite value'
check "a value beyond a double" bad "$h real general\n4 4 1\n1 1 1e999\n" 3 'the entry has no finite value'
check "a value that is none" bad "$h real general\n4 4 1\n1 1 nan\n" 3 'the entry has no finite value'
check "something behind an entry" bad "$h real general\n4 4 1\n1 1 4 5\n" 3 'something stands behind the entry'
check "a value in a pattern" bad "$h pattern general\n4 4 1\n1 1 4\n" 3 'something stands behind the entry'
check "row 0" bad "$h real general\n4 4 1\n0 1 4\n" 3 'the entry lies outside the matrix'
check "a column too far" bad "$h real general\n4 4 1\n1 5 4\n" 3 'the entry lies outside the matrix'
check "above a symmetric file's diagonal" bad "$h real symmetric\n4 4 1\n1 2 4\n" 3 \
	'a symmetric file holds the lower triangle only, and this is above it'
check "too few entries" bad "$h real general\n4 4 2\n1 1 4\n" 3 'the file ends before its last entry'
check "too many entries" bad "$h real general\n4 4 1\n1 1 4\n\n2 2 4\n" 5 'more entries than the file announced'
check "a line without end" bad "$h real general\n%2000s" 2 'a line of more than 1024 characters'
check "a NUL byte" bad "$h real general\n4 4 1\n1 1 4\\000\n" 3 'a NUL byte in a text file'

bad_by_openmpi() {
	openmpi 3 "$cg" bad.mtx >bad.out 2>bad.err
	[ $? = 1 ] && [ "$(grep '^cg: ' bad.err)" = 'cg: bad.mtx:3: a NUL byte in a text file' ]
}
check "the same under Open MPI" bad_by_openmpi

# unfit TEXT-OF-THE-FILE WHAT: the file is well formed, and the matrix is not one for this method
unfit() {
	local status
	# shellcheck disable=SC2059
	printf "$1" >unfit.mtx
	solve unfit.mtx >unfit.out; status=$?
	[ $status = 1 ] && [ ! -s unfit.out ] && [ "$(grep '^cg: ' unfit.mtx.err)" = "cg: unfit.mtx: $2" ] ||
		{ echo "status $status"; cat unfit.out unfit.mtx.err; return 1; }
}
symmetric='the matrix is not symmetric: row 1, column 3 has no equal across the diagonal'
positive='the diagonal is not positive in all rows: the matrix is not positive definite'
check "a structure that is not symmetric" unfit "$h real general\n3 3 4\n1 1 2\n2 2 2\n3 3 2\n1 3 1\n" "$symmetric"
check "values that are not symmetric" unfit "$h real general\n3 3 5\n1 1 2\n2 2 2\n3 3 2\n1 3 1\n3 1 -1\n" "$symmetric"
check "a negative diagonal" unfit "$h real general\n2 2 2\n1 1 2\n2 2 -2\n" "$positive"
check "an empty diagonal" unfit "$h real symmetric\n2 2 2\n1 1 2\n2 1 1\n" "$positive"
check "no entries" unfit "$h real symmetric\n2147483647 2147483647 0\n" "$positive"

# said SENTENCE STATUS ARGUMENTS...: the only sentence of cg
said() {
	local sentence=$1 status=$2 got; shift 2
	launch 2 "$@" >said.out 2>said.err; got=$?
	[ $got = "$status" ] && [ ! -s said.out ] && [ "$(grep '^cg: ' said.err)" = "cg: $sentence" ] ||
		{ echo "status $got"; cat said.err; return 1; }
}
check "a missing file is named" said "none.mtx: No such file or directory" 1 none.mtx
mkdir directory
check "a directory is no file" said "directory:0: the file could not be read any further" 1 directory
check "a grid of nothing" said '-n: "0" is no whole number from 1 to 1024' 2 -n 0
check "a grid too large" said '-n: "1025" is no whole number from 1 to 1024' 2 -n 1025
check "no number" said '-i: "" is no whole number from 1 to 2147483647' 2 -i ''
check "a number beyond all" said '-i: "99999999999999999999" is no whole number from 1 to 2147483647' 2 -i 99999999999999999999
check "iterations of letters" said '-i: "ten" is no whole number from 1 to 2147483647' 2 -i ten
check "an unknown option" said "unknown option or a missing value: usage: cg [-n GRID] [-i ITERATIONS] [MATRIX.mtx]" 2 -x
check "an option without its value" said "unknown option or a missing value: usage: cg [-n GRID] [-i ITERATIONS] [MATRIX.mtx]" 2 -n
check "two files" said "more than one file: usage: cg [-n GRID] [-i ITERATIONS] [MATRIX.mtx]" 2 a b
