/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

#define W UINT64_C(1000000)

static char path[64];

static int make_path(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/test_site-XXXXXX");
	fd = mkstemp(path);
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const char *text, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static int load(const char *text, struct pc_site *site, struct pc_error *error)
{
	write_file(text, strlen(text));
	memset(site, 0xa5, sizeof *site);
	return pc_site_load(site, path, error);
}

static void every_key_is_taken(void **state)
{
	struct pc_error error;
	struct pc_site site;

	(void)state;
	assert_int_equal(load("# a comment\n"
			      "; another\n"
			      "[site]\n"
			      "backend = sim:/some/where\n"
			      "run_dir=/run/elsewhere\n"
			      "  cap_min : 200 W ; indented, as people do\n"
			      "cap_max = 0.4kW\n"
			      "dram_reserve = 22.5\n"
			      "monitor_uncapped = yes\n"
			      "\n"
			      "unguarded_writes = yes", &site, &error), 0);
	assert_string_equal(site.backend, "sim:/some/where");
	assert_string_equal(site.run_dir, "/run/elsewhere");
	assert_int_equal(site.cap_min_uw, 200 * W);
	assert_int_equal(site.cap_max_uw, 400 * W);
	assert_int_equal(site.dram_reserve_uw, 22500000);
	assert_true(site.monitor_uncapped);
	assert_true(site.allow_without_guard);
}

static void assert_defaults(const struct pc_site *site)
{
	assert_string_equal(site->backend, "auto");
	assert_string_equal(site->run_dir, "/run/phasecap");
	assert_int_equal(site->cap_min_uw, 0);
	assert_int_equal(site->cap_max_uw, 0);
	assert_int_equal(site->dram_reserve_uw, 0);
	assert_false(site->monitor_uncapped);
	assert_false(site->allow_without_guard);
}

static void what_is_not_set_has_its_default(void **state)
{
	struct pc_error error;
	struct pc_site site;

	(void)state;
	assert_int_equal(load("", &site, &error), 0);
	assert_defaults(&site);
	assert_int_equal(load("[site]\nmonitor_uncapped = no\n", &site, &error), 0);
	assert_defaults(&site);
}

static void mistakes_are_told_with_line_and_remedy(void **state)
{
	static const struct {
		const char *text, *sentence;
	} table[] = {
		{ "[site]\ncap_mim = 200W\n", ":2: unknown key cap_mim; the nearest known key is cap_min" },
		{ "[site]\nMonitor = yes\n", ":2: unknown key Monitor; the nearest known key is" },
		{ "[site]\n\n# x\nun\x01key = 1\n", ":4: unknown key un\\x01key; the nearest known key is" },
		{ "cap_min = 200W\n", ":1: cap_min stands before any section: begin the file with [site]" },
		{ "[sight]\n", ":1: unknown section [sight]; the nearest known section is [site]" },
		{ "[site]\n[]\n", ":2: unknown section []; the nearest known section is [site]" },
		{ "[site\ncap_min = 200W\n", ":1: neither a [section], nor key = value, nor a comment" },
		{ "[site]\ncap_min\n", ":2: neither a [section], nor key = value, nor a comment" },
		{ "[site]\ncap_min = 200W\ncap_min = 200W\n", ":3: cap_min is set a second time: keep one of the two" },
		{ "[site]\ncap_min = 200W\n cap_max = 1W\n cap_max = 300W\n", ":4: cap_max is set a second time" },
		{ "[site]\ncap_min = lots\n", ":2: cap_min: power \"lots\": not a power; write WATTS" },
		{ "[site]\ncap_min = 300 W # per node\n", ":2: cap_min: power \"300W # per node\": not a power" },
		{ "[site]\ncap_min = 0\n", ":2: cap_min: power \"0\": out of range" },
		{ "[site]\ncap_max = -5W\n", ":2: cap_max: power \"-5W\": not a power" },
		{ "[site]\ndram_reserve =\n", ":2: dram_reserve: power \"\": not a power" },
		{ "[site]\nmonitor_uncapped = maybe\n", ":2: monitor_uncapped: maybe is neither yes nor no" },
		{ "[site]\nunguarded_writes = YES\n", ":2: unguarded_writes: YES is neither yes nor no" },
		{ "[site]\nrun_dir = run/phasecap\n", ":2: run_dir: run/phasecap is not the absolute path of a directory" },
		{ "[site]\nrun_dir = /\n", ":2: run_dir: / is not the absolute path of a directory" },
		{ "[site]\nbackend =\n", ":2: backend: no value" },
		{ "[site]\ncap_min = 300W\ncap_max = 200W\n",
		  ": cap_min of 300 W is above cap_max of 200 W: no cap could be asked for" },
		/* The first mistake is told, not the last. */
		{ "[site]\nfirst = 1\nsecond = 2\n[third]\n", ":2: unknown key first" },
		{ "[site]\nnonsense\nsecond = 2\n", ":2: neither a [section]" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_error error;
		struct pc_site site;

		assert_int_equal(load(table[i].text, &site, &error), -1);
		assert_int_equal(errno, EINVAL);
		if (strncmp(error.text, path, strlen(path)) != 0 ||
		    strncmp(error.text + strlen(path), table[i].sentence, strlen(table[i].sentence)) != 0)
			fail_msg("wanted FILE%s\n     got %s", table[i].sentence, error.text);
		assert_defaults(&site);
	}
}

/* An epilog must find the journals also after somebody broke the file. */
static void run_dir_survives_a_broken_file(void **state)
{
	struct pc_error error;
	struct pc_site site;

	(void)state;
	assert_int_equal(load("[site]\nbackend = msr\nrun_dir = /run/here\nmonitor_uncapped = maybe\n", &site, &error), -1);
	assert_string_equal(site.run_dir, "/run/here");
	assert_string_equal(site.backend, "auto");
	assert_int_equal(load("[site]\nbroken\nrun_dir = /run/here\n", &site, &error), -1);
	assert_string_equal(site.run_dir, "/run/here");
}

static void long_lines_are_refused_not_split(void **state)
{
	char text[1024] = "[site]\nbackend = ";
	struct pc_error error;
	struct pc_site site;
	size_t length = strlen(text);

	(void)state;
	memset(text + length, 'b', 240);
	strcpy(text + length + 240, "\n");
	assert_int_equal(load(text, &site, &error), -1);
	assert_non_null(strstr(error.text, ":2: a line of more than 198 bytes: shorten it"));
	assert_defaults(&site);
}

static void what_is_no_text_file_is_refused(void **state)
{
	static const char nul[] = "[site]\ncap_min = 200W\0\ncap_max = 5W\n";
	struct pc_error error;
	struct pc_site site;
	char *large = malloc(70000);

	(void)state;
	write_file(nul, sizeof nul - 1);
	assert_int_equal(pc_site_load(&site, path, &error), -1);
	assert_non_null(strstr(error.text, "holds a NUL byte"));
	assert_non_null(large);
	memset(large, '\n', 70000);
	write_file(large, 70000);
	free(large);
	assert_int_equal(pc_site_load(&site, path, &error), -1);
	assert_non_null(strstr(error.text, "longer than 65536 bytes"));
	assert_int_equal(pc_site_load(&site, "/tmp", &error), -1);
	assert_int_equal(errno, EPERM);
	assert_string_equal(error.text, "/tmp: not a regular file");
}

static void a_named_file_must_be_there(void **state)
{
	struct pc_error error;
	struct pc_site site;

	(void)state;
	assert_int_equal(pc_site_load(&site, "/nonexistent/phasecap.conf", &error), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(error.text, "/nonexistent/phasecap.conf: No such file or directory");
	assert_defaults(&site);
}

static void what_others_can_write_is_not_believed(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666 };
	struct pc_error error;
	struct pc_site site;

	(void)state;
	for (unsigned i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		write_file("[site]\n", 7);
		assert_int_equal(chmod(path, modes[i]), 0);
		assert_int_equal(pc_site_load(&site, path, &error), -1);
		assert_int_equal(errno, EPERM);
		assert_non_null(strstr(error.text, "others may write it"));
		assert_non_null(strstr(error.text, "chmod go-w it"));
		assert_int_equal(chmod(path, 0600), 0);
	}
}

static size_t shipped_file(char *text, size_t room)
{
	FILE *file = fopen(CONFIG_FILE, "r");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, room - 1, file);
	fclose(file);
	assert_in_range(length, 100, room - 2);
	text[length] = '\0';
	return length;
}

static void the_shipped_file_holds_the_defaults(void **state)
{
	char text[8192];
	struct pc_error error;
	struct pc_site site;

	(void)state;
	shipped_file(text, sizeof text);
	assert_int_equal(load(text, &site, &error), 0);
	assert_defaults(&site);
	/* Its examples work as they stand, once the mark before them is taken away. */
	for (char *at = text; (at = strstr(at, "\n#")); at++)
		if (at[2] >= 'a' && at[2] <= 'z')
			at[1] = ' ';
	if (load(text, &site, &error))
		fail_msg("%s", error.text);
	assert_int_equal(site.cap_min_uw, 260 * W);
	assert_int_equal(site.cap_max_uw, 390 * W);
	assert_int_equal(site.dram_reserve_uw, 45 * W);
}

static void caps_are_judged_by_the_sites_bounds(void **state)
{
	static const struct {
		uint64_t least_w, most_w;
		const char *text, *sentence;     /* NULL: fine */
	} table[] = {
		{ 200, 386, "300W", NULL },
		{ 200, 386, "200", NULL },
		{ 200, 386, "0.386kW/node", NULL },
		{ 0, 0, "1W", NULL },
		{ 0, 300, "1W", NULL },
		{ 200, 0, "5kW", NULL },
		{ 200, 386, "5W", "--power-cap=5W is below this site's least cap of 200 W per node; legal are 200 W to 386 W" },
		{ 200, 386, "199.999999", "--power-cap=199.999999 is below this site's least cap of 200 W per node; "
					  "legal are 200 W to 386 W" },
		{ 200, 386, "1kW", "--power-cap=1kW is above this site's most cap of 386 W per node; legal are 200 W to 386 W" },
		{ 0, 386, "1kW", "--power-cap=1kW is above this site's most cap of 386 W per node; legal are 386 W and less" },
		{ 200, 0, "1W", "--power-cap=1W is below this site's least cap of 200 W per node; legal are 200 W and more" },
		{ 200, 386, "banana", "--power-cap: power \"banana\": not a power; write WATTS[W|kW][/node|/package|/job], "
				      "for example 300W, 112.5W/package or 20kW/job; legal watts per node are 200 W to 386 W" },
		{ 0, 0, "", "--power-cap: power \"\": not a power; write WATTS[W|kW][/node|/package|/job], for example 300W, "
			    "112.5W/package or 20kW/job; legal watts per node are what each node's hardware can be held to" },
		{ 200, 386, "20kW/job", "--power-cap=20kW/job: a cap per job is not available here; give the watts of one node, "
					"as in --power-cap=300W or --power-cap=300W/node" },
		{ 200, 386, "100W/package", "--power-cap=100W/package: a cap per package is not available here; give the watts "
					    "of one node, as in --power-cap=300W or --power-cap=300W/node" },
		{ 0, 0, "0W", "--power-cap: power \"0W\": out of range; it must be more than 0 W and at most 1000000 kW; "
			      "legal watts per node are what each node's hardware can be held to" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct pc_site site = { .cap_min_uw = table[i].least_w * W, .cap_max_uw = table[i].most_w * W };
		struct pc_error error = { "" };
		struct pc_cap cap;

		assert_int_equal(pc_site_cap(&site, table[i].text, &cap, &error), table[i].sentence ? -1 : 0);
		assert_string_equal(error.text, table[i].sentence ? table[i].sentence : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_key_is_taken, make_path, remove_path),
		cmocka_unit_test_setup_teardown(what_is_not_set_has_its_default, make_path, remove_path),
		cmocka_unit_test_setup_teardown(mistakes_are_told_with_line_and_remedy, make_path, remove_path),
		cmocka_unit_test_setup_teardown(run_dir_survives_a_broken_file, make_path, remove_path),
		cmocka_unit_test_setup_teardown(long_lines_are_refused_not_split, make_path, remove_path),
		cmocka_unit_test_setup_teardown(what_is_no_text_file_is_refused, make_path, remove_path),
		cmocka_unit_test(a_named_file_must_be_there),
		cmocka_unit_test_setup_teardown(what_others_can_write_is_not_believed, make_path, remove_path),
		cmocka_unit_test_setup_teardown(the_shipped_file_holds_the_defaults, make_path, remove_path),
		cmocka_unit_test(caps_are_judged_by_the_sites_bounds),
	};

	return cmocka_run_group_tests_name("site", tests, NULL, NULL) ? 1 : 0;
}
