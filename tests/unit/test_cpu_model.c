/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <limits.h>
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

#include "cpu_model.h"

#define BIT(domain) (1u << (domain))

/* --- the table --------------------------------------------------------------------- */

static void rows_are_distinct_and_cited(void **state)
{
	unsigned intel = 0, amd = 0;
	const struct pc_cpu_model *a, *b;

	(void)state;
	for (unsigned i = 0; (a = pc_cpu_model_at(i)); i++) {
		*(a->vendor == PC_VENDOR_INTEL ? &intel : &amd) += 1;
		assert_true(a->model_first <= a->model_last);
		assert_true(strlen(a->name) > 3);
		assert_true(strlen(a->source) > 10);
		assert_true(a->energy_domains & BIT(PC_PACKAGE));
		for (unsigned j = 0; j < i; j++) {
			b = pc_cpu_model_at(j);
			assert_string_not_equal(a->slug, b->slug);
			assert_false(a->vendor == b->vendor && a->family == b->family &&
				     a->model_first <= b->model_last && b->model_first <= a->model_last);
		}
	}
	assert_in_range(intel, 20, 200);
	assert_in_range(amd, 5, 200);
	assert_null(pc_cpu_model_at(UINT_MAX));
}

/* The slug is a file's name, and says what the row is. */
static void slugs_say_the_row(void **state)
{
	const struct pc_cpu_model *row;
	char slug[32];

	(void)state;
	for (unsigned i = 0; (row = pc_cpu_model_at(i)); i++) {
		if (row->vendor == PC_VENDOR_INTEL)
			snprintf(slug, sizeof slug, "intel-%02x-%02x", row->family, row->model_first);
		else
			snprintf(slug, sizeof slug, "amd-%02x-%02x-%02x", row->family, row->model_first,
				 row->model_last);
		assert_string_equal(row->slug, slug);
	}
}

static void rows_are_found_at_both_ends(void **state)
{
	const struct pc_cpu_model *row;

	(void)state;
	for (unsigned i = 0; (row = pc_cpu_model_at(i)); i++) {
		assert_ptr_equal(pc_cpu_model_find(row->vendor, row->family, row->model_first), row);
		assert_ptr_equal(pc_cpu_model_find(row->vendor, row->family, row->model_last), row);
		assert_ptr_not_equal(pc_cpu_model_find(row->vendor, row->family, row->model_last + 1), row);
		assert_null(pc_cpu_model_find(row->vendor, row->family + 0x100, row->model_first));
	}
	assert_null(pc_cpu_model_find(PC_VENDOR_AMD, 6, 0x55));
	assert_null(pc_cpu_model_find(PC_VENDOR_INTEL, 0x17, 0x31));
}

static void every_zen_is_there(void **state)
{
	static const struct { unsigned family, model; const char *name; } parts[] = {
		{ 0x17, 0x01, "Zen 1" },         /* EPYC 7451 */
		{ 0x17, 0x31, "Zen 2" },         /* EPYC 7742 */
		{ 0x19, 0x01, "Zen 3" },         /* EPYC 7763 */
		{ 0x19, 0x11, "Zen 4" },         /* EPYC 9654 */
		{ 0x1a, 0x02, "Zen 5" },         /* EPYC 9755 */
	};

	(void)state;
	for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const struct pc_cpu_model *row = pc_cpu_model_find(PC_VENDOR_AMD, parts[i].family,
								   parts[i].model);

		assert_non_null(row);
		assert_string_equal(row->name, parts[i].name);
	}
}

/* No domain has a register without a use for it, and a server's limits are there. */
static void limits_come_with_energy(void **state)
{
	const struct pc_cpu_model *row;

	(void)state;
	for (unsigned i = 0; (row = pc_cpu_model_at(i)); i++) {
		for (unsigned d = 0; d < PC_DOMAIN_COUNT; d++) {
			bool limit = row->limit[d].layout != PC_LAYOUT_NONE;

			assert_true(!limit || row->energy_domains & BIT(d));
			assert_true(!limit || row->vendor == PC_VENDOR_INTEL);
		}
		assert_int_equal((row->perf_domains | row->info_domains) & ~row->energy_domains, 0);
		if (row->limit[PC_PACKAGE].layout != PC_LAYOUT_NONE)
			assert_int_equal(row->limit[PC_PACKAGE].layout, PC_LAYOUT_PACKAGE);
	}
}

