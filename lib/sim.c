/* SPDX-License-Identifier: BSD-3-Clause */
/* Attaching to a simulated node, and what is done to it from outside. */
#include "sim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_internal.h"

enum {
	PATH_BYTES = 256,        /* what struct pc_msr_transport hands out */
	LOCK_SECONDS = 10
};

/* --- attaching -------------------------------------------------------------- */

static int open_file(struct pc_sim *sim, const char *path, struct pc_error *error)
{
	sim->fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (sim->fd >= 0)
		return 0;
	if (errno == ENOENT)
		return pc_fail(error, ENOENT, "simulated node %s: there is no such file; "
			       "`pmctl sim create %s` makes one", path, path);
	if (errno == EACCES || errno == EPERM)
		return pc_fail(error, EACCES, "simulated node %s: this user may not read and write it; its "
			       "owner can allow it: setfacl -m u:NAME:rw %s", path, path);
	return pc_fail(error, errno, "simulated node %s: %s", path, strerror(errno));
}

/* Later uses may come after a chdir(). */
static int note_path(struct pc_sim *sim, const char *path, struct pc_error *error)
{
	sim->path = realpath(path, NULL);
	if (!sim->path)
		return pc_fail(error, errno, "simulated node %s: %s", path, strerror(errno));
	if (strlen(sim->path) < PATH_BYTES)
		return 0;
	return pc_fail(error, ENAMETOOLONG, "simulated node %s: its path has more than %d bytes; keep it in a "
		       "directory with a shorter name", sim->path, PATH_BYTES - 1);
}

static int map_file(struct pc_sim *sim, struct pc_error *error)
{
	struct stat status;
	void *map;

	if (fstat(sim->fd, &status) < 0)
		return pc_fail(error, errno, "simulated node %s: %s", sim->path, strerror(errno));
	if (status.st_size != (off_t)sizeof *sim->file)
		return pc_fail(error, EINVAL, "simulated node %s: this is no simulated node of this version; "
			       "`pmctl sim create` makes one", sim->path);
	sim->may_write_list = geteuid() == 0 || geteuid() == status.st_uid;
	map = mmap(NULL, sizeof *sim->file, PROT_READ | PROT_WRITE, MAP_SHARED, sim->fd, 0);
	if (map == MAP_FAILED)
		return pc_fail(error, errno, "simulated node %s: cannot be mapped: %s", sim->path, strerror(errno));
	sim->file = map;
	return 0;
}

static int check_file(struct pc_sim *sim, struct pc_error *error)
{
	const struct sim_file *file = sim->file;
	unsigned count = file->package_count;

	if (memcmp(file->magic, SIM_MAGIC, sizeof file->magic) != 0 || file->version != SIM_VERSION ||
	    file->size != sizeof *file || count == 0 || count > SIM_PACKAGES)
		return pc_fail(error, EINVAL, "simulated node %s: this is no simulated node of this version; "
			       "`pmctl sim create` makes one", sim->path);
	sim->package_count = count;
	sim->manual_clock = file->manual_clock;
	memcpy(sim->topology, file->topology, sizeof sim->topology - 1);
	return 0;
}

static int find_silicon(struct pc_sim *sim, struct pc_error *error)
{
	char name[sizeof sim->file->sku] = "";

	memcpy(name, sim->file->sku, sizeof name - 1);
	sim->sku = pc_plant_sku_find(name);
	sim->model = pc_cpu_model_find(PC_VENDOR_INTEL, SIM_CPU_FAMILY, SIM_CPU_MODEL);
	if (!sim->sku || !sim->model)
		return pc_fail(error, EINVAL, "simulated node %s: its processor \"%s\" is not known here; make "
			       "the node again", sim->path, name);
	return pc_cpu_model_units(sim->model, SIM_UNIT_REGISTER, &sim->units, error);
}

/* CLOCK_MONOTONIC begins again with each boot; a node that outlives one goes on where it was. */
static int rebase_clock(struct pc_sim *sim, struct pc_error *error)
{
	uint64_t reached = 0;

	if (sim_lock(sim, error) < 0)
		return -1;
	for (unsigned i = 0; i < sim->package_count; i++)
		if (sim_state(sim, i)->time_ns > reached)
			reached = sim_state(sim, i)->time_ns;
	if (!sim->manual_clock && sim_now_ns(sim) < reached)
		sim->file->epoch_ns = sim_monotonic_ns() - (int64_t)reached;
	sim_unlock(sim);
	return 0;
}

int pc_sim_attach(struct pc_sim **attached, const char *path, struct pc_error *error)
{
	struct pc_sim *sim = calloc(1, sizeof *sim);

	*attached = NULL;
	if (!sim)
		return pc_fail(error, ENOMEM, "simulated node %s: no memory", path);
	sim->fd = -1;
	sim->lock_seconds = LOCK_SECONDS;
	if (open_file(sim, path, error) < 0 || note_path(sim, path, error) < 0 ||
	    map_file(sim, error) < 0 || check_file(sim, error) < 0 ||
	    find_silicon(sim, error) < 0 || rebase_clock(sim, error) < 0) {
		pc_sim_detach(sim);
		return -1;
	}
	*attached = sim;
	return 0;
}

