/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: decision_text.c record_field.c */
#include <errno.h>
#include <string.h>

#include "decision.h"
#include "power_option.h"
#include "sealed.h"

static void check_fields(const struct pc_decision *decision)
{
	MUST(decision->package_count <= PC_MAX_PACKAGES);
	MUST(decision->refused == (decision->reason[0] != '\0'));
	MUST(!decision->refused || !decision->writes);
	MUST(decision->cap_uw <= PC_POWER_MAX_UW);
	MUST(memchr(decision->reason, '\0', sizeof decision->reason));
	MUST(memchr(decision->backend, '\0', sizeof decision->backend));
	MUST(memchr(decision->policy, '\0', sizeof decision->policy));
	for (unsigned i = 0; i < PC_MAX_PACKAGES; i++) {
		uint64_t most = i < decision->package_count ? PC_POWER_MAX_UW : 0;

		MUST(decision->package_limit_uw[i] <= most && decision->dram_limit_uw[i] <= most &&
		     decision->dram_reserve_uw[i] <= most);
	}
}

/* Every line that was read is written, in one order, and that is read as the same. */
static void check_round_trip(const struct pc_decision *decision, const char *read, size_t read_length)
{
	struct pc_record_writer writer;
	struct pc_decision again;
	size_t length;
	char *text;

	pc_decision_put(&writer, decision);
	text = text_of(&writer, &length);
	MUST(has_same_lines(read, read_length, text, length));
	MUST(pc_decision_parse(&again, "again", text, length, NULL) == 0);
	pc_decision_put(&writer, &again);
	MUST(is_text(&writer, text, length));
	free(text);
}

static void check(const char *text, size_t length)
{
	static const struct pc_decision zero;
	struct pc_error error = { "" };
	struct pc_decision decision;

	if (pc_decision_parse(&decision, "d", text, length, &error) == 0) {
		check_fields(&decision);
		check_round_trip(&decision, text, length);
		return;
	}
	MUST(errno == EBADMSG || errno == EPROTOTYPE || errno == EPROTONOSUPPORT);
	MUST(!strncmp(error.text, "d:", 2));
	MUST(!memcmp(&decision, &zero, sizeof zero));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length;
	char *text = sealed(data, size, &length);

	check((const char *)data, size);
	check(text, length);
	free(text);
	return 0;
}
