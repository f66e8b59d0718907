# SPDX-License-Identifier: BSD-3-Clause
# pmctl: the node's command. It is linked to lib/ alone; of Slurm it takes a version number.
sbin_PROGRAMS += pmctl
pmctl_SOURCES = \
	tools/archive.c tools/archive.h \
	tools/bits.c tools/bits.h \
	tools/cmd_allowlist.c \
	tools/cmd_ceiling.c \
	tools/cmd_doctor.c \
	tools/cmd_gather.c \
	tools/cmd_report.c \
	tools/cmd_save.c \
	tools/cmd_set.c \
	tools/cmd_show.c \
	tools/cmd_sim.c \
	tools/cmd_watch.c \
	tools/lend.c tools/lend.h \
	tools/meter.c tools/meter.h \
	tools/node.c \
	tools/options.c \
	tools/output.c \
	tools/pmctl.c tools/pmctl.h \
	tools/probe.c tools/probe.h \
	tools/saved.c tools/saved.h \
	tools/session.c tools/session.h \
	tools/version.c
pmctl_CPPFLAGS = $(AM_CPPFLAGS)
if SLURM
pmctl_CPPFLAGS += -DPMCTL_SLURM
endif
pmctl_CFLAGS = $(AM_CFLAGS) $(HWLOC_CFLAGS) $(JANSSON_CFLAGS)
pmctl_LDADD = libphasecap.la $(HWLOC_LIBS) $(JANSSON_LIBS)

dist_man_MANS += doc/pmctl.8

# bash looks for a file that is called like the command.
bashcompletiondir = $(datadir)/bash-completion/completions
bashcompletion_DATA = tools/completions/pmctl
tools/completions/pmctl: tools/pmctl.bash-completion
	$(AM_V_GEN)$(MKDIR_P) tools/completions && cp $(srcdir)/tools/pmctl.bash-completion $@
EXTRA_DIST += tools/pmctl.bash-completion
CLEANFILES += tools/completions/pmctl
