# SPDX-License-Identifier: BSD-3-Clause
# libFuzzer targets for each parser of ours, with a corpus each; run by tests/fuzz/run.
# `make check` builds and runs each for 30 s, and sees that the corpus alone reaches the parser.
FUZZ_TARGETS = allowlist ceiling cpu_list cpuinfo decision journal perf_pmu power_option powercap record
FUZZ_TESTS = \
	tests/fuzz/allowlist.fuzz \
	tests/fuzz/ceiling.fuzz \
	tests/fuzz/cpu_list.fuzz \
	tests/fuzz/cpuinfo.fuzz \
	tests/fuzz/decision.fuzz \
	tests/fuzz/journal.fuzz \
	tests/fuzz/perf_pmu.fuzz \
	tests/fuzz/power_option.fuzz \
	tests/fuzz/powercap.fuzz \
	tests/fuzz/record.fuzz
EXTRA_DIST += tests/fuzz/README.md tests/fuzz/corpus tests/fuzz/fuzz.h tests/fuzz/memory_root.c tests/fuzz/memory_root.h \
	tests/fuzz/replay.c tests/fuzz/sealed.c tests/fuzz/sealed.h $(FUZZ_TARGETS:%=tests/fuzz/%.c)
dist_noinst_SCRIPTS += tests/fuzz/run

# What the targets need of lib/, compiled twice: for the fuzzer, and for coverage.
FUZZ_PARTS = \
	lib/allowlist lib/allowlist_parse lib/boot_id lib/ceiling_record lib/cpu_model lib/decision_text lib/error \
	lib/journal lib/journal_text lib/perf_pmu lib/power_option lib/powercap_zone lib/rapl \
	lib/record lib/record_field lib/record_file lib/sysfs lib/topology \
	tests/fuzz/memory_root tests/fuzz/sealed
FUZZ_INCLUDED = $(wildcard $(top_srcdir)/lib/*.h $(top_srcdir)/tests/fuzz/*.h)
FUZZ_CFLAGS = $(AM_CPPFLAGS) $(HWLOC_CFLAGS) -std=c11 $(WARN_CFLAGS) -g
FUZZ_SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O2
# The files of a recorded root are in memory: tests/fuzz/memory_root.h.
FUZZ_MEMORY_ROOT = -Wl,--wrap=open,--wrap=openat,--wrap=close,--wrap=pread,--wrap=fdopen \
	-Wl,--wrap=fdopendir,--wrap=readdir,--wrap=closedir,--wrap=faccessat
FUZZ_LIBS_cpu_list = $(HWLOC_LIBS)
FUZZ_LDFLAGS_cpuinfo = $(FUZZ_MEMORY_ROOT)
FUZZ_LDFLAGS_perf_pmu = $(FUZZ_MEMORY_ROOT)
FUZZ_LDFLAGS_powercap = $(FUZZ_MEMORY_ROOT)

tests/fuzz/fuzzer/%.o: $(top_srcdir)/%.c $(FUZZ_INCLUDED)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CLANG) $(FUZZ_CFLAGS) $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link -c -o $@ $<
tests/fuzz/fuzzer.a: $(FUZZ_PARTS:%=tests/fuzz/fuzzer/%.o)
	$(AM_V_GEN)rm -f $@ && $(AR) cr $@ $^
tests/fuzz/%.fuzz: tests/fuzz/fuzzer/tests/fuzz/%.o tests/fuzz/fuzzer.a
	$(AM_V_CCLD)$(CLANG) $(FUZZ_SANITIZE) -fsanitize=fuzzer $(FUZZ_LDFLAGS_$*) -o $@ $^ $(FUZZ_LIBS_$*) -lm

tests/fuzz/replayer/%.o: $(top_srcdir)/%.c $(FUZZ_INCLUDED)
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(CC) $(FUZZ_CFLAGS) -O0 $(if $(filter lib/%,$*),--coverage) -c -o $@ $<
tests/fuzz/replayer.a: $(FUZZ_PARTS:%=tests/fuzz/replayer/%.o)
	$(AM_V_GEN)rm -f $@ && $(AR) cr $@ $^
tests/fuzz/%.replay: tests/fuzz/replayer/tests/fuzz/%.o tests/fuzz/replayer/tests/fuzz/replay.o tests/fuzz/replayer.a
	$(AM_V_CCLD)$(CC) --coverage $(FUZZ_LDFLAGS_$*) -o $@ $^ $(FUZZ_LIBS_$*) -lm
.PRECIOUS: tests/fuzz/fuzzer/%.o tests/fuzz/replayer/%.o

TEST_EXTENSIONS += .fuzz
FUZZ_LOG_DRIVER = $(LOG_DRIVER)
FUZZ_LOG_COMPILER = bash $(top_srcdir)/tests/fuzz/run
if CLANG
TESTS += $(FUZZ_TESTS)
$(FUZZ_TESTS:.fuzz=.log): tests/fuzz/%.log: tests/fuzz/%.replay
endif
check-fuzz:
	$(MAKE) check TESTS='$(FUZZ_TESTS)'
clean-local: clean-fuzz
clean-fuzz:
	rm -rf tests/fuzz/fuzzer tests/fuzz/replayer tests/fuzz/work tests/fuzz/*.a tests/fuzz/*.fuzz tests/fuzz/*.replay
.PHONY: check-fuzz clean-fuzz
