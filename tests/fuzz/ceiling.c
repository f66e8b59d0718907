/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: ceiling_record.c:take_package ceiling_record.c:take_setting ceiling_record.c:take_line */
/* covers: ceiling_record.c:check_whole ceiling_record.c:pc_ceiling_parse ceiling_record.c:pc_ceiling_free */
#include <errno.h>
#include <string.h>

#include "ceiling.h"
#include "power_option.h"
#include "sealed.h"

static void check_fields(const struct pc_ceiling *ceiling)
{
	MUST(ceiling->ceiling_uw <= PC_POWER_MAX_UW);
	MUST(pc_boot_id_is_valid(ceiling->boot_id) && ceiling->backend[0]);
	MUST(memchr(ceiling->backend, '\0', sizeof ceiling->backend));
	MUST(ceiling->package_count <= PC_MAX_PACKAGES);
	for (unsigned i = 0; i < ceiling->package_count; i++) {
		MUST(ceiling->limit_uw[i] <= PC_POWER_MAX_UW && ceiling->before_uw[i] <= PC_POWER_MAX_UW);
		MUST(ceiling->package[i][0] && memchr(ceiling->package[i], '\0', sizeof ceiling->package[i]));
	}
	MUST(ceiling->setting_count <= PC_JOURNAL_SETTINGS_MAX);
	for (unsigned i = 0; i < ceiling->setting_count; i++) {
		const struct pc_setting *setting = &ceiling->setting[i].captured;

		MUST(setting->package < ceiling->package_count && setting->key[0]);
		MUST(memchr(setting->key, '\0', sizeof setting->key));
	}
}

static void check(const char *text, size_t length)
{
	struct pc_error error = { "" };
	struct pc_ceiling ceiling;

	memset(&ceiling, 0x5a, sizeof ceiling);
	if (pc_ceiling_parse(&ceiling, "c", text, length, &error) == 0) {
		check_fields(&ceiling);
	} else {
		MUST(errno == EBADMSG || errno == EPROTOTYPE || errno == EPROTONOSUPPORT);
		MUST(!strncmp(error.text, "c:", 2));
		MUST(!ceiling.setting && !ceiling.setting_count && !ceiling.package_count);
	}
	pc_ceiling_free(&ceiling);
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