void pc_sim_detach(struct pc_sim *sim)
{
	int code = errno;

	if (!sim)
		return;
	if (sim->file)
		munmap(sim->file, sizeof *sim->file);
	if (sim->fd >= 0)
		close(sim->fd);
	free(sim->path);
	free(sim);
	errno = code;
}

unsigned pc_sim_package_count(const struct pc_sim *sim)
{
	return sim->package_count;
}

const char *pc_sim_topology(const struct pc_sim *sim)
{
	return sim->topology;
}

const struct pc_cpu_model *pc_sim_model(const struct pc_sim *sim)
{
	return sim->model;
}

/* --- time and truth --------------------------------------------------------- */

void pc_sim_advance(struct pc_sim *sim, uint64_t ns)
{
	sim->file->manual_ns += ns;
	if (sim_lock(sim, NULL) < 0)
		return;
	for (unsigned i = 0; i < sim->package_count; i++)
		sim_advance(sim, i);
	sim_unlock(sim);
}

uint64_t pc_sim_true_energy_uj(struct pc_sim *sim, unsigned package, enum pc_domain domain)
{
	uint64_t energy_nj = 0;

	if (package >= sim->package_count || !sim_has_domain(domain) || sim_lock(sim, NULL) < 0)
		return 0;
	energy_nj = sim_advance(sim, package)->energy_nj[domain];
	sim_unlock(sim);
	return energy_nj / 1000;
}

/* --- faults ----------------------------------------------------------------- */

static const struct fault {
	const char *name;
	bool package_only;
} faults[PC_SIM_FAULT_COUNT] = {
	[PC_SIM_LIMIT_IGNORED] = { "limit-ignored", false },
	[PC_SIM_LOCKED] = { "locked", false },
	[PC_SIM_ABSENT] = { "absent", false },
	[PC_SIM_LIMIT2_WIRED] = { "limit2-wired", true },
	[PC_SIM_CPU_LOST] = { "cpu-lost", true },
	[PC_SIM_COUNTER_STUCK] = { "counter-stuck", false },
	[PC_SIM_ABSURD_INFO] = { "absurd-info", false },
	[PC_SIM_LIMITED_ELSEWHERE] = { "limited-elsewhere", true },
};

const char *pc_sim_fault_name(enum pc_sim_fault fault)
{
	return faults[fault].name;
}

static int check_package(const struct pc_sim *sim, unsigned package, struct pc_error *error)
{
	if (package < sim->package_count)
		return 0;
	return pc_fail(error, EINVAL, "simulated node %s: package %u: it has packages 0 to %u", sim->path, package,
		       sim->package_count - 1);
}

static int check_fault(const struct pc_sim *sim, unsigned package, enum pc_domain domain,
		       enum pc_sim_fault fault, struct pc_error *error)
{
	if (check_package(sim, package, error) < 0)
		return -1;
	if (!sim_has_domain(domain))
		return pc_fail(error, EINVAL, "simulated node %s: domain %s: it has package and dram only",
			       sim->path, pc_domain_name(domain));
	if (faults[fault].package_only && domain != PC_PACKAGE)
		return pc_fail(error, EINVAL, "simulated node %s: fault %s: the package domain has it, %s cannot",
			       sim->path, faults[fault].name, pc_domain_name(domain));
	return 0;
}

int pc_sim_fault_set(struct pc_sim *sim, unsigned package, enum pc_domain domain,
		     enum pc_sim_fault fault, bool on, struct pc_error *error)
{
	if (check_fault(sim, package, domain, fault, error) < 0 || sim_lock(sim, error) < 0)
		return -1;
	sim_advance(sim, package);
	if (on)
		sim->file->package[package].fault[domain] |= 1u << fault;
	else
		sim->file->package[package].fault[domain] &= ~(1u << fault);
	sim_unlock(sim);
	return 0;
}

/* --- the hardware side ------------------------------------------------------ */

static int no_register(const struct pc_sim *sim, uint32_t msr, struct pc_error *error)
{
	return pc_fail(error, EIO, "simulated node %s: register 0x%x: there is none that could be used so",
		       sim->path, (unsigned)msr);
}

int pc_sim_poke(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t value, struct pc_error *error)
{
	int status;

	if (check_package(sim, package, error) < 0 || sim_lock(sim, error) < 0)
		return -1;
	sim_advance(sim, package);
	status = sim_register_force(sim, package, msr, value);
	sim_unlock(sim);
	return status < 0 ? no_register(sim, msr, error) : 0;
}

int pc_sim_peek(struct pc_sim *sim, unsigned package, uint32_t msr, uint64_t *value, struct pc_error *error)
{
	int status;

	if (check_package(sim, package, error) < 0 || sim_lock(sim, error) < 0)
		return -1;
	sim_advance(sim, package);
	status = sim_register_read(sim, package, msr, value);
	sim_unlock(sim);
	return status < 0 ? no_register(sim, msr, error) : 0;
}
