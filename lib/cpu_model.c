/* SPDX-License-Identifier: BSD-3-Clause */
#include "cpu_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- the table --------------------------------------------------------------- */

/* Sources, all in the Linux tree but the last three. */
#define TURBOSTAT(features) "tools/power/x86/turbostat/turbostat.c, " features
#define PERF(model) "arch/x86/events/rapl.c, " model
#define POWERCAP(defaults) "drivers/powercap/intel_rapl_common.c, " defaults
#define AMD_ZEN "arch/x86/kernel/cpu/amd.c"
#define E5_DATASHEET "Intel Xeon E5-1600/2600/4600 data sheets vol. 1, 2.5.2.6"
#define SDM4 "Intel SDM vol. 4, chapter 2"
#define TPMI_RAPL "Intel TPMI RAPL specification, rev. 3"

#define PKG (1u << PC_PACKAGE)
#define PP0 (1u << PC_PP0)
#define PP1 (1u << PC_PP1)
#define DRAM (1u << PC_DRAM)
#define PLATFORM (1u << PC_PLATFORM)

#define TWO_LIMITS { PC_LAYOUT_PACKAGE, PC_WINDOW_FLOAT }
#define TWO_LIMITS_MS { PC_LAYOUT_PACKAGE, PC_WINDOW_MS }
#define ONE_LIMIT { PC_LAYOUT_SINGLE, PC_WINDOW_FLOAT }
#define ONE_LIMIT_LOCK63 { PC_LAYOUT_DRAM_LOCK63, PC_WINDOW_FLOAT }
#define TWO_WIDE_LIMITS { PC_LAYOUT_PLATFORM_WIDE, PC_WINDOW_FLOAT }

/* Sandy and Ivy Bridge clients: turbostat knows neither DRAM nor a perf status. */
#define CLIENT_SNB .energy_domains = PKG | PP0 | PP1, .info_domains = PKG, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_PP0] = ONE_LIMIT, [PC_PP1] = ONE_LIMIT }
/* Haswell and Broadwell clients: perf adds DRAM energy; nobody a DRAM limit. */
#define CLIENT_HSW .energy_domains = PKG | PP0 | PP1 | DRAM, .info_domains = PKG, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_PP0] = ONE_LIMIT, [PC_PP1] = ONE_LIMIT }
/* Skylake clients and everything after them. */
#define CLIENT_SKL .energy_domains = PKG | PP0 | PP1 | DRAM | PLATFORM, \
	.perf_domains = PKG | DRAM, .info_domains = PKG, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_PP0] = ONE_LIMIT, [PC_PP1] = ONE_LIMIT, \
		   [PC_DRAM] = ONE_LIMIT, [PC_PLATFORM] = TWO_LIMITS }

#define SERVER_SNB .energy_domains = PKG | PP0 | DRAM, \
	.perf_domains = PKG | PP0 | DRAM, .info_domains = PKG | DRAM, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS_MS, [PC_PP0] = ONE_LIMIT, [PC_DRAM] = ONE_LIMIT }
#define SERVER_HSW .energy_domains = PKG | DRAM, \
	.perf_domains = PKG | DRAM, .info_domains = PKG | DRAM, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_DRAM] = ONE_LIMIT }
/* The platform's limit register is not documented where its energy is. */
#define SERVER_ICX .energy_domains = PKG | DRAM | PLATFORM, \
	.perf_domains = PKG | DRAM, .info_domains = PKG | DRAM, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_DRAM] = ONE_LIMIT_LOCK63 }
#define SERVER_SPR .energy_domains = PKG | DRAM | PLATFORM, \
	.perf_domains = PKG | DRAM | PLATFORM, .info_domains = PKG | DRAM | PLATFORM, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_DRAM] = ONE_LIMIT, \
		   [PC_PLATFORM] = TWO_WIDE_LIMITS }
/* As Sapphire Rapids, but Linux drives the platform limit through TPMI alone. */
#define SERVER_TPMI .energy_domains = PKG | DRAM | PLATFORM, \
	.perf_domains = PKG | DRAM, .info_domains = PKG | DRAM, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_DRAM] = ONE_LIMIT }

#define SERVER_DENVERTON .energy_domains = PKG | PP0 | DRAM, \
	.perf_domains = PKG | DRAM, .info_domains = PKG | DRAM, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS, [PC_DRAM] = ONE_LIMIT }
