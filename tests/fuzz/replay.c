/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: drives a fuzz target without libFuzzer: replay FOLDER runs it once over every file there.
 *
 * Takes libFuzzer's arguments, so that both builds of a target are called alike; options (-runs=0) say nothing to it.
 * An empty folder is a failure: a test without input proves nothing.
 */
#include <dirent.h>
#include <err.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_file(const char *path)
{
	uint8_t *data = NULL;
	size_t size = 0, room = 0, got;
	FILE *file = fopen(path, "rb");

	if (!file)
		err(1, "%s", path);
	do {
		room += 65536;
		data = realloc(data, room);
		if (!data)
			err(1, "%s", path);
		got = fread(data + size, 1, room - size, file);
		size += got;
	} while (size == room);
	if (ferror(file))
		err(1, "%s", path);
	fclose(file);
	/* Exactly as much as there is, so that ASan sees a read beyond the end. */
	data = realloc(data, size ? size : 1);
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *found;
	char path[4096];
	int count = 0;

	if (!dir)
		err(1, "%s", folder);
	while ((found = readdir(dir))) {
		if (found->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, found->d_name);
		replay_file(path);
		count++;
	}
	closedir(dir);
	return count;
}

int main(int argc, char **argv)
{
	int count = 0;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			count += replay_folder(argv[i]);
	printf("%d inputs replayed\n", count);
	return count ? 0 : 1;
}
