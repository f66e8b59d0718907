#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# The example program solves what it says it solves, with the same bytes each time, whatever the
# number of ranks; and what it cannot use it refuses in one sentence, on all ranks.
set -u
. "$top_srcdir/tests/system/runtime.sh"

mpis=
[ -x "$cg" ] && have mpirun.openmpi && mpis+=' openmpi'
[ -x "$cg-mpich" ] && have mpirun.mpich && mpis+=' mpich'
[ -n "$mpis" ] || skip_all "neither Open MPI nor MPICH is here"
plan $((12 * $(wc -w <<<"$mpis") + 2))

binary() { case $1 in openmpi) echo "$cg" ;; mpich) echo "$cg-mpich" ;; esac; }
cg() { local mpi=$1 ranks=$2; shift 2; "$mpi" "$ranks" "$(binary "$mpi")" "$@"; }

# --- the same problems, worked out without the program -------------------------------------

poisson() { # poisson N: the matrix of -n N as a general file, its columns in falling order
	awk -v n="$1" '
	function put(r, c, v) { line[++m] = r " " c " " v }
	BEGIN {
		for (r = n * n * n - 1; r >= 0; r--) {
			x = r % n; y = int(r / n) % n; z = int(r / n / n)
			if (z < n - 1) put(r + 1, r + n * n + 1, -1)
			if (y < n - 1) put(r + 1, r + n + 1, -1)
			if (x < n - 1) put(r + 1, r + 2, -1)
			put(r + 1, r + 1, 6)
			if (x > 0) put(r + 1, r, -1)
			if (y > 0) put(r + 1, r - n + 1, -1)
			if (z > 0) put(r + 1, r - n * n + 1, -1)
		}
		print "%%MatrixMarket matrix coordinate real general"
		print "% a comment\n\n" n * n * n, n * n * n, m
		for (i = 1; i <= m; i++) print line[i]
	}'
}
lower() { # the general file on stdin as a symmetric one
	awk '/^%/ || !NF { next } !size { size = $1; next } $1 >= $2 { line[++m] = $0 }
		END { print "%%MatrixMarket matrix coordinate real symmetric"; print size, size, m
			for (i = 1; i <= m; i++) print line[i] }'
}
arrow() { # arrow N: each row is coupled to the first, the middle and the last one
	awk -v n="$1" 'BEGIN {
		h = int(n / 2)
		for (r = 2; r <= n; r++) line[++m] = r " " 1 " 0.5"
		for (r = h + 1; r <= n; r++) line[++m] = r " " h " -0.25"
		for (r = 2; r < h; r++) line[++m] = h " " r " -0.25"
		for (r = h + 1; r < n; r++) line[++m] = n " " r " 0.125"
		for (r = 2; r < h; r++) line[++m] = n " " r " 0.125"
		for (r = 1; r <= n; r++) line[++m] = r " " r " " n + r
		print "%%MatrixMarket matrix coordinate real symmetric"; print n, n, m
		for (i = 1; i <= m; i++) print line[i] }'
}
eliminated() { # eliminated FILE: the norm of the solution, by Gaussian elimination
	awk '/symmetric/ { mirror = 1 } /^%/ || !NF { next } !n { n = $1; next }
		{ a[$1, $2] = $3; if (mirror) a[$2, $1] = $3 }
		END {
			for (i = 1; i <= n; i++) b[i] = 1
			for (k = 1; k <= n; k++) for (i = k + 1; i <= n; i++) if (f = a[i, k] / a[k, k]) {
				for (j = k; j <= n; j++) a[i, j] -= f * a[k, j]
				b[i] -= f * b[k]
			}
			for (i = n; i >= 1; i--) {
				for (j = i + 1; j <= n; j++) b[i] -= a[i, j] * b[j]
				b[i] /= a[i, i]; sum += b[i] * b[i]
			}
			printf "%.17g\n", sqrt(sum)
		}' "$1"
}