#define SERVER_SNOW_RIDGE .energy_domains = PKG, .perf_domains = PKG, .info_domains = PKG, \
	.limit = { [PC_PACKAGE] = TWO_LIMITS }
/* Atom's windows are whole seconds, not the float form: energy only. */
#define ATOM_SILVERMONT .energy_domains = PKG | PP0

#define INTEL(model, hex, title, flags, cited, ...) { \
	.vendor = PC_VENDOR_INTEL, .family = 6, .model_first = model, .model_last = model, \
	.name = title, .slug = "intel-06-" hex, .quirks = flags, .source = cited, __VA_ARGS__ }
#define CLIENT(model, hex, title, features, event_model, ...) \
	INTEL(model, hex, title, PC_QUIRK_CLIENT, TURBOSTAT(features) "; " PERF(event_model), __VA_ARGS__)
#define ZEN(generation, amd_family, first, last, ending) { \
	.vendor = PC_VENDOR_AMD, .family = amd_family, .model_first = first, .model_last = last, \
	.name = generation, .slug = "amd-" ending, .energy_domains = PKG, \
	.source = AMD_ZEN "; " PERF("model_amd_hygon") }

#define TPMI (PC_QUIRK_TPMI | PC_QUIRK_OVERFLOW)

static const struct pc_cpu_model table[] = {
	/* Servers. */
	INTEL(0x2d, "2d", "Sandy Bridge-EP", 0,
	      TURBOSTAT("snx_features") "; " PERF("model_snbep") "; " E5_DATASHEET, SERVER_SNB),
	INTEL(0x3e, "3e", "Ivy Bridge-EP", 0,
	      TURBOSTAT("ivx_features") "; " PERF("model_snbep") "; " E5_DATASHEET, SERVER_SNB),
	INTEL(0x3f, "3f", "Haswell-EP", PC_QUIRK_DRAM_15UJ,
	      TURBOSTAT("hsx_features") "; " POWERCAP("rapl_defaults_hsw_server"), SERVER_HSW),
	INTEL(0x4f, "4f", "Broadwell-EP", PC_QUIRK_DRAM_15UJ,
	      TURBOSTAT("bdx_features") "; " POWERCAP("rapl_defaults_hsw_server"), SERVER_HSW),
	/* Linux disagrees with itself: perf and turbostat fix the DRAM unit, powercap
	 * (rapl_defaults_core) does not. */
	INTEL(0x56, "56", "Broadwell-DE", PC_QUIRK_DRAM_15UJ,
	      TURBOSTAT("bdx_features") "; " PERF("model_hsx"), SERVER_HSW),
	INTEL(0x55, "55", "Skylake-SP, Cascade Lake, Cooper Lake",
	      PC_QUIRK_DRAM_15UJ | PC_QUIRK_PER_DIE,
	      TURBOSTAT("skx_features") "; " PERF("\"CLX-AP is multi-die\""), SERVER_HSW),
	INTEL(0x6a, "6a", "Ice Lake-SP", PC_QUIRK_DRAM_15UJ | PC_QUIRK_PP0_ZERO,
	      TURBOSTAT("icx_features") "; " POWERCAP("rapl_defaults_hsw_server") "; " SDM4, SERVER_ICX),
	INTEL(0x6c, "6c", "Ice Lake-D", PC_QUIRK_DRAM_15UJ | PC_QUIRK_PP0_ZERO,
	      TURBOSTAT("icx_features") "; " POWERCAP("rapl_defaults_hsw_server") "; " SDM4, SERVER_ICX),
	INTEL(0x8f, "8f", "Sapphire Rapids", PC_QUIRK_PLATFORM_1J,
	      TURBOSTAT("spr_features") "; " POWERCAP("rapl_defaults_spr_server"), SERVER_SPR),
	INTEL(0xcf, "cf", "Emerald Rapids", PC_QUIRK_PLATFORM_1J,
	      TURBOSTAT("spr_features") "; " POWERCAP("rapl_defaults_spr_server"), SERVER_SPR),
	INTEL(0xad, "ad", "Granite Rapids", TPMI | PC_QUIRK_PLATFORM_1J,
	      TURBOSTAT("spr_features") "; " TPMI_RAPL, SERVER_TPMI),
	INTEL(0xae, "ae", "Granite Rapids-D", TPMI | PC_QUIRK_PLATFORM_1J,
	      TURBOSTAT("spr_features") "; " TPMI_RAPL, SERVER_TPMI),
	INTEL(0xaf, "af", "Sierra Forest", TPMI,
	      TURBOSTAT("srf_features") "; " TPMI_RAPL, SERVER_TPMI),
	INTEL(0xdd, "dd", "Clearwater Forest", TPMI,
	      TURBOSTAT("srf_features") "; " TPMI_RAPL, SERVER_TPMI),
	INTEL(0xb6, "b6", "Grand Ridge", TPMI,
	      TURBOSTAT("grr_features") "; " TPMI_RAPL, SERVER_TPMI),
	INTEL(0x57, "57", "Knights Landing", PC_QUIRK_DRAM_15UJ,
	      TURBOSTAT("knl_features") "; " POWERCAP("rapl_defaults_hsw_server"), SERVER_HSW),
	INTEL(0x85, "85", "Knights Mill", PC_QUIRK_DRAM_15UJ,
	      TURBOSTAT("knl_features") "; " POWERCAP("rapl_defaults_hsw_server"), SERVER_HSW),
	INTEL(0x5f, "5f", "Denverton", 0, TURBOSTAT("gmtd_features"), SERVER_DENVERTON),
	INTEL(0x86, "86", "Snow Ridge", 0, TURBOSTAT("tmtd_features"), SERVER_SNOW_RIDGE),

	/* Clients. */
	CLIENT(0x2a, "2a", "Sandy Bridge", "snb_features", "model_snb", CLIENT_SNB),
	CLIENT(0x3a, "3a", "Ivy Bridge", "ivb_features", "model_snb", CLIENT_SNB),
	CLIENT(0x3c, "3c", "Haswell", "hsw_features", "model_hsw", CLIENT_HSW),
	CLIENT(0x45, "45", "Haswell-L", "hswl_features", "model_hsw", CLIENT_HSW),
	CLIENT(0x46, "46", "Haswell-G", "hswg_features", "model_hsw", CLIENT_HSW),
	CLIENT(0x3d, "3d", "Broadwell", "bdw_features", "model_hsw", CLIENT_HSW),
	CLIENT(0x47, "47", "Broadwell-G", "bdwg_features", "model_hsw", CLIENT_HSW),
	CLIENT(0x4e, "4e", "Skylake-L", "skl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x5e, "5e", "Skylake", "skl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x8e, "8e", "Kaby Lake-L", "skl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x9e, "9e", "Kaby Lake, Coffee Lake", "skl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xa5, "a5", "Comet Lake", "skl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xa6, "a6", "Comet Lake-L", "skl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x66, "66", "Cannon Lake-L", "cnl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x7e, "7e", "Ice Lake-L", "cnl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x8c, "8c", "Tiger Lake-L", "cnl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x8d, "8d", "Tiger Lake", "cnl_features", "model_skl", CLIENT_SKL),
	INTEL(0xa7, "a7", "Rocket Lake", PC_QUIRK_CLIENT,
	      TURBOSTAT("cnl_features") "; " POWERCAP("rapl_defaults_core"), CLIENT_SKL),
	CLIENT(0x97, "97", "Alder Lake", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0x9a, "9a", "Alder Lake-L", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xbe, "be", "Alder Lake-N", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xb7, "b7", "Raptor Lake", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xba, "ba", "Raptor Lake-P", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xbf, "bf", "Raptor Lake-S", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xac, "ac", "Meteor Lake", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xaa, "aa", "Meteor Lake-L", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xc5, "c5", "Arrow Lake-H", "adl_features", "model_skl", CLIENT_SKL),
	CLIENT(0xc6, "c6", "Arrow Lake", "adl_features", "model_skl", CLIENT_SKL),
	INTEL(0xb5, "b5", "Arrow Lake-U", PC_QUIRK_CLIENT, TURBOSTAT("adl_features"), CLIENT_SKL),
	CLIENT(0xbd, "bd", "Lunar Lake", "lnl_features", "model_skl", CLIENT_SKL),
	INTEL(0x37, "37", "Silvermont", PC_QUIRK_CLIENT | PC_QUIRK_ATOM_UNITS,
	      TURBOSTAT("slv_features") "; " POWERCAP("rapl_check_unit_atom"), ATOM_SILVERMONT),

	/* AMD: energy only; limits are the system management unit's (HSMP). */
	ZEN("Zen 1", 0x17, 0x00, 0x2f, "17-00-2f"),
	ZEN("Zen 2", 0x17, 0x30, 0x4f, "17-30-4f"),
	ZEN("Zen 1", 0x17, 0x50, 0x5f, "17-50-5f"),
	ZEN("Zen 2", 0x17, 0x60, 0x7f, "17-60-7f"),
	ZEN("Zen 2", 0x17, 0x90, 0x91, "17-90-91"),
	ZEN("Zen 2", 0x17, 0xa0, 0xaf, "17-a0-af"),
	ZEN("Zen 3", 0x19, 0x00, 0x0f, "19-00-0f"),
	ZEN("Zen 4", 0x19, 0x10, 0x1f, "19-10-1f"),
	ZEN("Zen 3", 0x19, 0x20, 0x5f, "19-20-5f"),
	ZEN("Zen 4", 0x19, 0x60, 0xaf, "19-60-af"),
	ZEN("Zen 5", 0x1a, 0x00, 0x2f, "1a-00-2f"),
	ZEN("Zen 5", 0x1a, 0x40, 0x4f, "1a-40-4f"),
	ZEN("Zen 5", 0x1a, 0x60, 0x7f, "1a-60-7f"),
};

enum { TABLE_ROWS = sizeof table / sizeof table[0] };

const struct pc_cpu_model *pc_cpu_model_at(unsigned index)
{
	return index < TABLE_ROWS ? &table[index] : NULL;
}

const struct pc_cpu_model *pc_cpu_model_find(enum pc_vendor vendor, unsigned family, unsigned model)
{
	for (unsigned i = 0; i < TABLE_ROWS; i++) {
		const struct pc_cpu_model *row = &table[i];

		if (row->vendor == vendor && row->family == family &&
		    row->model_first <= model && model <= row->model_last)
			return row;
	}
	return NULL;
}

/* --- detection --------------------------------------------------------------- */

struct identity {
	char vendor[32];
	unsigned family;
	unsigned model;
	unsigned seen;           /* which of the three lines were there */
};

enum { SEEN_VENDOR = 1, SEEN_FAMILY = 2, SEEN_MODEL = 4, SEEN_ALL = 7 };

static void read_identity(FILE *cpuinfo, struct identity *identity)
{
	char *line = NULL;
	size_t size = 0;

	while (identity->seen != SEEN_ALL && getline(&line, &size, cpuinfo) >= 0) {
		if (sscanf(line, "vendor_id : %31s", identity->vendor) == 1)
			identity->seen |= SEEN_VENDOR;
		else if (sscanf(line, "cpu family : %u", &identity->family) == 1)
			identity->seen |= SEEN_FAMILY;
		else if (sscanf(line, "model : %u", &identity->model) == 1)
			identity->seen |= SEEN_MODEL;
	}
	free(line);
}

static FILE *open_cpuinfo(const char *root)
{
	int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root_fd < 0 ? -1 : openat(root_fd, "proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	int code = errno;

	if (fd >= 0 && !file)
		close(fd);
	if (root_fd >= 0)
		close(root_fd);
	errno = code;
	return file;
}

static int check_identity(const struct identity *identity, const char *root, struct pc_error *error)
{
	if (strcmp(identity->vendor, "GenuineIntel") && strcmp(identity->vendor, "AuthenticAMD"))
		return pc_fail(error, ENODEV, "%s: proc/cpuinfo: vendor \"%s\" is neither Intel nor AMD; "
			       "no other CPU has RAPL registers", root, identity->vendor);
	if (identity->seen != SEEN_ALL)
		return pc_fail(error, ENODEV, "%s: proc/cpuinfo: it says the vendor but not family and "
			       "model; is the file complete?", root);
	return 0;
}

int pc_cpu_model_detect(const char *root, const struct pc_cpu_model **model,
			struct pc_error *error)
{
	struct identity identity = { .seen = 0 };
	enum pc_vendor vendor;
	FILE *file;

	if (!root)
		root = "/";
	file = open_cpuinfo(root);
	if (!file)
		return pc_fail(error, ENODEV, "%s: proc/cpuinfo cannot be opened: %s; the CPU model "
			       "is not known without it", root, strerror(errno));
	read_identity(file, &identity);
	fclose(file);
	if (check_identity(&identity, root, error) < 0)
		return -1;
	vendor = identity.vendor[0] == 'G' ? PC_VENDOR_INTEL : PC_VENDOR_AMD;
	*model = pc_cpu_model_find(vendor, identity.family, identity.model);
	if (!*model)
		return pc_fail(error, ENOENT, "%s: proc/cpuinfo: %s family 0x%x model 0x%x is not in the "
			       "table of CPU models; its registers are left alone, and powercap or perf "
			       "may still serve it", root, vendor == PC_VENDOR_INTEL ? "Intel" : "AMD",
			       identity.family, identity.model);
	return 0;
}

/* --- addresses and units ------------------------------------------------------- */

/* Linux arch/x86/include/asm/msr-index.h; the platform's from intel_rapl_msr.c. */
static const uint32_t intel_address[PC_DOMAIN_COUNT][PC_REG_INFO + 1] = {
	[PC_PACKAGE] = { 0, 0x610, 0x611, 0x613, 0x614 },
	[PC_PP0] = { 0, 0x638, 0x639, 0x63b, 0 },
	[PC_PP1] = { 0, 0x640, 0x641, 0, 0 },
	[PC_DRAM] = { 0, 0x618, 0x619, 0x61b, 0x61c },
	[PC_PLATFORM] = { 0, 0x65c, 0x64d, 0x666, 0x665 },
};

enum { INTEL_UNIT = 0x606 };
#define AMD_UNIT 0xc0010299u
#define AMD_PACKAGE_ENERGY 0xc001029bu

static unsigned domains_with(const struct pc_cpu_model *model, enum pc_register reg)
{
	if (reg == PC_REG_ENERGY)
		return model->energy_domains;
	return reg == PC_REG_PERF_STATUS ? model->perf_domains : model->info_domains;
}

static bool has_register(const struct pc_cpu_model *model, enum pc_domain domain,
			 enum pc_register reg)
{
	if (reg == PC_REG_UNIT)
		return true;
	if (reg == PC_REG_LIMIT)
		return model->limit[domain].layout != PC_LAYOUT_NONE;
	return domains_with(model, reg) & 1u << domain;
}

uint32_t pc_cpu_model_address(const struct pc_cpu_model *model, enum pc_domain domain,
			      enum pc_register reg)
{
	bool amd = model->vendor == PC_VENDOR_AMD;

	if (!has_register(model, domain, reg))
		return 0;
	if (reg == PC_REG_UNIT)
		return amd ? AMD_UNIT : INTEL_UNIT;
	return amd ? AMD_PACKAGE_ENERGY : intel_address[domain][reg];
}

/* "Fixed 15.3 uJ" of the Xeon E5 v3 data sheet vol. 2 (330784), as powercap takes
 * it; perf rounds it to 2^-16 J, 0.27 % less. */
static const struct pc_ratio dram_15uj = { 153, 10 };
static const struct pc_ratio one_joule = { 1000000, 1 };

int pc_cpu_model_units(const struct pc_cpu_model *model, uint64_t raw_unit,
		       struct pc_rapl_units *units, struct pc_error *error)
{
	unsigned power = raw_unit & 0xf;
	unsigned energy = raw_unit >> 8 & 0x1f;
	unsigned time = raw_unit >> 16 & 0xf;
	struct pc_ratio energy_uj = { 1000000, UINT64_C(1) << energy };

	if (!raw_unit)
		return pc_fail(error, ENODEV, "register 0x%x: the unit register reads 0, as it does in "
			       "virtual machines without RAPL; power can be managed on the host only",
			       pc_cpu_model_address(model, PC_PACKAGE, PC_REG_UNIT));
	units->power_uw = (struct pc_ratio){ 1000000, UINT64_C(1) << power };
	units->time_ns = (struct pc_ratio){ 1000000000, UINT64_C(1) << time };
	if (model->quirks & PC_QUIRK_ATOM_UNITS) {
		units->power_uw = (struct pc_ratio){ UINT64_C(1000) << power, 1 };
		energy_uj = (struct pc_ratio){ UINT64_C(1) << energy, 1 };
	}
	for (unsigned i = 0; i < PC_DOMAIN_COUNT; i++)
		units->energy_uj[i] = energy_uj;
	if (model->quirks & PC_QUIRK_DRAM_15UJ)
		units->energy_uj[PC_DRAM] = dram_15uj;
	if (model->quirks & PC_QUIRK_PLATFORM_1J)
		units->energy_uj[PC_PLATFORM] = one_joule;
	return 0;
}
