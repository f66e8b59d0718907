/* SPDX-License-Identifier: BSD-3-Clause */
/* The CPU, its drivers, and what else in the kernel or beside it concerns power limits. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor_state.h"
#include "msr_driver.h"
#include "sysfs.h"

static void look_at_cpu(struct doctor *doctor)
{
	const char *root = doctor->recorded ? doctor->config->root : "/";
	struct pc_error error;

	if (pc_cpu_model_detect(root, &doctor->model, &error) < 0) {
		doctor->model = NULL;
		doctor_say(doctor, "cpu", doctor->can_limit ? PC_DOCTOR_WARNING : PC_DOCTOR_PROBLEM,
			   "pmctl gather NODE.tar, and send it with a request to add the model", "%s", error.text);
	} else if (doctor->model->limit[PC_PACKAGE].layout == PC_LAYOUT_NONE) {
		doctor_say(doctor, "cpu", PC_DOCTOR_PROBLEM, "use the policy `monitor` on this node",
			   "%s has energy counters and no limit register: no job can be capped here, at best monitored",
			   doctor->model->name);
	} else {
		doctor_say(doctor, "cpu", PC_DOCTOR_OK, NULL, "%s (%s)", doctor->model->name, doctor->model->slug);
	}
}

/* CPUID leaf 1, ECX bit 31, which no physical processor sets. */
static void look_for_hypervisor(struct doctor *doctor)
{
	char *cpuinfo = doctor_slurp(doctor->root, "proc/cpuinfo");
	bool virtual = cpuinfo && strstr(cpuinfo, " hypervisor");

	if (virtual && doctor->can_limit)
		doctor_say(doctor, "vm", PC_DOCTOR_NOTE, NULL,
			   "this is a virtual machine: its power registers are its hypervisor's, and may limit nothing");
	/* Behind an empty list the registers may be there all the same. */
	else if (virtual && !doctor->list_hides)
		doctor_say(doctor, "vm", PC_DOCTOR_PROBLEM,
			   "run on the machine itself; to try things out: pmctl sim create PATH, then --backend=sim:PATH",
			   "this is a virtual machine, and hypervisors as a rule do not pass power registers on");
	free(cpuinfo);
}

static void look_at_topology(struct doctor *doctor)
{
	enum pc_topology_kind kind = doctor->recorded ? PC_TOPOLOGY_ROOT : PC_TOPOLOGY_SYSTEM;
	struct pc_topology *topology = NULL;
	struct pc_error error;
	unsigned packages;

	if (pc_topology_load(&topology, kind, doctor->config->root, &error) < 0) {
		doctor_say(doctor, "topology", PC_DOCTOR_PROBLEM, "lstopo shows what hwloc sees; is /sys mounted whole?",
			   "%s", error.text);
		return;
	}
	packages = pc_topology_package_count(topology);
	for (unsigned i = 0; i < packages; i++)
		if (pc_topology_reach_cpu(topology, i, -1, &error) < 0)
			doctor_say(doctor, "topology", PC_DOCTOR_PROBLEM,
				   "echo 1 > /sys/devices/system/cpu/cpuN/online, for one CPU of it", "%s", error.text);
	doctor_say(doctor, "topology", packages ? PC_DOCTOR_OK : PC_DOCTOR_PROBLEM, NULL, "%u package%s, %u CPUs",
		   packages, packages == 1 ? "" : "s", pc_topology_pu_count(topology));
	pc_topology_destroy(topology);
}

