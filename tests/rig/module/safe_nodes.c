// SPDX-License-Identifier: GPL-2.0
/*
 * The device nodes: one class each, 0600 root unless udev says otherwise, and a
 * node for each online CPU that comes and goes with it.
 */
#include <linux/cpuhotplug.h>
#include <linux/device.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "safe.h"

struct node {
	const char *name;
	const struct file_operations *fops;
	struct class *class;
	int major;
};

enum { NODE_CPU, NODE_BATCH, NODE_LIST, NODE_VERSION, NODE_COUNT };

static struct node nodes[NODE_COUNT] = {
	[NODE_CPU] = { .name = "msr_safe", .fops = &safe_cpu_fops },
	[NODE_BATCH] = { .name = "msr_batch", .fops = &safe_batch_fops },
	[NODE_LIST] = { .fops = &safe_list_fops },
	[NODE_VERSION] = { .name = "msr_safe_version", .fops = &safe_version_fops },
};
static int hotplug_state = -1;

static char *node_path(struct device *device, umode_t *mode)
{
	if (mode && MAJOR(device->devt) == nodes[NODE_VERSION].major)
		*mode = 0400;
	if (MAJOR(device->devt) == nodes[NODE_CPU].major)
		return kasprintf(GFP_KERNEL, "cpu/%u/msr_safe", MINOR(device->devt));
	return kasprintf(GFP_KERNEL, "cpu/%s", dev_name(device));
}

static int node_register(struct node *node)
{
	int major = register_chrdev(0, node->name, node->fops);

	if (major < 0)
		return major;
	node->major = major;
	node->class = class_create(THIS_MODULE, node->name);
	if (IS_ERR(node->class)) {
		unregister_chrdev(major, node->name);
		node->class = NULL;
		return -ENOMEM;
	}
	node->class->devnode = node_path;
	return 0;
}

static int node_create(struct node *node)
{
	return PTR_ERR_OR_ZERO(device_create(node->class, NULL, MKDEV(node->major, 0), NULL,
					     "%s", node->name));
}

static int cpu_comes(unsigned int cpu)
{
	struct node *node = &nodes[NODE_CPU];

	return PTR_ERR_OR_ZERO(device_create(node->class, NULL, MKDEV(node->major, cpu), NULL,
					     "msr_safe%u", cpu));
}

static int cpu_goes(unsigned int cpu)
{
	device_destroy(nodes[NODE_CPU].class, MKDEV(nodes[NODE_CPU].major, cpu));
	return 0;
}

static int cpus_init(void)
{
	hotplug_state = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "msr_safe:online",
					  cpu_comes, cpu_goes);
	return hotplug_state < 0 ? hotplug_state : 0;
}

int safe_nodes_init(void)
{
	int rc = 0;
	int i;

	nodes[NODE_LIST].name = safe_release->list_node;
	for (i = 0; !rc && i < NODE_COUNT; i++) {
		if (i == NODE_VERSION && !safe_release->modern)
			continue;
		rc = node_register(&nodes[i]);
		if (!rc)
			rc = i == NODE_CPU ? cpus_init() : node_create(&nodes[i]);
	}
	if (rc)
		safe_nodes_exit();
	return rc;
}

void safe_nodes_exit(void)
{
	int i;

	if (hotplug_state > 0)
		cpuhp_remove_state(hotplug_state);
	for (i = 0; i < NODE_COUNT; i++) {
		if (!nodes[i].class)
			continue;
		if (i != NODE_CPU)
			device_destroy(nodes[i].class, MKDEV(nodes[i].major, 0));
		class_destroy(nodes[i].class);
		unregister_chrdev(nodes[i].major, nodes[i].name);
	}
}