static const struct pc_cpu_model *intel(unsigned model)
{
	const struct pc_cpu_model *row = pc_cpu_model_find(PC_VENDOR_INTEL, 6, model);

	assert_non_null(row);
	return row;
}

/* What is special about each model, as the facts have it. */
static void quirks_are_where_they_belong(void **state)
{
	static const unsigned fixed_dram[] = { 0x3f, 0x4f, 0x56, 0x55, 0x6a, 0x6c, 0x57, 0x85 };
	static const unsigned standard_dram[] = { 0x2d, 0x3e, 0x8f, 0xcf, 0xad, 0xaf };
	static const unsigned one_joule[] = { 0x8f, 0xcf, 0xad };
	static const unsigned tpmi[] = { 0xad, 0xae, 0xaf };

	(void)state;
	for (unsigned i = 0; i < sizeof fixed_dram / sizeof fixed_dram[0]; i++)
		assert_true(intel(fixed_dram[i])->quirks & PC_QUIRK_DRAM_15UJ);
	for (unsigned i = 0; i < sizeof standard_dram / sizeof standard_dram[0]; i++)
		assert_false(intel(standard_dram[i])->quirks & PC_QUIRK_DRAM_15UJ);
	for (unsigned i = 0; i < sizeof one_joule / sizeof one_joule[0]; i++)
		assert_true(intel(one_joule[i])->quirks & PC_QUIRK_PLATFORM_1J);
	for (unsigned i = 0; i < sizeof tpmi / sizeof tpmi[0]; i++) {
		assert_true(intel(tpmi[i])->quirks & PC_QUIRK_TPMI);
		assert_true(intel(tpmi[i])->quirks & PC_QUIRK_OVERFLOW);
	}
	assert_int_equal(intel(0x2d)->limit[PC_PACKAGE].window2, PC_WINDOW_MS);
	assert_int_equal(intel(0x3e)->limit[PC_PACKAGE].window2, PC_WINDOW_MS);
	assert_int_equal(intel(0x3f)->limit[PC_PACKAGE].window2, PC_WINDOW_FLOAT);
	assert_int_equal(intel(0x6a)->limit[PC_DRAM].layout, PC_LAYOUT_DRAM_LOCK63);
	assert_int_equal(intel(0x8f)->limit[PC_PLATFORM].layout, PC_LAYOUT_PLATFORM_WIDE);
	assert_true(intel(0x55)->quirks & PC_QUIRK_PER_DIE);
	assert_false(intel(0x8f)->quirks & PC_QUIRK_PER_DIE);
	assert_true(intel(0x9e)->quirks & PC_QUIRK_CLIENT);
	assert_false(intel(0x55)->quirks & PC_QUIRK_CLIENT);
}

/* --- addresses ------------------------------------------------------------------------ */

