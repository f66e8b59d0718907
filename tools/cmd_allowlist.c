/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "allowlist.h"
#include "cpu_model.h"
#include "list_check.h"
#include "pmctl.h"
#include "register_node.h"

static const char *purpose_name = "job", *slug;
static bool force;

static const struct pmctl_option print_options[] = {
	{ "purpose", 'p', "PURPOSE", "read, job or root (job)", &purpose_name },
	{ "model", 'm', "SLUG", "another CPU model than this node's, such as intel-06-55", &slug },
	{ 0 }
};

static const struct pmctl_option check_options[] = {
	{ "model", 'm', "SLUG", "another CPU model than this node's, such as intel-06-55", &slug },
	{ 0 }
};

static const struct pmctl_option install_options[] = {
	{ "force", 0, NULL, "install it even where it grants a lock bit", &force },
	{ 0 }
};

/* A whole file; "-" is standard input. The caller frees *text. */
static int read_file(const char *path, char **text, size_t *length)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *bytes = malloc(PC_ALLOWLIST_TEXT_MAX + 1);
	int status = -1;

	if (!file || !bytes) {
		pmctl_error("%s: %s", path, strerror(errno));
		goto out;
	}
	*length = fread(bytes, 1, PC_ALLOWLIST_TEXT_MAX + 1, file);
	if (ferror(file))
		pmctl_error("%s: %s", path, strerror(errno));
	else if (*length > PC_ALLOWLIST_TEXT_MAX)
		pmctl_error("%s: longer than the %d bytes that the kernel takes in one write", path,
			    PC_ALLOWLIST_TEXT_MAX);
	else
		status = 0;
out:
	if (file && file != stdin)
		fclose(file);
	if (status < 0) {
		free(bytes);
		bytes = NULL;
	}
	*text = bytes;
	return status;
}

static int load(const char *path, struct pc_allowlist *list)
{
	struct pc_error error;
	size_t length;
	char *text;
	int status;

	*list = PC_ALLOWLIST_EMPTY;
	if (read_file(path, &text, &length) < 0)
		return -1;
	status = pc_allowlist_parse(list, path, text, length, &error);
	if (status < 0)
		pmctl_error("%s", error.text);
	free(text);
	return status;
}

static json_t *json_list(const struct pc_allowlist *list)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < list->count; i++) {
		char msr[16], mask[24];

		snprintf(msr, sizeof msr, "0x%08X", list->entry[i].msr);
		snprintf(mask, sizeof mask, "0x%016llX", (unsigned long long)list->entry[i].mask);
		json_array_append_new(array, json_pack("{s:s, s:s}", "msr", msr, "mask", mask));
	}
	return array;
}

static int print_list(const struct pmctl *pmctl, const struct pc_allowlist *list)
{
	size_t length;
	char *text;

	if (pmctl->json)
		return pmctl_json_print(json_list(list));
	text = list->count ? pc_allowlist_print(list, &length) : NULL;
	if (text)
		fwrite(text, 1, length, stdout);
	free(text);
	return pmctl_flush(PMCTL_OK);
}

static int run_show(struct pmctl *pmctl, char **operand)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	struct pc_power *power = pmctl_open(pmctl);
	struct pc_error error;
	int status;

	(void)operand;
	if (!power)
		return PMCTL_FAILED;
	if (pc_power_list_read(power, &list, &error) < 0)
		status = pmctl_error("%s", error.text);
	else
		status = print_list(pmctl, &list);
	if (!status && !list.count && !pmctl->json)
		fprintf(stderr, "pmctl: the node's list is empty: no register can be read or written through it\n");
	pc_allowlist_free(&list);
	pc_power_close(power);
	return status;
}

static const struct pc_cpu_model *model_by_slug(const char *name)
{
	const struct pc_cpu_model *model;

	for (unsigned i = 0; (model = pc_cpu_model_at(i)); i++)
		if (!strcmp(model->slug, name))
			return model;
	pmctl_error("there is no model '%.32s'; slugs are vendor-family-model in hexadecimal, such as intel-06-55",
		    name);
	return NULL;
}

