/* SPDX-License-Identifier: Apache-2.0 */
/* capture: what a function writes to standard output, as text. */
#ifndef TESTS_APP_CAPTURE_H
#define TESTS_APP_CAPTURE_H

/* Between start and end nothing reaches the terminal. end gives the text, which lives until the next end. */
void capture_start(void);
const char *capture_end(void);

#endif