# decimals OUTPUT: the last field of each line but the first, as the shell's printf reads it
decimals() { local last; sed 1d <<<"$1" | while read -r last; do printf '%.17g\n' "${last##* }"; done; }
# near A B: two columns of numbers agree to ten digits, and there is at least one
near() { paste <(echo "$1") <(echo "$2") | awk '
	{ d = $1 - $2; if (d < 0) d = -d; if (NF != 2 || !($1 > 0) || d > 1e-10 * $1) { print; bad = 1 } }
	END { exit bad || !NR }'; }

solves() { # solves MPI RANKS FILE [OPTION...]: to the solution that elimination finds
	local output; output=$(cg "$@") || return 1
	near "$(eliminated "$3")" "$(decimals "$output" | tail -n 1)"
}
same_as_file() { # same_as_file MPI FILE RANKS...: -n 6 prints what its matrix as a file does
	local mpi=$1 file=$2 ranks; shift 2
	for ranks; do
		cg "$mpi" "$ranks" -n 6 -i 25 >grid.out && cg "$mpi" "$ranks" -i 25 "$file" >file.out &&
			[ -s grid.out ] && cmp grid.out file.out || return 1
	done
}
ranks_agree() { # with each other, to ten digits
	local one other ranks
	one=$(cg "$1" 1 -n 12 -i 20) || return 1
	for ranks in 2 3 4; do
		other=$(cg "$1" $ranks -n 12 -i 20) || return 1
		near "$(decimals "$one")" "$(decimals "$other")" || return 1
	done
}
small_residual() { # of 216 equations, soon; and however long it goes on, it stays a number
	local output iterations
	for iterations in 25 2000; do
		output=$(cg "$1" 3 -n 6 -i $iterations) || return 1
		decimals "$output" | awk '/[^0-9.e+-]/ { bad = 1 } { before = last; last = $1 }
			END { exit bad || !(before >= 0 && before < 1e-12) }' || { echo "$output"; return 1; }
	done
}

poisson 6 >poisson.mtx
lower <poisson.mtx >lower.mtx
poisson 4 >small.mtx
arrow 50 >arrow.mtx
printf '%%%%MatrixMarket matrix coordinate pattern symmetric\r\n2 2 2\r\n1 1\r\n2 2\r\n' >pattern.mtx
printf '%%%%MatrixMarket matrix coordinate integer general\n2 2 2\n2 2 4\n1 1 2' >two.mtx

# refused MPI PATTERN ARGUMENT...: on 1 to 5 ranks, in one sentence, and each rank ends with 1 or 2
refused() {
	local mpi=$1 pattern=$2 ranks output; shift 2
	for ranks in 1 2 4 5; do
		output=$("$mpi" $ranks sh -c '"$@"; echo "status $?"' sh "$(binary "$mpi")" "$@" 2>stderr)
		[ "$(grep -cx 'status [12]' <<<"$output")" = $ranks ] && [ "$(grep -c '^cg: ' stderr)" = 1 ] &&
			! grep -q '^solution' <<<"$output" && has "$(cat stderr)" "^cg: $pattern" && continue
		echo "$output"; cat stderr; return 1
	done
}
symmetric='%%MatrixMarket matrix coordinate real symmetric\n3 3'
printf %b "$symmetric 4\n1 1 1\n2 1 -2\n" >cut.mtx
printf %b "$symmetric 5\n1 1 1\n2 1 -2\n2 2 1\n3 2 -2\n3 3 1\n" >indefinite.mtx
printf %b "$symmetric 3\n1 1 1e308\n2 2 1e308\n3 3 1e308\n" >large.mtx

for mpi in $mpis; do
	check "$mpi: a grid's solution is that of elimination" solves "$mpi" 3 small.mtx
	check "$mpi: so it is where each rank needs all others" solves "$mpi" 4 arrow.mtx
	check "$mpi: a grid and its matrix as a file print the same bytes" same_as_file "$mpi" poisson.mtx 1 2 3 4
	check "$mpi: so does the file of the lower triangle" same_as_file "$mpi" lower.mtx 3
	check "$mpi: the residuals do not depend on the number of ranks" ranks_agree "$mpi"
	check "$mpi: the residual gets small" small_residual "$mpi"
	check "$mpi: there may be more ranks than rows" solves "$mpi" 4 two.mtx
	check "$mpi: a pattern stands for ones" has "$(cg "$mpi" 2 pattern.mtx)" '^solution norm 0x1\.6a09e667f3bcdp\+0$'
	check "$mpi: a file cut short is refused by all" refused "$mpi" 'cut.mtx:4: the file ends before its last entry' cut.mtx
	check "$mpi: so is a matrix that is not positive definite" refused "$mpi" \
		'matrix: it is not positive definite, which this method needs' indefinite.mtx
	check "$mpi: so are numbers that overflow" refused "$mpi" \
		'matrix: its numbers are too large or too small to compute with' large.mtx
	check "$mpi: so is an option that is none" refused "$mpi" 'unknown option' -z
done
read -r one other <<<"$mpis"
twice() { cg "$one" 4 -n 20 >a && cg "${other:-$one}" 4 -n 20 >b && [ -s a ] && cmp a b; }
check "two runs print the same bytes, with either MPI" twice
check "one point makes one equation" has "$(cg "$one" 2 -n 1 -i 5)" '^solution norm 0x1\.5555555555555p-3$'