static void intel_addresses(void **state)
{
	static const struct { unsigned model; enum pc_domain domain; enum pc_register reg; uint32_t msr; } known[] = {
		{ 0x55, PC_PACKAGE, PC_REG_UNIT, 0x606 },
		{ 0x55, PC_DRAM, PC_REG_UNIT, 0x606 },
		{ 0x55, PC_PACKAGE, PC_REG_LIMIT, 0x610 },
		{ 0x55, PC_PACKAGE, PC_REG_ENERGY, 0x611 },
		{ 0x55, PC_PACKAGE, PC_REG_PERF_STATUS, 0x613 },
		{ 0x55, PC_PACKAGE, PC_REG_INFO, 0x614 },
		{ 0x55, PC_DRAM, PC_REG_LIMIT, 0x618 },
		{ 0x55, PC_DRAM, PC_REG_ENERGY, 0x619 },
		{ 0x55, PC_DRAM, PC_REG_PERF_STATUS, 0x61b },
		{ 0x55, PC_DRAM, PC_REG_INFO, 0x61c },
		{ 0x55, PC_PP0, PC_REG_LIMIT, 0 },
		{ 0x55, PC_PP1, PC_REG_ENERGY, 0 },
		{ 0x55, PC_PLATFORM, PC_REG_LIMIT, 0 },
		{ 0x2d, PC_PP0, PC_REG_LIMIT, 0x638 },
		{ 0x2d, PC_PP0, PC_REG_ENERGY, 0x639 },
		{ 0x2d, PC_PP0, PC_REG_PERF_STATUS, 0x63b },
		{ 0x2d, PC_PP0, PC_REG_INFO, 0 },
		{ 0x5e, PC_PP1, PC_REG_LIMIT, 0x640 },
		{ 0x5e, PC_PP1, PC_REG_ENERGY, 0x641 },
		{ 0x5e, PC_PP1, PC_REG_PERF_STATUS, 0 },
		{ 0x5e, PC_PLATFORM, PC_REG_LIMIT, 0x65c },
		{ 0x5e, PC_PLATFORM, PC_REG_ENERGY, 0x64d },
		{ 0x5e, PC_PLATFORM, PC_REG_PERF_STATUS, 0 },
		{ 0x8f, PC_PLATFORM, PC_REG_PERF_STATUS, 0x666 },
		{ 0x8f, PC_PLATFORM, PC_REG_INFO, 0x665 },
		{ 0x3c, PC_DRAM, PC_REG_LIMIT, 0 },
		{ 0x3c, PC_DRAM, PC_REG_ENERGY, 0x619 },
		{ 0x2a, PC_PACKAGE, PC_REG_PERF_STATUS, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
		assert_int_equal(pc_cpu_model_address(intel(known[i].model), known[i].domain, known[i].reg),
				 known[i].msr);
}

static void amd_addresses(void **state)
{
	const struct pc_cpu_model *zen = pc_cpu_model_find(PC_VENDOR_AMD, 0x19, 0x11);

	(void)state;
	assert_int_equal(pc_cpu_model_address(zen, PC_PACKAGE, PC_REG_UNIT), 0xc0010299);
	assert_int_equal(pc_cpu_model_address(zen, PC_PACKAGE, PC_REG_ENERGY), 0xc001029b);
	assert_int_equal(pc_cpu_model_address(zen, PC_PACKAGE, PC_REG_LIMIT), 0);
	assert_int_equal(pc_cpu_model_address(zen, PC_PACKAGE, PC_REG_INFO), 0);
	assert_int_equal(pc_cpu_model_address(zen, PC_PP0, PC_REG_ENERGY), 0);
	assert_int_equal(pc_cpu_model_address(zen, PC_DRAM, PC_REG_ENERGY), 0);
}

/* --- units ------------------------------------------------------------------------------ */

static uint64_t energy_of(const struct pc_rapl_units *units, enum pc_domain domain, uint64_t counts)
{
	return pc_ratio_apply(units->energy_uj[domain], counts);
}

static void units_decode_with_quirks(void **state)
{
	struct pc_rapl_units units;

	(void)state;
	assert_int_equal(pc_cpu_model_units(intel(0x55), 0xa0e03, &units, NULL), 0);
	assert_int_equal(pc_ratio_apply(units.power_uw, 1), 125000);
	assert_int_equal(pc_ratio_apply(units.time_ns, 1024), 1000000000);
	assert_int_equal(energy_of(&units, PC_PACKAGE, 1 << 14), 1000000);
	assert_int_equal(energy_of(&units, PC_DRAM, 10), 153);

	assert_int_equal(pc_cpu_model_units(intel(0x8f), 0xa0e03, &units, NULL), 0);
	assert_int_equal(energy_of(&units, PC_DRAM, 1 << 14), 1000000);
	assert_int_equal(energy_of(&units, PC_PLATFORM, 3), 3000000);

	assert_int_equal(pc_cpu_model_units(intel(0x2d), 0xa1003, &units, NULL), 0);
	assert_int_equal(energy_of(&units, PC_PACKAGE, 1 << 16), 1000000);
	assert_int_equal(energy_of(&units, PC_DRAM, 1 << 16), 1000000);

	/* Silvermont: 2^5 mW, 2^5 uJ. */
	assert_int_equal(pc_cpu_model_units(intel(0x37), 0x00505, &units, NULL), 0);
	assert_int_equal(pc_ratio_apply(units.power_uw, 1), 32000);
	assert_int_equal(energy_of(&units, PC_PACKAGE, 1), 32);
}

/* Every unit register: the three fields, read by hand. */
static void every_unit_decodes(void **state)
{
	const struct pc_cpu_model *row = intel(0xcf);
	struct pc_rapl_units units;

	(void)state;
	for (unsigned power = 0; power < 16; power++) {
		for (unsigned energy = 0; energy < 32; energy++) {
			for (unsigned time = 0; time < 16; time++) {
				uint64_t raw = power | energy << 8 | time << 16;

				if (!raw)
					continue;
				assert_int_equal(pc_cpu_model_units(row, raw, &units, NULL), 0);
				assert_int_equal(pc_ratio_apply(units.power_uw, 1u << power), 1000000);
				assert_int_equal(pc_ratio_apply(units.time_ns, 1u << time), 1000000000);
				assert_int_equal(energy_of(&units, PC_PACKAGE, UINT64_C(1) << energy), 1000000);
			}
		}
	}
}

static void unit_of_zero_is_a_virtual_machine(void **state)
{
	struct pc_rapl_units units;
	struct pc_error error;

	(void)state;
	errno = 0;
	assert_int_equal(pc_cpu_model_units(intel(0x55), 0, &units, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "register 0x606: the unit register reads 0, as it does in virtual "
			    "machines without RAPL; power can be managed on the host only");
}

/* --- detection ------------------------------------------------------------------------------ */

static char root[64];

static int make_root(void **state)
{
	char path[96];

	(void)state;
	strcpy(root, "/tmp/phasecap-cpu-XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof path, "%s/proc", root);
	return mkdir(path, 0700);
}

static int remove_root(void **state)
{
	char path[96];

	(void)state;
	snprintf(path, sizeof path, "%s/proc/cpuinfo", root);
	unlink(path);
	snprintf(path, sizeof path, "%s/proc", root);
	rmdir(path);
	return rmdir(root);
}

static void write_cpuinfo(const char *text)
{
	char path[96];
	FILE *file;

	snprintf(path, sizeof path, "%s/proc/cpuinfo", root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void detects_intel(void **state)
{
	const struct pc_cpu_model *model = NULL;

	(void)state;
	write_cpuinfo("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
		      "model name\t: Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz\nstepping\t: 4\n\n"
		      "processor\t: 1\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n");
	assert_int_equal(pc_cpu_model_detect(root, &model, NULL), 0);
	assert_string_equal(model->slug, "intel-06-55");
}

static void detects_amd(void **state)
{
	const struct pc_cpu_model *model = NULL;

	(void)state;
	write_cpuinfo("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
		      "model name\t: AMD EPYC 9654 96-Core Processor\n");
	assert_int_equal(pc_cpu_model_detect(root, &model, NULL), 0);
	assert_string_equal(model->name, "Zen 4");
}

/* The flags line of a recent part is longer than most line buffers; wherever such a
 * buffer would cut this one, it says "model : 1". */
static void detects_behind_long_lines(void **state)
{
	const struct pc_cpu_model *model = NULL;
	char *text = malloc(20000);

	(void)state;
	assert_non_null(text);
	for (unsigned shift = 0; shift < 10; shift++) {
		sprintf(text, "vendor_id\t: GenuineIntel\nflags\t\t:%*s", (int)shift, "");
		for (unsigned i = 0; i < 1500; i++)
			strcat(text, " model : 1");
		strcat(text, "\ncpu family\t: 6\nmodel\t\t: 106\n");
		write_cpuinfo(text);
		assert_int_equal(pc_cpu_model_detect(root, &model, NULL), 0);
		assert_string_equal(model->slug, "intel-06-6a");
	}
	free(text);
}

static void refuses(const char *text, int code, const char *part)
{
	const struct pc_cpu_model *model;
	struct pc_error error = { "" };

	write_cpuinfo(text);
	errno = 0;
	assert_int_equal(pc_cpu_model_detect(root, &model, &error), -1);
	assert_int_equal(errno, code);
	if (!strstr(error.text, part))
		fail_msg("\"%s\" does not say \"%s\"", error.text, part);
}

static void refuses_what_it_does_not_know(void **state)
{
	(void)state;
	refuses("vendor_id\t: GenuineIntel\ncpu family\t: 19\nmodel\t\t: 1\n", ENOENT,
		"Intel family 0x13 model 0x1 is not in the table of CPU models");
	refuses("vendor_id\t: AuthenticAMD\ncpu family\t: 21\nmodel\t\t: 2\n", ENOENT,
		"AMD family 0x15 model 0x2 is not in the table");
	refuses("vendor_id\t: HygonGenuine\ncpu family\t: 24\nmodel\t\t: 0\n", ENODEV,
		"vendor \"HygonGenuine\" is neither Intel nor AMD");
	refuses("processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\n", ENODEV,
		"vendor \"\" is neither Intel nor AMD");
	refuses("", ENODEV, "neither Intel nor AMD");
	refuses("vendor_id\t: GenuineIntel\ncpu family\t: 6\n\nvendor_id\t: GenuineIntel\n", ENODEV,
		"it says the vendor but not family and model");
}

static void says_where_there_is_no_cpuinfo(void **state)
{
	const struct pc_cpu_model *model;
	struct pc_error error;
	char want[256];

	(void)state;
	errno = 0;
	assert_int_equal(pc_cpu_model_detect("/nonexistent-root", &model, &error), -1);
	assert_int_equal(errno, ENODEV);
	assert_string_equal(error.text, "/nonexistent-root: proc/cpuinfo cannot be opened: No such file or "
			    "directory; the CPU model is not known without it");
	snprintf(want, sizeof want, "%s/proc/cpuinfo", root);
	unlink(want);
	assert_int_equal(pc_cpu_model_detect(root, &model, &error), -1);
	assert_int_equal(errno, ENODEV);
}

/* Whatever runs this: it answers, or says which model it does not know. */
static void this_machine_is_read_from_slash(void **state)
{
	const struct pc_cpu_model *with_null, *with_slash;
	struct pc_error a = { "" }, b = { "" };
	int first = pc_cpu_model_detect(NULL, &with_null, &a);
	int second = pc_cpu_model_detect("/", &with_slash, &b);

	(void)state;
	assert_int_equal(first, second);
	if (first == 0)
		assert_ptr_equal(with_null, with_slash);
	else
		assert_string_equal(a.text, b.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_distinct_and_cited),
		cmocka_unit_test(slugs_say_the_row),
		cmocka_unit_test(rows_are_found_at_both_ends),
		cmocka_unit_test(every_zen_is_there),
		cmocka_unit_test(limits_come_with_energy),
		cmocka_unit_test(quirks_are_where_they_belong),
		cmocka_unit_test(intel_addresses),
		cmocka_unit_test(amd_addresses),
		cmocka_unit_test(units_decode_with_quirks),
		cmocka_unit_test(every_unit_decodes),
		cmocka_unit_test(unit_of_zero_is_a_virtual_machine),
		cmocka_unit_test(detects_intel),
		cmocka_unit_test(detects_amd),
		cmocka_unit_test(detects_behind_long_lines),
		cmocka_unit_test(refuses_what_it_does_not_know),
		cmocka_unit_test(says_where_there_is_no_cpuinfo),
		cmocka_unit_test(this_machine_is_read_from_slash),
	};

	return cmocka_run_group_tests_name("cpu model", tests, make_root, remove_root) ? 1 : 0;
}
