/* SPDX-License-Identifier: BSD-3-Clause */

/* The report for people. */

#include <errno.h>
#include <string.h>

#include "report.h"

static double number(const json_t *object, const char *name)
{
	return (double)json_integer_value(json_object_get(object, name));
}

static int has(const json_t *object, const char *name)
{
	return json_is_integer(json_object_get(object, name));
}

/* One right-aligned column: the figure over scale, or a dash where it is not known. */
static void column(FILE *out, const json_t *object, const char *name, double scale, int width, int decimals)
{
	if (has(object, name))
		fprintf(out, " %*.*f", width, decimals, number(object, name) / scale);
	else
		fprintf(out, " %*s", width, "-");
}

static const char *text(const json_t *object, const char *name)
{
	const char *value = json_string_value(json_object_get(object, name));

	return value ? value : "?";
}

static void print_power(FILE *out, const json_t *object)
{
	if (has(object, "mean_uw"))
		fprintf(out, "mean %.1f W", number(object, "mean_uw") / 1e6);
	else
		fprintf(out, "mean power not known");
	if (has(object, "cap_uw"))
		fprintf(out, ", cap %.1f W: %s", number(object, "cap_uw") / 1e6, text(object, "verdict"));
	else
		fprintf(out, ", no cap");
}

static void print_head(FILE *out, const json_t *report)
{
	size_t nodes = json_array_size(json_object_get(report, "nodes"));

	fprintf(out, "Phasecap report%s: ",
		json_is_true(json_object_get(report, "simulated")) ? " (simulated node)" : "");
	if (has(report, "job") && number(report, "job") > 0)
		fprintf(out, "job %.0f step %.0f, ", number(report, "job"), number(report, "step"));
	fprintf(out, "%zu node%s, %.0f rank%s, policy %s\n", nodes, nodes == 1 ? "" : "s", number(report, "ranks"),
		number(report, "ranks") == 1 ? "" : "s", text(report, "policy"));
	fprintf(out, "elapsed %.3f s; packages", number(report, "elapsed_ns") / 1e9);
	column(out, report, "package_uj", 1e6, 0, 1);
	fprintf(out, " J, DRAM");
	column(out, report, "dram_uj", 1e6, 0, 1);
	fprintf(out, " J; ");
	print_power(out, report);
	fprintf(out, "\n");
}

static void print_packages(FILE *out, const json_t *node)
{
	const json_t *package;
	size_t i;

	fprintf(out, "\nnode %s: ", text(node, "node"));
	print_power(out, node);
	fprintf(out, "\n  package  package J     DRAM J  package W   DRAM W  limit W  throttled s\n");
	json_array_foreach(json_object_get(node, "packages"), i, package) {
		fprintf(out, "  %7.0f", number(package, "package"));
		column(out, package, "package_uj", 1e6, 10, 1);
		column(out, package, "dram_uj", 1e6, 10, 1);
		column(out, package, "package_uw", 1e6, 10, 1);
		column(out, package, "dram_uw", 1e6, 8, 1);
		column(out, package, "limit_uw", 1e6, 8, 1);
		column(out, package, "throttled_ns", 1e9, 12, 3);
		fprintf(out, "%s\n", number(package, "wrap_uncertain") > 0 ? "  wrap uncertain" : "");
	}
}

/* The path's last name, indented by its depth. */
static void print_name(FILE *out, const json_t *path)
{
	size_t depth = json_array_size(path);
	const char *name = depth ? json_string_value(json_array_get(path, depth - 1)) : "unmarked";
	int indent = depth ? 2 * (int)(depth - 1) : 0, width = 26 - (indent > 16 ? 16 : indent);

	fprintf(out, "  %*s%-*.*s", 26 - width, "", width, width, name ? name : "?");
}

static void print_phase(FILE *out, const json_t *phase)
{
	print_name(out, json_object_get(phase, "path"));
	column(out, phase, "count", 1, 8, 0);
	column(out, phase, "time_ns", 1e9, 9, 3);
	column(out, phase, "inclusive_time_max_ns", 1e9, 9, 3);
	column(out, phase, "mpi_ns", 1e9, 9, 3);
	column(out, phase, "package_uj", 1e6, 10, 1);
	column(out, phase, "dram_uj", 1e6, 9, 1);
	column(out, phase, "inclusive_package_uj", 1e6, 12, 1);
	column(out, phase, "package_uw", 1e6, 10, 1);
	column(out, phase, "limit_uw", 1e6, 8, 1);
	fprintf(out, "\n");
}

static int is_child(const json_t *phase, const json_t *parent)
{
	const json_t *path = json_object_get(phase, "path"), *above = json_object_get(parent, "path");
	size_t depth = json_array_size(above);

	if (json_array_size(path) != depth + 1)
		return 0;
	for (size_t i = 0; i < depth; i++)
		if (!json_equal(json_array_get(path, i), json_array_get(above, i)))
			return 0;
	return 1;
}

/* Children under their parents, whatever order they came in. */
static void print_below(FILE *out, const json_t *phases, const json_t *parent)
{
	const json_t *phase;
	size_t i;

	json_array_foreach(phases, i, phase)
		if (is_child(phase, parent)) {
			print_phase(out, phase);
			print_below(out, phases, phase);
		}
}

static void print_phases(FILE *out, const json_t *phases)
{
	const json_t *phase;
	size_t i;

	fprintf(out, "\n  phase                         count    time s     max s     MPI s  package J    DRAM J"
		"  inclusive J  package W  limit W\n");
	json_array_foreach(phases, i, phase)
		if (!json_array_size(json_object_get(phase, "path"))) {
			print_below(out, phases, phase);
			print_phase(out, phase);
			break;
		}
	fprintf(out, "  (time s: all ranks, without inner phases; max s: one rank, with them; "
		"package W: of one package)\n");
}

static void print_overhead(FILE *out, const json_t *overhead)
{
	fprintf(out, "\nown overhead: %.0f boundaries %.3f ms, %.0f batches %.3f ms, attribution %.3f ms\n",
		number(overhead, "boundaries"), number(overhead, "boundary_ns") / 1e6,
		number(overhead, "batches"), number(overhead, "batch_ns") / 1e6,
		number(overhead, "attribution_ns") / 1e6);
	fprintf(out, "Power is that of packages and their DRAM, not of GPUs, fans or network.\n");
}

int pc_report_table(const json_t *report, FILE *out, struct pc_error *error)
{
	const json_t *node;
	size_t i;

	if (strcmp(text(report, "phasecap"), "report"))
		return pc_fail(error, EINVAL, "no report of phasecap");
	if (number(report, "format") > PC_REPORT_FORMAT)
		return pc_fail(error, EPROTONOSUPPORT, "the report's format is %.0f, this program reads up to %d",
			       number(report, "format"), PC_REPORT_FORMAT);
	print_head(out, report);
	json_array_foreach(json_object_get(report, "nodes"), i, node)
		print_packages(out, node);
	print_phases(out, json_object_get(report, "phases"));
	print_overhead(out, json_object_get(report, "overhead"));
	if (ferror(out))
		return pc_fail(error, EIO, "the table could not be written");
	return 0;
}
