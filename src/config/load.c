/* SPDX-License-Identifier: Apache-2.0 */
#include "config/load.h"
#include "roster/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_document(struct loader *loader, struct document *document)
{
	size_t count = loader->document_count;
	struct document **documents = arena_alloc_array(loader->arena, count + 1, sizeof(struct document *));

	if (count > 0)
		memcpy(documents, loader->documents, count * sizeof(struct document *));
	documents[count] = document;
	loader->documents = documents;
	loader->document_count++;
}

static void check_bytes(struct loader *loader, const struct document *document)
{
	const char *line = document->text;

	if (document->has_nul)
		report_error(loader, (struct position){document->file, 0}, "save it as UTF-8 text",
			     "the file holds a NUL byte, so it is not text");
	for (int number = 1; *line; number++) {
		size_t size = strcspn(line, "\n");
		if (!text_is_valid(line, size))
			report_error(loader, (struct position){document->file, number}, "save the file as UTF-8",
				     "this line is not UTF-8");
		line += size + (line[size] == '\n');
	}
}

/* NULL when the document cannot be parsed, which is reported. */
static struct conf_node *parse_document(struct loader *loader, struct document *document)
{
	struct conf_node *root = NULL;
	struct error err = {0};
	size_t errors = loader->findings->errors;
	int line = 1;

	add_document(loader, document);
	check_bytes(loader, document);
	if (syntax_check(loader, document) == 0 && !document->has_nul &&
	    conf_parse(document->text, document->file, loader->arena, &root, &line, &err) == 0)
		return root;
	loader->partial = true;
	if (loader->findings->errors == errors)
		report_error(loader, (struct position){document->file, line}, NULL, "%s", err.text);
	return NULL;
}

/* --- include_dir --------------------------------------------------------------------------------------------------- */

static int is_included(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_ends_with(entry->d_name, ".conf");
}

/* As strcmp() orders: the same in every locale. */
static int name_compare(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* What else is in the file is looked at all the same. */
static void leave_out(struct conf_node *root, const struct conf_node *child)
{
	size_t kept = 0;

	for (size_t i = 0; i < root->count; i++)
		if (root->children[i] != child)
			root->children[kept++] = root->children[i];
	root->count = kept;
}

static void include_document(struct loader *loader, struct document *document)
{
	struct conf_node *root = parse_document(loader, document);
	if (!root)
		return;
	const struct conf_node *again = conf_child(root, "include_dir");
	if (again) {
		report_error(loader, node_position(again), "only the main file may set it",
			     "\"include_dir\" is set in a file that is included itself");
		leave_out(root, again);
	}
	tree_merge(loader, root);
}

static void include_file(struct loader *loader, const char *file)
{
	struct document *document;
	struct error err = {0};

	if (document_read(file, loader->arena, &document, &err) == 0) {
		include_document(loader, document);
		return;
	}
	loader->partial = true;
	report_error(loader, (struct position){file, 0}, NULL, "%s", err.text);
}

static struct document *given_document(struct loader *loader, size_t at)
{
	const struct config_text *text = &loader->given[at];

	return document_make(text->file, text->bytes, text->size, loader->arena);
}

static void include_given(struct loader *loader)
{
	for (size_t i = 1; i < loader->given_count; i++)
		include_document(loader, given_document(loader, i));
}

static void include_directory(struct loader *loader, const struct conf_node *node, const char *directory)
{
	struct dirent **entries;

	int count = scandir(directory, &entries, is_included, name_compare);
	if (count < 0) {
		loader->partial = true;
		report_error(loader, node_position(node),
			     errno == ENOENT ? "make it, empty if need be, or leave include_dir out" : NULL,
			     "the directory %s cannot be read: %s", directory, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		include_file(loader, arena_printf(loader->arena, "%s/%s", directory, entries[i]->d_name));
		free(entries[i]);
	}
	free(entries);
}

static void follow_include(struct loader *loader, const struct conf_node *root)
{
	const struct conf_node *node = conf_child(root, "include_dir");
	if (!node)
		return;
	const char *text = node->type == CONF_STRING ? value_text(loader, node) : NULL;
	if (loader->given)
		include_given(loader);
	else if (text && *text)
		include_directory(loader, node, path_beside(node->file, text, loader->arena));
	else if (text || node->type != CONF_STRING)
		report_error(loader, node_position(node), NULL, "\"include_dir\" must be the name of a directory");
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void keep_texts(struct loader *loader)
{
	struct config_text *texts = arena_alloc_array(loader->arena, loader->document_count + 1, sizeof(*texts));

	for (size_t i = 0; i < loader->document_count; i++) {
		const struct document *document = loader->documents[i];
		texts[i] = (struct config_text){document->file, document->text, document->size};
	}
	loader->config->texts = texts;
	loader->config->text_count = loader->document_count;
}

static void keep_written(struct loader *loader)
{
	struct config_written *written = arena_alloc(loader->arena, sizeof(*written));

	*written = (struct config_written){loader->documents, loader->document_count, loader->root};
	loader->config->written = written;
}

static int finish(struct loader *loader, struct config **ret, struct error *err)
{
	struct findings *findings = loader->findings;

	findings_sort(loader);
	keep_texts(loader);
	keep_written(loader);
	if (findings->errors == 0)
		*ret = loader->config;
	else
		findings->draft = loader->config;
	return findings_error(findings, err);
}

static int load_document(struct loader *loader, struct document *document, struct config **ret, struct error *err)
{
	struct conf_node *root = parse_document(loader, document);

	loader->root = arena_alloc(loader->arena, sizeof(*loader->root));
	loader->root->file = document->file;
	if (root) {
		tree_merge(loader, root);
		follow_include(loader, root);
	}
	tree_read(loader);
	check_database(loader);
	check_sources(loader);
	check_rules(loader);
	check_targets(loader);
	check_notices(loader);
	check_status(loader);
	check_signin(loader);
	check_signals(loader);
	return finish(loader, ret, err);
}

static struct loader loader_start(const char *file, struct arena *arena, struct findings *findings)
{
	struct loader loader = {.arena = arena, .findings = findings};

	*findings = (struct findings){0};
	loader.config = arena_alloc(arena, sizeof(*loader.config));
	loader.config->file = arena_strdup(arena, file);
	return loader;
}

int config_load(const char *file, struct arena *arena, struct config **ret, struct findings *findings,
		struct error *err)
{
	struct loader loader = loader_start(file, arena, findings);
	struct document *document;
	struct error why = {0};

	if (document_read(file, arena, &document, &why) == 0)
		return load_document(&loader, document, ret, err);
	report_error(&loader, (struct position){loader.config->file, 0}, NULL, "%s", why.text);
	return findings_error(findings, err);
}

int config_load_texts(const struct config_text *texts, size_t count, struct arena *arena, struct config **ret,
		      struct findings *findings, struct error *err)
{
	struct loader loader = loader_start(texts[0].file, arena, findings);

	loader.given = texts;
	loader.given_count = count;
	return load_document(&loader, given_document(&loader, 0), ret, err);
}

int config_load_text(const char *bytes, size_t size, struct arena *arena, struct config **ret,
		     struct findings *findings, struct error *err)
{
	struct loader loader = loader_start("rosterd.conf", arena, findings);

	return load_document(&loader, document_make(loader.config->file, bytes, size, arena), ret, err);
}
