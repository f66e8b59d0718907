/* SPDX-License-Identifier: BSD-3-Clause */
/* covers: cpu_model.c:read_identity cpu_model.c:check_identity cpu_model.c:pc_cpu_model_detect cpu_model.c:pc_cpu_model_find */
#include <errno.h>
#include <string.h>

#include "cpu_model.h"
#include "memory_root.h"

static int detect(const uint8_t *data, size_t size, const struct pc_cpu_model **model)
{
	struct pc_error error = { "" };
	int result;

	*model = NULL;
	memory_root_file("proc/cpuinfo", data, size);
	result = pc_cpu_model_detect("/", model, &error);
	MUST(memory_root_open_count() == 0);
	if (result == 0)
		return 0;
	MUST(errno == ENODEV || errno == ENOENT);
	MUST(strstr(error.text, "proc/cpuinfo"));
	return -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pc_cpu_model *model, *again;
	char text[128];
	int length;

	if (detect(data, size, &model) < 0)
		return 0;
	MUST(model);
	/* A file that says only this says it too. */
	length = snprintf(text, sizeof text, "vendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\n",
			  model->vendor == PC_VENDOR_INTEL ? "GenuineIntel" : "AuthenticAMD", model->family,
			  model->model_last);
	MUST(detect((const uint8_t *)text, (size_t)length, &again) == 0 && again == model);
	return 0;
}
