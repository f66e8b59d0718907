/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of the plugin that need no Slurm: what slurmd's words say of a node's CPUs,
 * and which jobs the kernel's list of sockets shows to be alive. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "cpus.h"
#include "living.h"

static void nodes_are_found_in_their_list(void **state)
{
	static const struct {
		const char *list, *node;
		int index;
	} table[] = {
		{ "node1", "node1", 0 },
		{ "node1", "node2", -1 },
		{ "a,b,c", "c", 2 },
		{ "node[1-3]", "node3", 2 },
		{ "node[1-3]", "node03", -1 },
		{ "node[01-12]", "node09", 8 },
		{ "node[08-12]", "node10", 2 },
		{ "n[1,3,5-7],x", "n6", 3 },
		{ "n[1,3,5-7],x", "x", 5 },
		{ "n[1,3,5-7],x[10-11],y", "y", 7 },
		{ "node1", "node", -1 },
		{ "node[1-3", "node2", -1 },
		{ "node[1-3]x", "node2", -1 },
		{ "node[3-1]", "node2", -1 },
		{ "node[]", "node1", -1 },
		{ "node[1-999999999]", "node2", -1 },
		{ "a,,b", "b", -1 },
		{ "a,", "a", -1 },
		{ "", "a", -1 },
		{ "[1-2]", "1", -1 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++)
		if (cpus_node_index(table[i].list, table[i].node) != table[i].index)
			fail_msg("%s in %s: %d, not %d", table[i].node, table[i].list,
				 cpus_node_index(table[i].list, table[i].node), table[i].index);
}

static void cpus_are_those_of_the_node(void **state)
{
	static const struct {
		const char *cpus, *list, *node;
		unsigned count;
	} table[] = {
		{ "4", "node1", "node1", 4 },
		{ "4(x2)", "node[1-2]", "node2", 4 },
		{ "4(x2)", NULL, NULL, 4 },      /* the same everywhere */
		{ "128", "gone", "node2", 128 },
		{ "4(x2),8", "node[1-3]", "node2", 4 },
		{ "4(x2),8", "node[1-3]", "node3", 8 },
		{ "2,4", "node[1-2]", "node1", 2 },
		{ "2,4", "node[1-2]", "node2", 4 },
		{ "2,4", "node[1-2]", "node3", 0 },
		{ "2,4", NULL, "node1", 0 },
		{ "2,4", "node[1-3]", "node3", 0 },
		{ NULL, "node1", "node1", 0 },
		{ "", "node1", "node1", 0 },
		{ "four", "node1", "node1", 0 },
		{ "4x2", "node1", "node1", 0 },
		{ "4(x2", "node[1-2]", "node1", 0 },
		{ "4,", "node1", "node1", 0 },
		{ "-4", "node1", "node1", 0 },
		{ "99999999999", "node1", "node1", 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++)
		assert_int_equal(cpus_of_node(table[i].cpus, table[i].list, table[i].node), table[i].count);
}

static void jobs_are_alive_while_a_step_listens(void **state)
{
	char text[] = "Num       RefCount Protocol Flags    Type St Inode Path\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 17423 /var/spool/slurmd/node1_12.4294967292\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 17424 /var/spool/slurmd/node1_13.0\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 17425 /var/spool/slurmd/my_node_14.1.2\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 17426 /tmp/x_15.sock\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 17427 /tmp/x_16.\n"
		      "0000000000000000: 00000002 00000000 00010000 0001 01 17428 @/tmp/117.0";
	struct living living = { .sockets = text, .jobs = -1 };

	(void)state;
	assert_true(living_has_step(12, &living));
	assert_true(living_has_step(13, &living));
	assert_true(living_has_step(14, &living));
	assert_false(living_has_step(15, &living));
	assert_false(living_has_step(16, &living));
	assert_false(living_has_step(17, &living));
	assert_false(living_has_step(1, &living));
	assert_false(living_has_step(2, &living));
	living.sockets = NULL;
	assert_true(living_has_step(99, &living));
}

static void a_job_that_began_just_now_counts_as_alive(void **state)
{
	char directory[] = "/tmp/test_plugin-XXXXXX", jobs[64], journal[96];
	const struct timespec old[2] = { { 1000000, 0 }, { 1000000, 0 } };
	struct living living;
	struct pc_error error;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(jobs, sizeof jobs, "%s/jobs", directory);
	snprintf(journal, sizeof journal, "%s/7.journal", jobs);
	assert_int_equal(mkdir(jobs, 0700), 0);
	assert_int_equal(close(open(journal, O_WRONLY | O_CREAT, 0600)), 0);
	assert_int_equal(living_open(&living, "/dev/null", directory, &error), 0);
	assert_true(living_or_young(7, &living));
	assert_false(living_has_step(7, &living));
	assert_false(living_or_young(8, &living));
	assert_int_equal(utimensat(AT_FDCWD, journal, old, 0), 0);
	assert_false(living_or_young(7, &living));
	living_close(&living);
	assert_int_equal(unlink(journal), 0);
	assert_int_equal(rmdir(jobs), 0);
	assert_int_equal(rmdir(directory), 0);
	/* Without a state directory there are no young jobs; without the list nobody is dead. */
	assert_int_equal(living_open(&living, "/dev/null", directory, &error), 0);
	assert_false(living_or_young(7, &living));
	living_close(&living);
	assert_int_equal(living_open(&living, "/nonexistent", directory, &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_true(living_or_young(7, &living));
	living_close(&living);
}

static void the_kernels_list_shows_a_listening_socket(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct living living;
	struct pc_error error;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	uint64_t job = 4000000000u + (uint64_t)getpid();

	(void)state;
	assert_true(fd >= 0);
	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/test_plugin_%llu.4294967292", (unsigned long long)job);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(living_open(&living, "/proc/net/unix", "/nonexistent", &error), 0);
	assert_true(living_has_step(job, &living));
	living_close(&living);
	close(fd);
	/* The name stays in the file system, as it does when a slurmstepd is killed. */
	assert_int_equal(living_open(&living, "/proc/net/unix", "/nonexistent", &error), 0);
	assert_false(living_has_step(job, &living));
	living_close(&living);
	assert_int_equal(unlink(address.sun_path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_are_found_in_their_list),
		cmocka_unit_test(cpus_are_those_of_the_node),
		cmocka_unit_test(jobs_are_alive_while_a_step_listens),
		cmocka_unit_test(a_job_that_began_just_now_counts_as_alive),
		cmocka_unit_test(the_kernels_list_shows_a_listening_socket),
	};

	return cmocka_run_group_tests_name("plugin", tests, NULL, NULL) ? 1 : 0;
}
