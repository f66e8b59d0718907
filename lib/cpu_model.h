/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_CPU_MODEL_H
#define PHASECAP_CPU_MODEL_H

/*
 * One table of CPU models: which RAPL domains a model has, at which addresses,
 * with which units and quirks, and where that was read.
 */

#include "rapl.h"

enum pc_vendor { PC_VENDOR_INTEL, PC_VENDOR_AMD };

enum pc_quirk {
	PC_QUIRK_DRAM_15UJ     = 1 << 0, /* DRAM energy unit is 15.3 uJ whatever 0x606 says */
	PC_QUIRK_PLATFORM_1J   = 1 << 1, /* platform energy unit is 1 J */
	PC_QUIRK_PER_DIE       = 1 << 2, /* registers are per die, not per package */
	PC_QUIRK_PP0_ZERO      = 1 << 3, /* PP0 energy can be read and is always 0: not a domain here */
	PC_QUIRK_OVERFLOW      = 1 << 4, /* 0x613 counts unreachable caps, not throttled time */
	PC_QUIRK_CLIENT        = 1 << 5, /* client part: an MMIO copy of the limits may win */
	PC_QUIRK_ATOM_UNITS    = 1 << 6, /* power 2^n mW, energy 2^n uJ */
	PC_QUIRK_TPMI          = 1 << 7  /* TPMI is the real interface; MSR limits may be overridden */
};

struct pc_cpu_model {
	enum pc_vendor vendor;
	unsigned family;
	unsigned model_first;    /* a range, because AMD's are */
	unsigned model_last;
	const char *name;        /* "Skylake-SP / Cascade Lake-SP" */
	const char *slug;        /* file name in configs/allowlists, "intel-06-55" */
	unsigned energy_domains; /* bit per enum pc_domain */
	unsigned perf_domains;   /* the same, of those with a perf status register */
	unsigned info_domains;   /* the same, of those with a power info register */
	struct pc_limit_format limit[PC_DOMAIN_COUNT];
	unsigned quirks;
	const char *source;
};

enum pc_register {
	PC_REG_UNIT,             /* one per package, the domain is ignored */
	PC_REG_LIMIT,
	PC_REG_ENERGY,
	PC_REG_PERF_STATUS,
	PC_REG_INFO
};

/* NULL where the table has no such model. */
const struct pc_cpu_model *pc_cpu_model_find(enum pc_vendor vendor, unsigned family, unsigned model);
/* Entry `index` of the table, NULL past its end: for listings and tests. */
const struct pc_cpu_model *pc_cpu_model_at(unsigned index);

/* Vendor, family and model out of <root>/proc/cpuinfo (root NULL or "/" is this
 * machine).  ENODEV: neither Intel nor AMD, or no cpuinfo there.  ENOENT: an
 * unlisted model, with family and model in the sentence. */
int pc_cpu_model_detect(const char *root, const struct pc_cpu_model **model,
			struct pc_error *error) PC_WARN_UNUSED;

/* The MSR's address, 0 where the model has none.  AMD's PP0 would be the energy of
 * a single core (0xC001029A), so it is not offered as a package's domain. */
uint32_t pc_cpu_model_address(const struct pc_cpu_model *model, enum pc_domain domain,
			      enum pc_register reg);

/* Decodes the unit register with the model's quirks.  ENODEV: it reads 0, as
 * virtual machines without RAPL answer. */
int pc_cpu_model_units(const struct pc_cpu_model *model, uint64_t raw_unit,
		       struct pc_rapl_units *units, struct pc_error *error) PC_WARN_UNUSED;

#endif
