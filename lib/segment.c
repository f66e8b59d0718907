/* SPDX-License-Identifier: BSD-3-Clause */
#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t segment_size(unsigned lanes, unsigned packages)
{
	return sizeof(struct pc_segment) + lanes * sizeof(struct pc_lane) +
	       packages * sizeof(struct pc_package_record);
}

static unsigned config_packages(const struct pc_segment_config *config)
{
	return config->decision ? config->decision->package_count : 1;
}

static int check_config(const struct pc_segment_config *config, struct pc_error *error)
{
	unsigned packages = config_packages(config);

	if (config->ranks < 1 || config->ranks > PC_SEGMENT_RANKS_MAX)
		return pc_fail(error, EINVAL, "segment: %u ranks on one node: 1 to %d have a place",
			       config->ranks, PC_SEGMENT_RANKS_MAX);
	if (packages < 1 || packages > PC_MAX_PACKAGES)
		return pc_fail(error, EINVAL, "segment: %u packages on one node: 1 to %d have a place",
			       packages, PC_MAX_PACKAGES);
	return 0;
}

static void copy_text(char *to, size_t size, const char *from)
{
	size_t length = strnlen(from, size - 1);

	memcpy(to, from, length);
	to[length] = '\0';
}

static void fill_decision(struct pc_segment *segment, const struct pc_segment_config *config)
{
	const struct pc_decision *decision = config->decision;

	if (!decision) {
		copy_text(segment->backend, sizeof segment->backend, "auto");
		copy_text(segment->policy, sizeof segment->policy, "monitor");
		return;
	}
	segment->prepared = !config->unprepared;
	segment->writes = decision->writes;
	segment->cap_uw = decision->cap_uw;
	copy_text(segment->backend, sizeof segment->backend, decision->backend);
	copy_text(segment->policy, sizeof segment->policy, decision->policy);
	for (unsigned i = 0; i < decision->package_count; i++) {
		segment->limit_uw[i] = decision->package_limit_uw[i];
		segment->dram_limit_uw[i] = decision->dram_limit_uw[i];
		segment->reserve_uw[i] = decision->dram_reserve_uw[i];
	}
}

/* The memory is all zero here: a new file, or fresh anonymous pages. */
static void fill(struct pc_segment *segment, const struct pc_segment_config *config)
{
	unsigned packages = config_packages(config);

	segment->version = PC_SEGMENT_VERSION;
	segment->ranks = config->ranks;
	segment->lanes = config->ranks + PC_SEGMENT_SPARE_LANES;
	segment->packages = packages;
	segment->size = segment_size(segment->lanes, packages);
	segment->lane_offset = sizeof *segment;
	segment->package_offset = sizeof *segment + segment->lanes * sizeof(struct pc_lane);
	segment->job = config->job;
	segment->step = config->step;
	segment->node = config->node;
	copy_text(segment->node_name, sizeof segment->node_name, config->node_name);
	fill_decision(segment, config);
	for (unsigned i = 0; i < packages; i++)
		atomic_store(&pc_segment_package(segment, i)->leader, -1);
	segment->phase[PC_PHASE_OTHER].length = sizeof PC_PHASE_OTHER_NAME - 1;
	memcpy(segment->phase[PC_PHASE_OTHER].name, PC_PHASE_OTHER_NAME, sizeof PC_PHASE_OTHER_NAME);
	atomic_store(&segment->phase_count, 2);
	segment->magic = PC_SEGMENT_MAGIC;
}

static int fill_file(int fd, const struct pc_segment_config *config, struct pc_error *error)
{
	size_t size = segment_size(config->ranks + PC_SEGMENT_SPARE_LANES, config_packages(config));
	struct pc_segment *segment;
	int code = posix_fallocate(fd, 0, (off_t)size);

	if (code)
		return pc_fail(error, code, "%zu bytes: %s", size, strerror(code));
	segment = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (segment == MAP_FAILED)
		return pc_fail(error, errno, "mmap of %zu bytes: %s", size, strerror(errno));
	fill(segment, config);
	munmap(segment, size);
	return 0;
}

int pc_segment_create(int directory, const char *name, uid_t uid, const struct pc_segment_config *config,
		      struct pc_error *error)
{
	int fd;

	if (check_config(config, error))
		return -1;
	fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return pc_fail(error, errno, "segment %s: %s", name, strerror(errno));
	if (fill_file(fd, config, error))
		goto fail;
	if (uid != geteuid() && fchown(fd, uid, (gid_t)-1)) {
		pc_fail(error, errno, "giving it to user %u: %s", (unsigned)uid, strerror(errno));
		goto fail;
	}
	close(fd);
	return 0;
fail:
	pc_fail_within(error, "segment %s", name);
	unlinkat(directory, name, 0);
	close(fd);
	return -1;
}

