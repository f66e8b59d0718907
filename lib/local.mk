# SPDX-License-Identifier: BSD-3-Clause
# libphasecap: linked into the plugin, the tool and the runtime; never installed.
noinst_LTLIBRARIES += libphasecap.la
libphasecap_la_SOURCES = \
	lib/access.c lib/access.h \
	lib/access_acl.c lib/access_acl.h \
	lib/allowlist.c lib/allowlist.h \
	lib/allowlist_parse.c \
	lib/backend.h \
	lib/backend_msr.c \
	lib/backend_msrsafe.c \
	lib/backend_none.c \
	lib/backend_perf.c \
	lib/backend_powercap.c \
	lib/backend_sim.c \
	lib/boot_id.c \
	lib/budget.c lib/budget.h \
	lib/ceiling.c lib/ceiling.h \
	lib/ceiling_record.c \
	lib/cpu_model.c lib/cpu_model.h \
	lib/decision.c lib/decision.h \
	lib/decision_text.c \
	lib/doctor.c lib/doctor.h lib/doctor_state.h \
	lib/doctor_access.c \
	lib/doctor_machine.c \
	lib/doctor_node.c \
	lib/doctor_site.c \
	lib/doctor_slurm.c \
	lib/error.c lib/error.h \
	lib/job.c lib/job.h \
	lib/job_begin.c \
	lib/job_capture.c \
	lib/job_ceiling.c \
	lib/job_end.c \
	lib/job_limit.c \
	lib/job_node.h \
	lib/job_step.c \
	lib/journal.c lib/journal.h \
	lib/journal_restore.c \
	lib/journal_text.c \
	lib/list_check.c lib/list_check.h \
	lib/model_list.c \
	lib/msr.h \
	lib/msr_driver.c lib/msr_driver.h \
	lib/msr_files.c \
	lib/msrsafe_list.c \
	lib/perf_pmu.c lib/perf_pmu.h \
	lib/plant.c lib/plant.h \
	lib/power.c lib/power.h \
	lib/power_option.c lib/power_option.h \
	lib/powercap.h lib/powercap_setting.c lib/powercap_zone.c \
	lib/rapl.c lib/rapl.h \
	lib/record.c lib/record.h \
	lib/record_field.c \
	lib/record_file.c \
	lib/register_batch.c \
	lib/register_node.c lib/register_node.h \
	lib/register_run.c \
	lib/register_setting.c \
	lib/register_state.h \
	lib/report.c lib/report.h \
	lib/report_file.c \
	lib/report_name.c \
	lib/report_step.c \
	lib/report_table.c \
	lib/run_dir.c lib/run_dir.h \
	lib/segment.c lib/segment.h \
	lib/segment_phase.c \
	lib/sim.c lib/sim.h lib/sim_internal.h \
	lib/sim_clock.c \
	lib/sim_create.c \
	lib/sim_layout.c \
	lib/sim_rank.c \
	lib/sim_registers.c \
	lib/sim_transport.c \
	lib/site.c lib/site.h \
	lib/site_cap.c \
	lib/sysfs.c lib/sysfs.h \
	lib/topology.c lib/topology.h \
	lib/verdict.c lib/verdict.h
libphasecap_la_CFLAGS = $(AM_CFLAGS) $(HWLOC_CFLAGS) $(JANSSON_CFLAGS) $(INIH_CFLAGS) $(ACL_CFLAGS) -fvisibility=hidden
libphasecap_la_LIBADD = $(HWLOC_LIBS) $(JANSSON_LIBS) $(INIH_LIBS) $(ACL_LIBS) -lm
