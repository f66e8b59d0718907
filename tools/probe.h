/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PHASECAP_PMCTL_PROBE_H
#define PHASECAP_PMCTL_PROBE_H

/* What only a write can tell: whether a limit that is neither locked nor masked takes a value. */

#include "doctor.h"
#include "pmctl.h"

/* Writes each limit of each package a watt lower, reads it back, and puts everything back.
 * -1 with the sentence said where nothing could be tried, or not all is back. */
int probe_limits(struct pmctl *pmctl, pc_doctor_visit *visit, void *arg);

#endif
