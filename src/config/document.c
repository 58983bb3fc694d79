/* SPDX-License-Identifier: Apache-2.0 */
#include "config/document.h"

#include "roster/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_SIZE_MAX = 16 * 1024 * 1024 };

static int read_bytes(int fd, struct str *bytes)
{
	char buffer[16384];
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		str_append(bytes, buffer, (size_t)got);
		if (bytes->size > FILE_SIZE_MAX) {
			errno = EFBIG;
			return -1;
		}
	}
	return 0;
}

int document_read(const char *file, struct arena *arena, struct document **ret, struct error *err)
{
	int status = -1;
	struct stat info;
	struct str bytes = {0};

	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &info) < 0) {
		error_set(err, ERR_CONFIG, "cannot be read: %s", strerror(errno));
		goto out;
	}
	if (!S_ISREG(info.st_mode)) {
		error_set(err, ERR_CONFIG, "is not a regular file");
		goto out;
	}
	if (read_bytes(fd, &bytes) < 0) {
		error_set(err, ERR_CONFIG, "cannot be read: %s", strerror(errno));
		goto out;
	}
	*ret = document_make(file, str_text(&bytes), bytes.size, arena);
	status = 0;
out:
	if (fd >= 0)
		close(fd);
	str_free(&bytes);
	return status;
}

/* The text without byte order mark and without the carriage returns of Windows line ends. */
static char *plain_text(const char *bytes, size_t size, struct arena *arena, size_t *ret)
{
	size_t at = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	char *text = arena_alloc(arena, size + 1);
	size_t used = 0;

	for (; at < size; at++)
		if (bytes[at] != '\r' || at + 1 == size || bytes[at + 1] != '\n')
			text[used++] = bytes[at];
	text[used] = '\0';
	*ret = used;
	return text;
}

static void split_lines(struct document *document, const char *text, size_t size, struct arena *arena)
{
	int count = 1;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	document->lines = arena_alloc_array(arena, (size_t)count, sizeof(*document->lines));
	document->line_count = count;
	for (int line = 0; line < count; line++) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) : size;
		document->lines[line] = arena_strndup(arena, text, length);
		text += end ? length + 1 : length;
		size -= end ? length + 1 : length;
	}
}

struct document *document_make(const char *file, const char *bytes, size_t size, struct arena *arena)
{
	struct document *document = arena_alloc(arena, sizeof(*document));
	struct str masked = {0};

	document->file = arena_strdup(arena, file);
	document->text = plain_text(bytes, size, arena, &document->size);
	document->has_nul = strlen(document->text) < document->size;
	mask_secrets(document->text, document->size, &masked);
	split_lines(document, str_text(&masked), masked.size, arena);
	str_free(&masked);
	return document;
}

void document_blank(struct document *document, const char *from, const char *to)
{
	for (size_t i = (size_t)(from - document->text); i < (size_t)(to - document->text); i++)
		if (document->text[i] != '\n')
			document->text[i] = ' ';
}

const char *document_line(const struct document *document, int line)
{
	if (line < 1 || line > document->line_count)
		return NULL;
	const char *text = document->lines[line - 1];
	return text_is_valid(text, strlen(text)) ? text : NULL;
}