/* --model, else this machine's; *model stays NULL where that is not known. */
static int choose_model(const struct pmctl *pmctl, const struct pc_cpu_model **model)
{
	*model = NULL;
	if (slug)
		return (*model = model_by_slug(slug)) ? 0 : -1;
	if (pc_cpu_model_detect(pmctl->root ? pmctl->root : "/", model, NULL) < 0)
		*model = NULL;
	return 0;
}

static void check_list(const char *name, const struct pc_allowlist *list, const struct pc_cpu_model *model,
		      json_t *report, bool *locks)
{
	struct pc_list_finding finding[PC_LIST_FINDINGS];
	unsigned count = pc_list_check(list, model, finding);

	*locks = false;
	for (unsigned i = 0; i < count; i++) {
		const char *text = pc_list_trouble_text(finding[i].trouble);

		*locks |= finding[i].trouble == PC_LIST_GRANTS_LOCK;
		if (report)
			json_array_append_new(report, json_pack("{s:s, s:I, s:I, s:s}", "domain",
				pc_domain_name(finding[i].domain), "msr", (json_int_t)finding[i].msr,
				"bits", (json_int_t)finding[i].bits, "text", text));
		else
			fprintf(stderr, "pmctl: %s: 0x%X (%s) %s%s\n", name, finding[i].msr,
				pc_domain_name(finding[i].domain), text,
				finding[i].trouble == PC_LIST_GRANTS_LOCK ? "; take it out of the mask" : "");
	}
}

static int run_check(struct pmctl *pmctl, char **operand)
{
	const struct pc_cpu_model *model;
	struct pc_allowlist list;
	json_t *findings = NULL;
	unsigned entries;
	bool locks;

	if (choose_model(pmctl, &model) < 0 || load(operand[0], &list) < 0)
		return PMCTL_FAILED;
	if (pmctl->json)
		findings = json_array();
	check_list(operand[0], &list, model, findings, &locks);
	entries = list.count;
	pc_allowlist_free(&list);
	if (pmctl->json)
		pmctl_json_print(json_pack("{s:s, s:i, s:s?, s:o, s:b}", "file", operand[0], "registers", (int)entries,
			"model", model ? model->slug : NULL, "findings", findings, "ok", !locks));
	else if (!locks)
		printf("%s: a list of %u register%s%s%s\n", operand[0], entries, entries == 1 ? "" : "s",
		       model ? ", looked at for " : "", model ? model->name : "");
	return locks ? PMCTL_FAILED : PMCTL_OK;
}

static int list_of_node(struct pmctl *pmctl, enum pc_list_purpose purpose, struct pc_allowlist *list)
{
	struct pc_power *power = pmctl_open(pmctl);
	struct pc_error error;
	int status = power ? 0 : -1;

	if (power && pc_power_list_for(power, purpose, list, &error) < 0) {
		pmctl_error("%s; --model=SLUG prints the list of another model", error.text);
		status = -1;
	}
	pc_power_close(power);
	return status;
}

static int list_of_model(const char *name, enum pc_list_purpose purpose, struct pc_allowlist *list)
{
	const struct pc_cpu_model *model = model_by_slug(name);
	struct pc_error error;

	if (!model)
		return -1;
	if (pc_model_list(model, purpose, list, &error) == 0)
		return 0;
	pmctl_error("%s", error.text);
	return -1;
}

static int run_print(struct pmctl *pmctl, char **operand)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;
	enum pc_list_purpose purpose;
	int status;

	(void)operand;
	if (pmctl_purpose("pmctl allowlist print", "--purpose", purpose_name, &purpose) < 0)
		return PMCTL_USAGE;
	if ((slug ? list_of_model(slug, purpose, &list) : list_of_node(pmctl, purpose, &list)) < 0)
		return PMCTL_FAILED;
	status = print_list(pmctl, &list);
	pc_allowlist_free(&list);
	return status;
}

static int install(struct pmctl *pmctl, const struct pc_allowlist *list, const char *name)
{
	struct pc_power *power = pmctl_open(pmctl);
	struct pc_error error;
	int status = PMCTL_OK;

	if (!power)
		return PMCTL_FAILED;
	if (pmctl->dry_run)
		printf("would replace the node's list by %s (%u registers)\n", name, list->count);
	else if (pc_power_list_install(power, list, &error) < 0)
		status = pmctl_error("%s", error.text);
	else if (!pmctl->json)
		printf("the node's list is now %s (%u registers), read back\n", name, list->count);
	if (!status && pmctl->json)
		status = pmctl_json_print(json_pack("{s:b, s:b, s:i}", "simulated", pc_power_simulated(power),
						    "installed", !pmctl->dry_run, "registers", (int)list->count));
	pc_power_close(power);
	return status;
}

