/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs a target over the files that are named, once each: for coverage, and to look at a
 * finding in a debugger without libFuzzer. */
#include "fuzz.h"

static int replay(const char *path)
{
	static uint8_t data[1 << 20];
	FILE *file = fopen(path, "rb");
	size_t size;

	if (!file) {
		perror(path);
		return 1;
	}
	size = fread(data, 1, sizeof data, file);
	fclose(file);
	return LLVMFuzzerTestOneInput(data, size);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (replay(argv[i]))
			return 1;
	return 0;
}
