/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rig's second path to the kernel's drivers: raw system calls, nothing of
 * lib/.  Each command prints one line, the values or the errno's name, and
 * exits 0; 2 is for a call that makes no sense.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCH_COMMAND 0xc01063a2ul
#define MAX_OPS 64
#define LIST_MAX 262144

struct op {
	uint16_t cpu;
	uint16_t is_read;
	int32_t err;
	uint32_t msr;
	uint32_t padding;
	uint64_t data;
	uint64_t mask;
};

struct batch {
	uint32_t count;
	uint32_t version;
	struct op *ops;
};

static uint64_t number(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 0);

	if (*end || end == text) {
		fprintf(stderr, "probe: '%s' is no number\n", text);
		exit(2);
	}
	return value;
}

static int say(const char *text)
{
	puts(text);
	return 0;
}

static int say_errno(void)
{
	return say(strerrorname_np(errno));
}

/* read NODE MSR [BYTES] */
static int command_read(int argc, char **argv)
{
	size_t bytes = argc > 2 ? number(argv[2]) : 8;
	uint64_t value[8] = { 0 };
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

	if (bytes > sizeof(value))
		return 2;
	if (fd < 0 || pread(fd, value, bytes, (off_t)number(argv[1])) < 0)
		return say_errno();
	printf("0x%016" PRIx64 "\n", value[0]);
	return 0;
}

/* write NODE MSR VALUE */
static int command_write(int argc, char **argv)
{
	uint64_t value = number(argv[2]);
	int fd = open(argv[0], O_WRONLY | O_CLOEXEC);

	(void)argc;
	if (fd < 0 || pwrite(fd, &value, sizeof(value), (off_t)number(argv[1])) < 0)
		return say_errno();
	return say("ok");
}

/* r:CPU:MSR or w:CPU:MSR:VALUE */
static struct op parse_op(char *text)
{
	struct op op = { .is_read = strtok(text, ":")[0] == 'r' };

	op.cpu = (uint16_t)number(strtok(NULL, ":"));
	op.msr = (uint32_t)number(strtok(NULL, ":"));
	op.data = op.is_read ? 0 : number(strtok(NULL, ":"));
	return op;
}

static void print_op(const struct op *op)
{
	if (op->err)
		printf(" %s", op->err < 0 ? strerrorname_np(-op->err) : "positive");
	else if (op->is_read)
		printf(" 0x%" PRIx64 "/0x%" PRIx64, op->data, op->mask);
	else
		printf(" ok");
}

/* batch NODE OPENMODE VERSION OP... : "ok: OP..." or "ERRNO: OP..." */
static int command_batch(int argc, char **argv)
{
	struct op ops[MAX_OPS];
	struct batch batch = { .version = (uint32_t)number(argv[2]), .ops = ops };
	int fd = open(argv[0], (strcmp(argv[1], "r") ? O_WRONLY : O_RDONLY) | O_CLOEXEC);

	if (fd < 0)
		return say_errno();
	for (int i = 3; i < argc && batch.count < MAX_OPS; i++)
		ops[batch.count++] = parse_op(argv[i]);
	printf("%s:", ioctl(fd, BATCH_COMMAND, &batch) ? strerrorname_np(errno) : "ok");
	for (uint32_t i = 0; i < batch.count; i++)
		print_op(&ops[i]);
	return say("");
}

/* huge NODE COUNT : a batch of COUNT reads of the TSC */
static int command_huge(int argc, char **argv)
{
	struct batch batch = { .count = (uint32_t)number(argv[1]) };
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);

	(void)argc;
	batch.ops = calloc(batch.count, sizeof(*batch.ops));
	if (fd < 0 || !batch.ops)
		return say_errno();
	for (uint32_t i = 0; i < batch.count; i++)
		batch.ops[i] = (struct op){ .is_read = 1, .msr = 0x10 };
	return ioctl(fd, BATCH_COMMAND, &batch) ? say_errno() : say("ok");
}

/* store NODE : standard input in one write(2) */
static int command_store(int argc, char **argv)
{
	static char text[LIST_MAX];
	size_t length = fread(text, 1, sizeof(text), stdin);
	int fd = open(argv[0], O_WRONLY | O_CLOEXEC);
	ssize_t written;

	(void)argc;
	if (fd < 0)
		return say_errno();
	written = write(fd, text, length);
	if (written < 0)
		return say_errno();
	return say((size_t)written == length ? "ok" : "short");
}

