# SPDX-License-Identifier: BSD-3-Clause

# One list for each model of the table, as a job gets it.  make update-allowlists prints
# them anew after the table has changed; tests/unit/test_model_list compares.
allowlistsdir = $(datadir)/phasecap/allowlists
dist_allowlists_DATA = \
	configs/allowlists/amd-17-00-2f \
	configs/allowlists/amd-17-30-4f \
	configs/allowlists/amd-17-50-5f \
	configs/allowlists/amd-17-60-7f \
	configs/allowlists/amd-17-90-91 \
	configs/allowlists/amd-17-a0-af \
	configs/allowlists/amd-19-00-0f \
	configs/allowlists/amd-19-10-1f \
	configs/allowlists/amd-19-20-5f \
	configs/allowlists/amd-19-60-af \
	configs/allowlists/amd-1a-00-2f \
	configs/allowlists/amd-1a-40-4f \
	configs/allowlists/amd-1a-60-7f \
	configs/allowlists/intel-06-2a \
	configs/allowlists/intel-06-2d \
	configs/allowlists/intel-06-37 \
	configs/allowlists/intel-06-3a \
	configs/allowlists/intel-06-3c \
	configs/allowlists/intel-06-3d \
	configs/allowlists/intel-06-3e \
	configs/allowlists/intel-06-3f \
	configs/allowlists/intel-06-45 \
	configs/allowlists/intel-06-46 \
	configs/allowlists/intel-06-47 \
	configs/allowlists/intel-06-4e \
	configs/allowlists/intel-06-4f \
	configs/allowlists/intel-06-55 \
	configs/allowlists/intel-06-56 \
	configs/allowlists/intel-06-57 \
	configs/allowlists/intel-06-5e \
	configs/allowlists/intel-06-5f \
	configs/allowlists/intel-06-66 \
	configs/allowlists/intel-06-6a \
	configs/allowlists/intel-06-6c \
	configs/allowlists/intel-06-7e \
	configs/allowlists/intel-06-85 \
	configs/allowlists/intel-06-86 \
	configs/allowlists/intel-06-8c \
	configs/allowlists/intel-06-8d \
	configs/allowlists/intel-06-8e \
	configs/allowlists/intel-06-8f \
	configs/allowlists/intel-06-97 \
	configs/allowlists/intel-06-9a \
	configs/allowlists/intel-06-9e \
	configs/allowlists/intel-06-a5 \
	configs/allowlists/intel-06-a6 \
	configs/allowlists/intel-06-a7 \
	configs/allowlists/intel-06-aa \
	configs/allowlists/intel-06-ac \
	configs/allowlists/intel-06-ad \
	configs/allowlists/intel-06-ae \
	configs/allowlists/intel-06-af \
	configs/allowlists/intel-06-b5 \
	configs/allowlists/intel-06-b6 \
	configs/allowlists/intel-06-b7 \
	configs/allowlists/intel-06-ba \
	configs/allowlists/intel-06-bd \
	configs/allowlists/intel-06-be \
	configs/allowlists/intel-06-bf \
	configs/allowlists/intel-06-c5 \
	configs/allowlists/intel-06-c6 \
	configs/allowlists/intel-06-cf \
	configs/allowlists/intel-06-dd

# Where an administrator copies them from.
confdir = $(datadir)/phasecap
dist_conf_DATA = configs/phasecap.conf configs/plugstack.conf

EXTRA_PROGRAMS += configs/print_allowlist
configs_print_allowlist_SOURCES = configs/print_allowlist.c
configs_print_allowlist_LDADD = libphasecap.la
update-allowlists: configs/print_allowlist
	for slug in `configs/print_allowlist`; do \
		configs/print_allowlist $$slug >$(srcdir)/configs/allowlists/$$slug || exit 1; \
	done
.PHONY: update-allowlists
