# SPDX-License-Identifier: BSD-3-Clause
# libpm_phase is what programs link: it needs libc only.  The node module brings hwloc, the back
# ends and JSON into those processes that need them, and the MPI part is built once per MPI.
include_HEADERS += runtime/pm_phase.h
dist_man_MANS += doc/pm_phase.3
lib_LTLIBRARIES += libpm_phase.la libpm_phase_node.la
EXTRA_DIST += runtime/pm_phase.map runtime/pm_phase_node.map runtime/pm_phase_mpi.map runtime/pm_phase.pc.in doc/report.md
RUNTIME_CPPFLAGS = -I$(top_srcdir)/lib -I$(top_srcdir)/runtime -D_GNU_SOURCE

libpm_phase_la_SOURCES = \
	runtime/attach.c \
	runtime/core.h \
	runtime/node.h \
	runtime/phase.c \
	runtime/place.c runtime/place.h \
	runtime/pm_phase.h \
	runtime/settle.c \
	runtime/surroundings.c \
	runtime/thread.c \
	runtime/world.c \
	lib/error.c lib/error.h \
	lib/segment.c lib/segment.h \
	lib/segment_phase.c
libpm_phase_la_CPPFLAGS = $(RUNTIME_CPPFLAGS)
libpm_phase_la_CFLAGS = $(AM_CFLAGS) -fvisibility=hidden
libpm_phase_la_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,defs -version-info 0:0:0 -Wl,--version-script=$(srcdir)/runtime/pm_phase.map
libpm_phase_la_DEPENDENCIES = $(srcdir)/runtime/pm_phase.map
libpm_phase_la_LIBADD = -ldl

libpm_phase_node_la_SOURCES = \
	runtime/attribute.c \
	runtime/decide.c \
	runtime/leader.c runtime/leader.h \
	runtime/map.c \
	runtime/node.c runtime/node.h \
	runtime/policy.c runtime/policy.h \
	runtime/sample.c runtime/sample.h \
	runtime/share.c runtime/share.h
libpm_phase_node_la_CPPFLAGS = $(RUNTIME_CPPFLAGS)
libpm_phase_node_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) -fvisibility=hidden
libpm_phase_node_la_LDFLAGS = $(AM_LDFLAGS) -Wl,-z,defs -module -avoid-version \
	-Wl,--version-script=$(srcdir)/runtime/pm_phase_node.map
libpm_phase_node_la_DEPENDENCIES = libphasecap.la $(srcdir)/runtime/pm_phase_node.map
libpm_phase_node_la_LIBADD = libphasecap.la

MPI_PART_LDFLAGS = $(AM_LDFLAGS) -avoid-version -Wl,--version-script=$(srcdir)/runtime/pm_phase_mpi.map

if OPENMPI
lib_LTLIBRARIES += libpm_phase_mpi.la
endif
libpm_phase_mpi_la_SOURCES = runtime/mpi_glue.c runtime/mpi_calls.h
libpm_phase_mpi_la_CPPFLAGS = $(RUNTIME_CPPFLAGS)
libpm_phase_mpi_la_CFLAGS = $(AM_CFLAGS) $(OPENMPI_CFLAGS)
libpm_phase_mpi_la_LDFLAGS = $(MPI_PART_LDFLAGS)
libpm_phase_mpi_la_LIBADD = libpm_phase.la $(OPENMPI_LIBS)

if MPICH
lib_LTLIBRARIES += libpm_phase_mpi_mpich.la
endif
libpm_phase_mpi_mpich_la_SOURCES = runtime/mpi_glue.c runtime/mpi_calls.h
libpm_phase_mpi_mpich_la_CPPFLAGS = $(RUNTIME_CPPFLAGS)
libpm_phase_mpi_mpich_la_CFLAGS = $(AM_CFLAGS) $(MPICH_CFLAGS)
libpm_phase_mpi_mpich_la_LDFLAGS = $(MPI_PART_LDFLAGS)
libpm_phase_mpi_mpich_la_LIBADD = libpm_phase.la $(MPICH_LIBS)

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = runtime/pm_phase.pc
CLEANFILES += runtime/pm_phase.pc
runtime/pm_phase.pc: $(srcdir)/runtime/pm_phase.pc.in Makefile
	@$(MKDIR_P) runtime
	$(AM_V_GEN)$(SED) -e 's|@prefix[@]|$(prefix)|' -e 's|@libdir[@]|$(libdir)|' \
		-e 's|@includedir[@]|$(includedir)|' -e 's|@VERSION[@]|$(VERSION)|' \
		$(srcdir)/runtime/pm_phase.pc.in > $@
