# SPDX-License-Identifier: BSD-3-Clause
# One program for each part: tests/unit/test_PART.c, which is its only source and linked to LDADD
# unless more is said below.
UNIT_TESTS = \
	tests/unit/test_access \
	tests/unit/test_allowlist \
	tests/unit/test_attribute \
	tests/unit/test_budget \
	tests/unit/test_ceiling \
	tests/unit/test_cpu_model \
	tests/unit/test_decision \
	tests/unit/test_error \
	tests/unit/test_job \
	tests/unit/test_job_ceiling \
	tests/unit/test_job_limit \
	tests/unit/test_job_others \
	tests/unit/test_journal \
	tests/unit/test_journal_restore \
	tests/unit/test_journal_text \
	tests/unit/test_list_check \
	tests/unit/test_meter \
	tests/unit/test_model_list \
	tests/unit/test_msr_files \
	tests/unit/test_msrsafe \
	tests/unit/test_no_memory \
	tests/unit/test_perf \
	tests/unit/test_phase \
	tests/unit/test_place \
	tests/unit/test_plant \
	tests/unit/test_plugin \
	tests/unit/test_policy \
	tests/unit/test_power \
	tests/unit/test_power_option \
	tests/unit/test_powercap \
	tests/unit/test_rapl \
	tests/unit/test_record \
	tests/unit/test_record_field \
	tests/unit/test_record_file \
	tests/unit/test_register_node \
	tests/unit/test_register_run \
	tests/unit/test_register_setting \
	tests/unit/test_report \
	tests/unit/test_sample \
	tests/unit/test_segment \
	tests/unit/test_sim \
	tests/unit/test_sim_backend \
	tests/unit/test_sim_limits \
	tests/unit/test_sim_rank \
	tests/unit/test_sim_registers \
	tests/unit/test_site \
	tests/unit/test_sysfs \
	tests/unit/test_topology \
	tests/unit/test_verdict
LDADD = libphasecap.la $(CMOCKA_LIBS)

tests_unit_test_power_SOURCES = tests/unit/test_power.c $(FAKE_MSR)

# Registers behind msr-safe's rules, a node over them, and a kernel with the drivers' devices.
FAKE_MSR = tests/unit/fake_msr.c tests/unit/fake_msr.h
REGISTER_BENCH = tests/unit/register_bench.c tests/unit/register_bench.h $(FAKE_MSR)
DRIVER_BENCH = tests/unit/driver_bench.c tests/unit/driver_bench.h \
	tests/unit/fake_kernel.c tests/unit/fake_kernel.h $(FAKE_MSR)

tests_unit_test_register_node_SOURCES = tests/unit/test_register_node.c $(REGISTER_BENCH)

tests_unit_test_register_run_SOURCES = tests/unit/test_register_run.c $(REGISTER_BENCH)

tests_unit_test_register_setting_SOURCES = tests/unit/test_register_setting.c $(REGISTER_BENCH)

tests_unit_test_msrsafe_SOURCES = tests/unit/test_msrsafe.c $(DRIVER_BENCH)

tests_unit_test_msr_files_SOURCES = tests/unit/test_msr_files.c $(DRIVER_BENCH)

# Each allocation can be made to fail.
tests_unit_test_no_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=vasprintf,--wrap=free

# This boot's id can be read from elsewhere.
tests_unit_test_journal_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open

# Each system call of the file part can be made to fail.
tests_unit_test_record_file_SOURCES = tests/unit/test_record_file.c tests/unit/failing_calls.c tests/unit/failing_calls.h
tests_unit_test_record_file_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=read,--wrap=fsync,--wrap=close \
	-Wl,--wrap=renameat,--wrap=fchmod,--wrap=fstat

tests_unit_test_plant_LDADD = $(LDADD) -lm

tests_unit_test_sim_SOURCES = tests/unit/test_sim.c tests/unit/sim_node.h
tests_unit_test_sim_LDADD = $(LDADD) -lm

tests_unit_test_sim_backend_SOURCES = tests/unit/test_sim_backend.c tests/unit/sim_node.h

