/* SPDX-License-Identifier: BSD-3-Clause */

/* The step's report: the nodes' parts joined and judged. */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "config.h"
#include "report.h"

static json_int_t member(const json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static int has(const json_t *object, const char *name)
{
	return json_is_integer(json_object_get(object, name));
}

/* A damaged part may say anything; a sum that no longer fits stays at its end. */
static json_int_t plus(json_int_t a, json_int_t b)
{
	json_int_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return a > 0 ? INT64_MAX : INT64_MIN;
}

/* The sum over an array's objects; null where any lacks the figure. */
static json_t *sum(const json_t *array, const char *name)
{
	json_int_t total = 0;
	const json_t *each;
	size_t i;

	json_array_foreach(array, i, each) {
		if (!has(each, name))
			return json_null();
		total = plus(total, member(each, name));
	}
	return json_array_size(array) ? json_integer(total) : json_null();
}

static json_t *largest(const json_t *array, const char *name)
{
	json_int_t most = 0;
	const json_t *each;
	size_t i;

	json_array_foreach(array, i, each)
		if (member(each, name) > most)
			most = member(each, name);
	return json_integer(most);
}

/* Power of a node's packages and DRAM; -1 where it is not known.  DRAM without a
 * counter stands with its reserve. */
static json_int_t node_mean_uw(const json_t *node)
{
	json_int_t total = 0;
	const json_t *package;
	size_t i;

	json_array_foreach(json_object_get(node, "packages"), i, package) {
		if (!has(package, "package_uw"))
			return -1;
		total = plus(total, member(package, "package_uw"));
		total = plus(total, member(package, has(package, "dram_uw") ? "dram_uw" : "dram_reserve_uw"));
	}
	return total;
}

static const char *verdict(json_int_t mean_uw, const json_t *cap)
{
	if (!json_is_integer(cap))
		return "none";
	if (mean_uw < 0)
		return "unknown";
	return mean_uw <= json_integer_value(cap) ? "held" : "over";
}

static void judge(json_t *object, json_int_t mean_uw)
{
	json_object_set_new(object, "mean_uw", mean_uw < 0 ? json_null() : json_integer(mean_uw));
	json_object_set_new(object, "verdict", json_string(verdict(mean_uw, json_object_get(object, "cap_uw"))));
}

/* Adds figures of from to those of to; what one of them lacks, the sum lacks. */
static void add_figures(json_t *to, const json_t *from, const char *const *name)
{
	for (; *name; name++) {
		bool known = has(from, *name) && (has(to, *name) || !json_object_get(to, *name));

		json_object_set_new(to, *name,
				    known ? json_integer(plus(member(to, *name), member(from, *name))) : json_null());
	}
}

static void add_phase(json_t *to, const json_t *phase)
{
	static const char *const time[] = { "count", "time_ns", "mpi_ns", "inclusive_time_ns", NULL };
	static const char *const energy[] = { "package_time_ns", "package_uj", "dram_uj", "inclusive_package_uj",
					      "inclusive_dram_uj", "allowed_uj", NULL };
	const char *most = "inclusive_time_max_ns";
	const json_t *package;
	size_t i;

	add_figures(to, phase, time);
	if (member(phase, most) >= member(to, most))
		json_object_set_new(to, most, json_integer(member(phase, most)));
	json_array_foreach(json_object_get(phase, "packages"), i, package)
		add_figures(to, package, energy);
}

static json_int_t rate_of(json_int_t uj, json_int_t ns)
{
	__int128 uw = (__int128)uj * 1000000000 / ns;

	return uw > INT64_MAX ? INT64_MAX : (json_int_t)uw;
}

/* Mean power of one package while its ranks are in the phase. */
static void set_rate(json_t *phase, const char *name, const char *energy)
{
	json_int_t time = member(phase, "package_time_ns");
	json_t *rate = json_null();

	if (has(phase, energy) && time > 0)
		rate = json_integer(rate_of(member(phase, energy), time));
	json_object_set_new(phase, name, rate);
}

/* All nodes' phases by path, in the order in which they first appear. */
static json_t *join_phases(const json_t *nodes)
{
	json_t *by_path = json_object(), *phases = json_array(), *phase;
	const json_t *node, *each;
	size_t i, j;

	json_array_foreach(nodes, i, node)
		json_array_foreach(json_object_get(node, "phases"), j, each) {
			json_t *path = json_object_get(each, "path");
			char *key = json_dumps(path, JSON_COMPACT);

			phase = key ? json_object_get(by_path, key) : NULL;
			if (key && !phase) {
				phase = json_pack("{s:O}", "path", path);
				json_object_set(by_path, key, phase);
				json_array_append_new(phases, phase);
			}
			if (phase)
				add_phase(phase, each);
			free(key);
		}
	json_array_foreach(phases, i, phase) {
		set_rate(phase, "package_uw", "package_uj");
		set_rate(phase, "dram_uw", "dram_uj");
		set_rate(phase, "limit_uw", "allowed_uj");
	}
	json_decref(by_path);
	return phases;
}

/* A figure of all packages of all nodes. */
static json_t *sum_packages(const json_t *nodes, const char *name)
{
	json_t *all = json_array(), *total;
	const json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
		json_array_extend(all, json_object_get(node, "packages"));
	total = sum(all, name);
	json_decref(all);
	return total;
}

static json_t *join_overhead(const json_t *nodes)
{
	static const char *const name[] = { "boundaries", "boundary_ns", "batches", "batch_ns", "attribution_ns",
					    NULL };
	json_t *overhead = json_object();
	const json_t *node;
	size_t i;

	json_array_foreach(nodes, i, node)
		add_figures(overhead, json_object_get(node, "overhead"), name);
	return overhead;
}

static int is_node(const json_t *node)
{
	return has(node, "format") && member(node, "format") == PC_REPORT_FORMAT &&
	       json_is_array(json_object_get(node, "packages")) && json_is_array(json_object_get(node, "phases"));
}

static json_t *join(const json_t *nodes, json_t *copies)
{
	const json_t *first = json_array_get(nodes, 0);
	json_int_t mean_uw = 0;
	int simulated = 0;
	json_t *node, *report;
	size_t i;

	json_array_foreach(copies, i, node) {
		json_int_t node_uw = node_mean_uw(node);

		judge(node, node_uw);
		mean_uw = mean_uw < 0 || node_uw < 0 ? -1 : plus(mean_uw, node_uw);
		simulated |= json_is_true(json_object_get(node, "simulated"));
		json_object_del(node, "format");
	}
	report = json_pack("{s:s, s:i, s:s, s:b, s:O, s:O, s:O, s:o, s:o, s:o, s:o, s:o, s:o}", "phasecap", "report",
			   "format", PC_REPORT_FORMAT, "version", PACKAGE_VERSION, "simulated", simulated,
			   "job", json_object_get(first, "job"), "step", json_object_get(first, "step"),
			   "policy", json_object_get(first, "policy"), "cap_uw", sum(nodes, "cap_uw"),
			   "ranks", sum(nodes, "ranks"), "elapsed_ns", largest(nodes, "elapsed_ns"),
			   "iterations", largest(nodes, "iterations"),
			   "package_uj", sum_packages(nodes, "package_uj"), "dram_uj", sum_packages(nodes, "dram_uj"));
	if (!report)
		return NULL;
	judge(report, mean_uw);
	json_object_set_new(report, "phases", join_phases(nodes));
	json_object_set_new(report, "overhead", join_overhead(nodes));
	json_object_set(report, "nodes", copies);
	return report;
}

json_t *pc_report_step(const json_t *nodes, struct pc_error *error)
{
	json_t *copies, *report, *node;
	size_t i;

	json_array_foreach(nodes, i, node)
		if (!is_node(node)) {
			pc_fail(error, EINVAL, "report: part %zu is no node's part of this format (%d)", i,
				PC_REPORT_FORMAT);
			return NULL;
		}
	if (!json_array_size(nodes)) {
		pc_fail(error, EINVAL, "report: no node gave its part");
		return NULL;
	}
	copies = json_deep_copy(nodes);
	report = copies ? join(nodes, copies) : NULL;
	json_decref(copies);
	if (!report)
		pc_fail(error, ENOMEM, "report: no memory");
	return report;
}
