# SPDX-License-Identifier: BSD-3-Clause
# Real parts: the simulated node, Open MPI and MPICH, a private two-node Slurm.  Need root.
SYSTEM_TESTS = \
	tests/system/cg.sh \
	tests/system/cg_files.sh \
	tests/system/runtime_cap.sh \
	tests/system/runtime_energy.sh \
	tests/system/runtime_harmless.sh \
	tests/system/runtime_killed.sh \
	tests/system/report_schema.sh \
	tests/system/pmctl_allowlist.sh \
	tests/system/pmctl_ceiling.sh \
	tests/system/pmctl_doctor.sh \
	tests/system/pmctl_gather.sh \
	tests/system/pmctl_manual.sh \
	tests/system/pmctl_report.sh \
	tests/system/pmctl_set.sh \
	tests/system/pmctl_show.sh \
	tests/system/pmctl_sim.sh \
	tests/system/pmctl_watch.sh \
	tests/system/full_disk.sh \
	tests/system/conformance.sh \
	tests/system/machines.sh \
	tests/system/sim_ranks.sh \
	tests/system/structure.sh \
	tests/system/main_job.sh \
	tests/system/slurm_deadline.sh \
	tests/system/slurm_hostile.sh \
	tests/system/slurm_jobs.sh \
	tests/system/slurm_lifecycle.sh \
	tests/system/slurm_refusals.sh \
	tests/system/lab_killed.sh
TESTS += $(SYSTEM_TESTS)
dist_noinst_SCRIPTS += $(SYSTEM_TESTS)
EXTRA_DIST += tests/system/tap.sh tests/system/slurm.sh tests/system/slurm_site.conf tests/lab/lab tests/lab/main_job

check_PROGRAMS += tests/system/sim_ranks
tests_system_sim_ranks_SOURCES = tests/system/sim_ranks.c
tests_system_sim_ranks_LDADD = libphasecap.la

check_PROGRAMS += tests/system/show_topology
tests_system_show_topology_SOURCES = tests/system/show_topology.c
tests_system_show_topology_LDADD = libphasecap.la

# The same expectations for every back end; the kernel rig runs it against real drivers.
check_PROGRAMS += tests/conformance/conformance
tests_conformance_conformance_SOURCES = \
	tests/conformance/conformance.c tests/conformance/conformance.h \
	tests/conformance/helpers.c \
	tests/conformance/lists.c \
	tests/conformance/reading.c \
	tests/conformance/refusing.c \
	tests/conformance/writing.c
tests_conformance_conformance_LDADD = libphasecap.la

check_PROGRAMS += tests/system/make_segment
tests_system_make_segment_SOURCES = tests/system/make_segment.c
tests_system_make_segment_LDADD = libphasecap.la
check_PROGRAMS += tests/system/sim_poke
tests_system_sim_poke_SOURCES = tests/system/sim_poke.c
tests_system_sim_poke_LDADD = libphasecap.la
EXTRA_DIST += tests/system/pmctl_node.sh

check_PROGRAMS += tests/system/new_segment
tests_system_new_segment_SOURCES = tests/system/new_segment.c
tests_system_new_segment_LDADD = libphasecap.la

# The runtime under real MPIs, outside Slurm.
EXTRA_DIST += tests/system/runtime.sh
if OPENMPI
check_PROGRAMS += tests/system/runtime_probe
endif
tests_system_runtime_probe_SOURCES = tests/system/runtime_probe.c
tests_system_runtime_probe_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime
tests_system_runtime_probe_CFLAGS = $(AM_CFLAGS) $(OPENMPI_CFLAGS)
tests_system_runtime_probe_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_system_runtime_probe_LDADD = libpm_phase_mpi.la libpm_phase.la libphasecap.la $(OPENMPI_LIBS)

check_PROGRAMS += tests/system/sim_hold
tests_system_sim_hold_SOURCES = tests/system/sim_hold.c
tests_system_sim_hold_LDADD = libphasecap.la

if SLURM
check_LTLIBRARIES += hostile_client.la
hostile_client_la_SOURCES = tests/system/hostile_client.c
hostile_client_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -rpath /nowhere
endif