tests_unit_test_sim_limits_SOURCES = tests/unit/test_sim_limits.c tests/unit/sim_batch.h tests/unit/sim_node.h

tests_unit_test_sim_rank_SOURCES = tests/unit/test_sim_rank.c tests/unit/sim_node.h

tests_unit_test_sim_registers_SOURCES = tests/unit/test_sim_registers.c tests/unit/sim_batch.h tests/unit/sim_node.h

tests_unit_test_site_CPPFLAGS = $(AM_CPPFLAGS) -DCONFIG_FILE='"$(abs_top_srcdir)/configs/phasecap.conf"'

tests_unit_test_model_list_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=reallocarray

tests_unit_test_access_LDADD = $(LDADD) $(ACL_LIBS)

tests_unit_test_plugin_SOURCES = tests/unit/test_plugin.c spank-plugin/cpus.c spank-plugin/living.c
tests_unit_test_plugin_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/spank-plugin

tests_unit_test_job_SOURCES = tests/unit/test_job.c tests/unit/job_lab.h
tests_unit_test_job_LDADD = $(LDADD) $(ACL_LIBS)

tests_unit_test_topology_CPPFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS)
tests_unit_test_topology_LDADD = $(LDADD) $(HWLOC_LIBS)
tests_unit_test_topology_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=calloc,--wrap=strdup,--wrap=setenv \
	-Wl,--wrap=hwloc_bitmap_alloc,--wrap=hwloc_bitmap_dup

tests_unit_test_job_ceiling_SOURCES = tests/unit/test_job_ceiling.c tests/unit/job_lab.h
tests_unit_test_job_ceiling_LDADD = $(LDADD) $(ACL_LIBS)

tests_unit_test_job_others_SOURCES = tests/unit/test_job_others.c tests/unit/job_lab.h
tests_unit_test_job_others_LDADD = $(LDADD) $(ACL_LIBS)

tests_unit_test_powercap_SOURCES = tests/unit/test_powercap.c tests/unit/fake_root.h
# The test is the driver: it answers writes, and permissions also for root.
tests_unit_test_powercap_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=openat,--wrap=faccessat,--wrap=calloc

tests_unit_test_report_LDADD = $(LDADD) $(JANSSON_LIBS)

tests_unit_test_policy_SOURCES = tests/unit/test_policy.c runtime/policy.c runtime/share.c
tests_unit_test_policy_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime

tests_unit_test_ceiling_SOURCES = tests/unit/test_ceiling.c tests/unit/sim_node.h

tests_unit_test_meter_SOURCES = tests/unit/test_meter.c tests/unit/sim_node.h tools/meter.c tools/meter.h
tests_unit_test_meter_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tools

tests_unit_test_perf_SOURCES = tests/unit/test_perf.c tests/unit/fake_root.h
# No kernel is asked for an event: the test answers perf_event_open(2) itself.
tests_unit_test_perf_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=syscall

tests_unit_test_sysfs_SOURCES = tests/unit/test_sysfs.c tests/unit/fake_root.h
tests_unit_test_sysfs_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write,--wrap=pread

tests_unit_test_place_SOURCES = tests/unit/test_place.c runtime/place.c
tests_unit_test_place_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime

tests_unit_test_attribute_SOURCES = tests/unit/test_attribute.c runtime/attribute.c runtime/share.c
tests_unit_test_attribute_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime

tests_unit_test_sample_SOURCES = tests/unit/test_sample.c tests/unit/sim_node.h \
	runtime/attribute.c runtime/sample.c runtime/share.c
tests_unit_test_sample_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime

# Through the real library, which finds its node module beside itself.
tests_unit_test_phase_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/runtime
tests_unit_test_phase_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_unit_test_phase_LDADD = libpm_phase.la $(LDADD) $(JANSSON_LIBS)
tests_unit_test_phase_DEPENDENCIES = libpm_phase.la libpm_phase_node.la libphasecap.la

if CMOCKA
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
check-unit: $(UNIT_TESTS)
	$(MAKE) check TESTS='$(UNIT_TESTS)'
.PHONY: check-unit