/* lines NODE BYTES : what each read(2) of so many bytes gives, one a line */
static int command_lines(int argc, char **argv)
{
	char text[256];
	size_t bytes = number(argv[1]);
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	ssize_t length;

	(void)argc;
	if (fd < 0 || bytes > sizeof(text))
		return say_errno();
	while ((length = read(fd, text, bytes)) > 0)
		printf("%.*s", (int)length, text);
	return length < 0 ? say_errno() : 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* One look at a counter, and the interval in which it was taken. */
struct look {
	uint64_t before_ns;
	uint64_t after_ns;
	uint64_t count;
};

static int take_look(int fd, uint64_t msr, struct look *look)
{
	look->before_ns = now_ns();
	if (pread(fd, &look->count, 8, (off_t)msr) != 8)
		return -1;
	look->after_ns = now_ns();
	return 0;
}

/* The least and the greatest power that two looks leave possible: a counter moves once a
 * millisecond, and each look cuts off a part of a count. */
static int say_draw(const struct look *first, const struct look *last, double count_nj, double mw)
{
	/* nJ per ns are W */
	double counts = (uint32_t)(last->count - first->count);
	double longest = (double)(last->after_ns - first->before_ns) + 1e6;
	double shortest = (double)(last->before_ns - first->after_ns) - 1e6;
	double low = (counts - 1) * count_nj * 1e3 / longest;
	double high = (counts + 1) * count_nj * 1e3 / shortest;

	if (low <= mw && mw <= high)
		return say("yes");
	printf("no, between %.0f and %.0f mW\n", low, high);
	return 0;
}

/* draws NODE MSR NJ MW : a counter of NJ nanojoules moves as MW milliwatts make it */
static int command_draws(int argc, char **argv)
{
	struct timespec pause = { .tv_nsec = 500000000 };
	uint64_t msr = number(argv[1]);
	int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	struct look first, last;

	(void)argc;
	if (fd < 0 || take_look(fd, msr, &first))
		return say_errno();
	nanosleep(&pause, NULL);
	if (take_look(fd, msr, &last))
		return say_errno();
	return say_draw(&first, &last, strtod(argv[2], NULL), strtod(argv[3], NULL));
}

#define RACES 301

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static uint64_t time_batch(int fd, struct batch *batch)
{
	uint64_t start = now_ns();

	return ioctl(fd, BATCH_COMMAND, batch) ? 0 : now_ns() - start;
}

static uint64_t time_single(int fd, uint32_t msr)
{
	uint64_t start = now_ns();
	uint64_t value;

	return pread(fd, &value, 8, msr) == 8 ? now_ns() - start : 0;
}

/* race BATCHNODE SINGLENODE OP... : the median cost of the batch in percent of one single
 * read of the first operation's register, taken in turn */
static int command_race(int argc, char **argv)
{
	struct op ops[MAX_OPS];
	struct batch batch = { .ops = ops };
	uint64_t batches[RACES], singles[RACES];
	int batch_fd = open(argv[0], O_RDONLY | O_CLOEXEC);
	int single_fd = open(argv[1], O_RDONLY | O_CLOEXEC);

	for (int i = 2; i < argc && batch.count < MAX_OPS; i++)
		ops[batch.count++] = parse_op(argv[i]);
	for (int i = 0; i < RACES; i++) {
		batches[i] = time_batch(batch_fd, &batch);
		singles[i] = time_single(single_fd, ops[0].msr);
		if (!batches[i] || !singles[i])
			return say_errno();
	}
	qsort(batches, RACES, sizeof(batches[0]), compare);
	qsort(singles, RACES, sizeof(singles[0]), compare);
	printf("%" PRIu64 "\n", batches[RACES / 2] * 100 / singles[RACES / 2]);
	return 0;
}

/* perf TYPE CONFIG CPU : the raw count of a fifth of a second */
static int command_perf(int argc, char **argv)
{
	struct perf_event_attr attr = {
		.type = (uint32_t)number(argv[0]),
		.size = sizeof(attr),
		.config = number(argv[1]),
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, (int)number(argv[2]), -1, 0);
	struct timespec pause = { .tv_nsec = 200000000 };
	uint64_t count;

	(void)argc;
	if (fd < 0)
		return say_errno();
	nanosleep(&pause, NULL);
	if (read(fd, &count, sizeof(count)) != sizeof(count))
		return say_errno();
	printf("%" PRIu64 "\n", count);
	return 0;
}

static const struct {
	const char *name;
	int least;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "read", 2, command_read },   { "write", 3, command_write },
	{ "batch", 3, command_batch }, { "huge", 2, command_huge },
	{ "store", 1, command_store }, { "lines", 2, command_lines },
	{ "perf", 3, command_perf },   { "draws", 4, command_draws },
	{ "race", 3, command_race },
};

/* "rawless": root's user id without CAP_SYS_RAWIO; "nobody": a job's user. */
static int become(const char *who)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (!strcmp(who, "nobody"))
		return setgroups(0, NULL) || setgid(65534) || setuid(65534);
	if (syscall(SYS_capget, &header, data))
		return -1;
	data[0].effective &= ~(1u << CAP_SYS_RAWIO);
	data[0].permitted &= ~(1u << CAP_SYS_RAWIO);
	data[0].inheritable &= ~(1u << CAP_SYS_RAWIO);
	return syscall(SYS_capset, &header, data);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--as")) {
		if (become(argv[2]))
			return say_errno();
		argc -= 2;
		argv += 2;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(argv[1], commands[i].name) && argc - 2 >= commands[i].least)
			return commands[i].run(argc - 2, argv + 2);
	fprintf(stderr, "usage: probe [--as rawless|nobody] read|write|batch|huge|store|lines|draws|race|perf ARGUMENT...\n");
	return 2;
}
