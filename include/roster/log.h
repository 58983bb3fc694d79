/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log: one line per event on standard error, for people on a terminal and in logfmt elsewhere, unless one form is asked for.
 *
 * Only jobs, verbs and the daemon log; a function that returns an error does not. Every line carries the fields bound
 * with log_bind() ("source", "run"), so a line says whose it is. Secrets have no printed form and never get here.
 */
#ifndef ROSTER_LOG_H
#define ROSTER_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG_LEVEL, LOG_INFO_LEVEL, LOG_CHANGE_LEVEL, LOG_WARN_LEVEL, LOG_ERROR_LEVEL };
enum log_format { LOG_AUTO, LOG_HUMAN, LOG_LOGFMT, LOG_JSON, LOG_JOURNAL };

/* Not called: INFO and above, format by isatty(stderr). */
void log_setup(enum log_level least, enum log_format format);
/* As the configuration names them: "info"; "auto", "text", "logfmt", "json", "journal". Unknown names are those of the start. */
enum log_level log_level_named(const char *name);
enum log_format log_format_named(const char *name);
/* Bind (value) or unbind (NULL) a field for all later lines of this process; name and value are copied. */
void log_bind(const char *name, const char *value);

/* Whether lines of that level are written: for who would have work to say something. */
bool log_wants(enum log_level level);

void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_debug(...)  log_write(LOG_DEBUG_LEVEL, __VA_ARGS__)
#define log_info(...)   log_write(LOG_INFO_LEVEL, __VA_ARGS__)
#define log_change(...) log_write(LOG_CHANGE_LEVEL, __VA_ARGS__) /* somebody's access changed */
#define log_warn(...)   log_write(LOG_WARN_LEVEL, __VA_ARGS__)
#define log_error(...)  log_write(LOG_ERROR_LEVEL, __VA_ARGS__)

#endif
