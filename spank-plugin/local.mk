# SPDX-License-Identifier: BSD-3-Clause
# The plugin, loadable from the build tree as .libs/spank_phasecap.so.  It is not linked to
# libslurm: the process that loads it has Slurm's symbols already.
EXTRA_DIST += spank-plugin/spank_phasecap.map
if SLURM
plugindir = $(SLURM_PLUGIN_DIR)
plugin_LTLIBRARIES = spank_phasecap.la
spank_phasecap_la_SOURCES = \
	spank-plugin/client.c \
	spank-plugin/cpus.c spank-plugin/cpus.h \
	spank-plugin/living.c spank-plugin/living.h \
	spank-plugin/options.c \
	spank-plugin/plugin.h \
	spank-plugin/slurmd.c \
	spank-plugin/spank_phasecap.c \
	spank-plugin/stepd.c
spank_phasecap_la_CFLAGS = $(AM_CFLAGS)
spank_phasecap_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-Wl,--version-script=$(top_srcdir)/spank-plugin/spank_phasecap.map
spank_phasecap_la_LIBADD = libphasecap.la
spank_phasecap_la_DEPENDENCIES = libphasecap.la spank-plugin/spank_phasecap.map
endif
