# SPDX-License-Identifier: BSD-3-Clause
# The emulated registers, seen through the stock msr driver.
. "$RIG_SOURCE/guest/Library"
modprobe msr || exit
reset_hardware
run_table emulator
reset_hardware