/* The file is the user's: every figure that is used to find something is checked here. */
static int check_header(const struct pc_segment *header, uint64_t size, const char *name, struct pc_error *error)
{
	if (header->magic != PC_SEGMENT_MAGIC)
		return pc_fail(error, EINVAL, "segment %s: no segment of phasecap", name);
	if (header->version != PC_SEGMENT_VERSION)
		return pc_fail(error, EPROTONOSUPPORT, "segment %s: its format is %u, this library's is %u: "
			       "plugin and library are of different releases", name, header->version,
			       PC_SEGMENT_VERSION);
	if (header->ranks < 1 || header->ranks > PC_SEGMENT_RANKS_MAX || header->packages < 1 ||
	    header->packages > PC_MAX_PACKAGES || header->lanes != header->ranks + PC_SEGMENT_SPARE_LANES ||
	    header->size != segment_size(header->lanes, header->packages) || header->size != size ||
	    header->lane_offset != sizeof *header ||
	    header->package_offset != sizeof *header + header->lanes * sizeof(struct pc_lane))
		return pc_fail(error, EBADMSG, "segment %s: its sizes do not fit together", name);
	return 0;
}

/* Opens and checks the file; *size is what check_header() found right. */
static int open_checked(int directory, const char *name, int flags, uint64_t *size, struct pc_error *error)
{
	struct pc_segment *header = NULL;
	struct stat status;
	int fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return pc_fail(error, errno, "segment %s: %s", name, strerror(errno));
	if (fstat(fd, &status)) {
		pc_fail(error, errno, "segment %s: %s", name, strerror(errno));
		goto fail;
	}
	if (!S_ISREG(status.st_mode) || (status.st_uid != geteuid() && status.st_uid && geteuid())) {
		pc_fail(error, EPERM, "segment %s: not a file of this user's", name);
		goto fail;
	}
	header = malloc(sizeof *header);
	if (!header) {
		pc_fail(error, ENOMEM, "segment %s: no memory", name);
		goto fail;
	}
	if (pread(fd, header, sizeof *header, 0) != (ssize_t)sizeof *header) {
		pc_fail(error, EINVAL, "segment %s: no segment of phasecap", name);
		goto fail;
	}
	if (check_header(header, (uint64_t)status.st_size, name, error))
		goto fail;
	*size = header->size;
	free(header);
	return fd;
fail:
	free(header);
	close(fd);
	return -1;
}

int pc_segment_map(struct pc_segment **segment, const char *path, struct pc_error *error)
{
	uint64_t size;
	void *memory;
	int fd = open_checked(AT_FDCWD, path, O_RDWR, &size, error);

	if (fd < 0)
		return -1;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return pc_fail(error, errno, "segment %s: mmap: %s", path, strerror(errno));
	*segment = memory;
	return 0;
}

static int own_memory(struct pc_segment **segment, size_t size, struct pc_error *error)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return pc_fail(error, errno, "segment: mmap of %zu bytes: %s", size, strerror(errno));
	*segment = memory;
	return 0;
}

int pc_segment_private(struct pc_segment **segment, const struct pc_segment_config *config,
		       struct pc_error *error)
{
	if (check_config(config, error) ||
	    own_memory(segment, segment_size(config->ranks + PC_SEGMENT_SPARE_LANES, config_packages(config)), error))
		return -1;
	fill(*segment, config);
	return 0;
}

static int read_all(int fd, char *to, uint64_t size)
{
	for (uint64_t done = 0; done < size;) {
		ssize_t n = pread(fd, to + done, size - done, (off_t)done);

		if (n == 0)
			errno = EBADMSG;
		if (n <= 0)
			return -1;
		done += (uint64_t)n;
	}
	return 0;
}

int pc_segment_read(struct pc_segment **segment, int directory, const char *name, struct pc_error *error)
{
	struct pc_segment *copy = NULL;
	uint64_t size;
	int fd = open_checked(directory, name, O_RDONLY, &size, error);

	if (fd < 0)
		return -1;
	if (own_memory(&copy, size, error))
		goto fail;
	if (read_all(fd, (char *)copy, size)) {
		pc_fail(error, errno, "segment %s: %s", name, strerror(errno));
		goto fail_unmap;
	}
	/* It may have changed since open_checked() looked. */
	if (check_header(copy, size, name, error))
		goto fail_unmap;
	close(fd);
	*segment = copy;
	return 0;
fail_unmap:
	munmap(copy, size);
fail:
	close(fd);
	return -1;
}

void pc_segment_unmap(struct pc_segment *segment)
{
	int saved = errno;

	if (segment)
		munmap(segment, segment_size(segment->lanes, segment->packages));
	errno = saved;
}

struct pc_lane *pc_segment_lane(const struct pc_segment *segment, unsigned index)
{
	return (struct pc_lane *)((char *)(uintptr_t)segment + sizeof *segment) + index;
}

struct pc_package_record *pc_segment_package(const struct pc_segment *segment, unsigned index)
{
	return (struct pc_package_record *)pc_segment_lane(segment, segment->lanes) + index;
}