static int run_install(struct pmctl *pmctl, char **operand)
{
	const struct pc_cpu_model *model = NULL;
	struct pc_allowlist list;
	bool locks;
	int status;

	if (load(operand[0], &list) < 0)
		return PMCTL_FAILED;
	check_list(operand[0], &list, model, NULL, &locks);
	if (locks && !force)
		status = pmctl_error("%s: not installed, for the lock bits it grants; --force installs it all the same",
				     operand[0]);
	else
		status = install(pmctl, &list, operand[0]);
	pc_allowlist_free(&list);
	return status;
}

static int run_clear(struct pmctl *pmctl, char **operand)
{
	struct pc_allowlist list = PC_ALLOWLIST_EMPTY;

	(void)operand;
	return install(pmctl, &list, "empty");
}

static int print_difference(const struct pc_allowlist *a, const struct pc_allowlist *b, char sign, json_t *report)
{
	struct pc_allowlist difference = PC_ALLOWLIST_EMPTY;
	struct pc_error error;

	if (pc_allowlist_difference(&difference, a, b, &error) < 0)
		return pmctl_error("%s", error.text);
	if (report)
		json_object_set_new(report, sign == '-' ? "only_a" : "only_b", json_list(&difference));
	for (unsigned i = 0; !report && i < difference.count; i++)
		printf("%c 0x%08X 0x%016llX\n", sign, difference.entry[i].msr,
		       (unsigned long long)difference.entry[i].mask);
	pc_allowlist_free(&difference);
	return PMCTL_OK;
}

static int run_diff(struct pmctl *pmctl, char **operand)
{
	struct pc_allowlist a = PC_ALLOWLIST_EMPTY, b = PC_ALLOWLIST_EMPTY;
	json_t *report = NULL;
	int status = PMCTL_FAILED;

	if (load(operand[0], &a) < 0 || load(operand[1], &b) < 0)
		goto out;
	if (pmctl->json)
		report = json_object();
	if (print_difference(&a, &b, '-', report) || print_difference(&b, &a, '+', report))
		goto out;
	status = pc_allowlist_equal(&a, &b) ? PMCTL_OK : PMCTL_FAILED;
	if (report) {
		json_object_set_new(report, "equal", json_boolean(status == PMCTL_OK));
		pmctl_json_print(json_incref(report));
	}
out:
	json_decref(report);
	pc_allowlist_free(&a);
	pc_allowlist_free(&b);
	return status;
}

static const struct pmctl_command members[] = {
	{ .name = "show", .operands = "", .run = run_show, .summary = "Print the node's list." },
	{ .name = "check", .operands = "FILE", .least = 1, .most = 1, .options = check_options, .run = run_check,
	  .summary = "Say whether a list is well formed, and what it grants that it should not.",
	  .details = "Exit status 1: it is not well formed, or it grants a lock bit." },
	{ .name = "print", .operands = "", .options = print_options, .run = run_print,
	  .summary = "Print the list that phasecap needs, for this node or for a model." },
	{ .name = "install", .operands = "FILE", .least = 1, .most = 1, .writes = true,
	  .options = install_options, .run = run_install,
	  .summary = "Replace the node's list, by one write, and read it back." },
	{ .name = "clear", .operands = "", .writes = true, .run = run_clear, .summary = "Empty the node's list." },
	{ .name = "diff", .operands = "A B", .least = 2, .most = 2, .run = run_diff,
	  .summary = "Print what A allows and B does not (-), and the other way round (+), bit by bit.",
	  .details = "Exit status 1: they differ." },
	{ 0 }
};

const struct pmctl_command pmctl_allowlist = {
	.name = "allowlist", .operands = "COMMAND ...", .least = 1, .members = members,
	.summary = "Look at, check, print, install, clear or compare allowlists.",
};
