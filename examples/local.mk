# SPDX-License-Identifier: BSD-3-Clause
# Built and run by the check; they know pm_phase.h and nothing else of this project.  -no-install
# makes real binaries, which several ranks can start at once from where they are built.
EXAMPLE_CPPFLAGS = -I$(top_srcdir)/runtime -D_GNU_SOURCE
CG_SOURCES = \
	examples/cg.c \
	examples/halo.c \
	examples/list.c \
	examples/matrix.c examples/matrix.h \
	examples/matrix_market.c
examples_cg_SOURCES = $(CG_SOURCES)
examples_cg_CPPFLAGS = $(EXAMPLE_CPPFLAGS)
examples_cg_CFLAGS = $(AM_CFLAGS) -O2 $(OPENMPI_CFLAGS)
examples_cg_LDFLAGS = $(AM_LDFLAGS) -no-install
examples_cg_LDADD = libpm_phase_mpi.la libpm_phase.la $(OPENMPI_LIBS) -lm
examples_cg_mpich_SOURCES = $(CG_SOURCES)
examples_cg_mpich_CPPFLAGS = $(EXAMPLE_CPPFLAGS)
examples_cg_mpich_CFLAGS = $(AM_CFLAGS) -O2 $(MPICH_CFLAGS)
examples_cg_mpich_LDFLAGS = $(AM_LDFLAGS) -no-install
examples_cg_mpich_LDADD = libpm_phase_mpi_mpich.la libpm_phase.la $(MPICH_LIBS) -lm
if OPENMPI
noinst_PROGRAMS += examples/cg
endif
if MPICH
noinst_PROGRAMS += examples/cg-mpich
endif