/* Some CPU's node of a driver: not all CPUs need be online. */
static bool has_cpu_node(const struct doctor *doctor, const char *name)
{
	int directory = openat(doctor->root, "dev/cpu", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = directory < 0 ? NULL : fdopendir(directory);
	struct dirent *entry;
	bool found = false;

	while (entries && !found && (entry = readdir(entries))) {
		char path[300];

		snprintf(path, sizeof path, "dev/cpu/%s/%s", entry->d_name, name);
		found = doctor_exists(doctor, path);
	}
	if (entries)
		closedir(entries);
	return found;
}

static void look_at_msr(struct doctor *doctor)
{
	char allowed[16];

	if (!has_cpu_node(doctor, "msr")) {
		doctor_say(doctor, "msr", doctor_unless_limited(doctor, PC_DOCTOR_WARNING), "modprobe msr",
			   "the kernel's msr driver is not loaded: root cannot reach the registers through it");
		return;
	}
	/* Linux 5.9 and later (commit a7e1f67ed29f). */
	if (pc_sysfs_read_text(doctor->root, "sys/module/msr/parameters/allow_writes", allowed, sizeof allowed) == 0 &&
	    !strcmp(allowed, "off"))
		doctor_say(doctor, "msr", doctor_unless_limited(doctor, PC_DOCTOR_WARNING),
			   "echo on > /sys/module/msr/parameters/allow_writes",
			   "the msr driver refuses writes (msr.allow_writes=off): root can read limits and not set them");
	else
		doctor_say(doctor, "msr", PC_DOCTOR_OK, NULL, "the kernel's msr driver is loaded");
}

static void look_at_msrsafe(struct doctor *doctor)
{
	struct pc_msr_place place;
	struct pc_error error;

	if (!doctor_exists(doctor, "dev/cpu/msr_batch") && !has_cpu_node(doctor, "msr_safe"))
		doctor_say(doctor, "msr-safe", PC_DOCTOR_WARNING, "modprobe msr-safe (https://github.com/LLNL/msr-safe)",
			   "msr-safe is not loaded: a job's own processes cannot set limits, so caps are static and held by root");
	else if (pc_msr_place(&place, doctor->config->root, &pc_msr_kernel, &error) < 0 ||
		 pc_msrsafe_check_version(&place, &error) < 0)
		doctor_say(doctor, "msr-safe", PC_DOCTOR_PROBLEM, "load a msr-safe module of version 1.x", "%s",
			   error.text);
	else
		doctor_say(doctor, "msr-safe", PC_DOCTOR_OK, NULL, "msr-safe is loaded");
}

static bool is_empty_directory(const struct doctor *doctor, const char *path)
{
	int directory = openat(doctor->root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = directory < 0 ? NULL : fdopendir(directory);
	struct dirent *entry;
	bool empty = entries != NULL;

	while (empty && (entry = readdir(entries)))
		empty = entry->d_name[0] == '.';
	if (entries)
		closedir(entries);
	return empty;
}

static void look_at_powercap(struct doctor *doctor)
{
	enum pc_doctor_level level = doctor_unless_limited(doctor, PC_DOCTOR_WARNING);

	if (doctor_exists(doctor, "sys/class/powercap/intel-rapl:0"))
		doctor_say(doctor, "powercap", PC_DOCTOR_OK, NULL, "the kernel's powercap driver has zones");
	else if (is_empty_directory(doctor, "sys/class/powercap"))
		doctor_say(doctor, "powercap", level, "modprobe intel_rapl_msr, or run outside the container",
			   "/sys/class/powercap is empty: no driver has registered, or a container masks it");
	else if (doctor_exists(doctor, "sys/class/powercap/intel-rapl"))
		doctor_say(doctor, "powercap", level, "modprobe intel_rapl_msr (intel_rapl_tpmi from Granite Rapids on)",
			   "powercap is there and has no zone: the driver does not know this CPU, or found its registers empty");
	else
		doctor_say(doctor, "powercap", level, "modprobe intel_rapl_msr",
			   "/sys/class/powercap/intel-rapl is not there: the driver is not loaded, or a container masks it");
}

static void look_at_perf(struct doctor *doctor)
{
	char text[16];
	int level;

	if (!doctor_exists(doctor, "sys/bus/event_source/devices/power")) {
		doctor_say(doctor, "perf", PC_DOCTOR_NOTE, "modprobe rapl",
			   "the perf PMU `power` is not there: it could give energy, never limits");
		return;
	}
	if (pc_sysfs_read_text(doctor->root, "proc/sys/kernel/perf_event_paranoid", text, sizeof text) < 0)
		return;
	level = atoi(text);
	if (level > 0)
		doctor_say(doctor, "perf", PC_DOCTOR_NOTE, "sysctl kernel.perf_event_paranoid=0",
			   "kernel.perf_event_paranoid is %d: users get no energy through perf (0 would let them)", level);
	else
		doctor_say(doctor, "perf", PC_DOCTOR_OK, NULL, "the perf PMU `power` is there, and open to users");
}

/* Clients have a second copy of the package's limits in MMIO; the lower one wins. */
static void look_at_mmio(struct doctor *doctor)
{
	static const char zone[] = "sys/class/powercap/intel-rapl-mmio:0";
	char path[96];
	uint64_t uw;

	if (!doctor_exists(doctor, zone))
		return;
	snprintf(path, sizeof path, "%s/constraint_0_power_limit_uw", zone);
	if (pc_sysfs_read_number(doctor->root, path, &uw) < 0)
		uw = 0;
	doctor_say(doctor, "mmio", PC_DOCTOR_WARNING, doctor_mend("echo 0 > /%s/enabled", zone),
		   "the package's limits exist a second time, in MMIO (at %llu W now), and the lower one holds",
		   (unsigned long long)(uw / 1000000));
}

/* Programs that write limits of their own accord, by their names in /proc/PID/comm. */
static const struct {
	const char *comm, *what, *mend;
} writers[] = {
	{ "thermald", "the thermal daemon", "systemctl disable --now thermald" },
	{ "geopmd", "GEOPM's service", "systemctl disable --now geopm" },
	{ "intel-undervolt", "intel-undervolt", "systemctl disable --now intel-undervolt-loop" },
};

static void look_at_process(struct doctor *doctor, const char *pid)
{
	char path[300], comm[32];

	if (*pid < '0' || *pid > '9')
		return;
	snprintf(path, sizeof path, "proc/%s/comm", pid);
	if (pc_sysfs_read_text(doctor->root, path, comm, sizeof comm) < 0)
		return;
	for (unsigned i = 0; i < sizeof writers / sizeof *writers; i++)
		if (!strcmp(comm, writers[i].comm))
			doctor_say(doctor, "writer", PC_DOCTOR_WARNING, writers[i].mend,
				   "process %s is %s, which changes limits behind a job's back", pid, writers[i].what);
}

static void look_for_writers(struct doctor *doctor)
{
	int directory = openat(doctor->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = directory < 0 ? NULL : fdopendir(directory);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		look_at_process(doctor, entry->d_name);
	if (entries)
		closedir(entries);
}

static void look_at_lockdown(struct doctor *doctor)
{
	char text[128];

	if (pc_sysfs_read_text(doctor->root, "sys/kernel/security/lockdown", text, sizeof text) < 0 ||
	    strstr(text, "[none]"))
		return;
	doctor_say(doctor, "lockdown", doctor->model && doctor->can_limit ? PC_DOCTOR_WARNING : PC_DOCTOR_PROBLEM,
		   "boot with lockdown=none, or sign msr-safe with a key that the kernel knows",
		   "the kernel is locked down (%s): the msr driver refuses writes, and an unsigned msr-safe does not load",
		   text);
}

void doctor_look_at_machine(struct doctor *doctor)
{
	look_at_cpu(doctor);
	look_for_hypervisor(doctor);
	look_at_topology(doctor);
	look_at_msr(doctor);
	look_at_msrsafe(doctor);
	look_at_powercap(doctor);
	look_at_perf(doctor);
	look_at_mmio(doctor);
	look_for_writers(doctor);
	look_at_lockdown(doctor);
}
