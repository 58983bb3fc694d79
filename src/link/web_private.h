/* SPDX-License-Identifier: Apache-2.0 */
/* web_private: what the two parts of the web facade share. */
#ifndef LINK_WEB_PRIVATE_H
#define LINK_WEB_PRIVATE_H

#include "roster/error.h"
#include "roster/str.h"

/* A listening socket for an address as web_listen() takes it; -1 with err. path gets that of a unix socket, to be removed
 * in the end. */
int web_socket(const char *address, struct str *path, struct error *err);

#endif
