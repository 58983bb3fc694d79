/* SPDX-License-Identifier: Apache-2.0 */
/* sign_in: rosterctl has somebody prove who he is, by way of `rosterd: signin`. */
#ifndef APP_SIGN_IN_H
#define APP_SIGN_IN_H

#include "roster/app.h"

/* Say where to go, wait until he has been there, and keep the session for what follows. factor: a second factor is to be shown
 * anew. A line for people says who he is. */
int sign_in(struct app *app, bool factor, struct error *err);
/* Is there somebody who could be asked to? */
bool sign_in_is_possible(void);
/* The store acts as who signed in from here on, when somebody has; when his session has ended, that is said, once. */
int sign_in_use(struct app *app, struct store *store, struct error *err);

#endif
