/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/*
 * The socket to gangway-store. Unlike the daemon, this program may wait for its peer. The errors of all functions mean
 * that there is none any more, or none that speaks this protocol: then there is nobody to tell, and nothing to do.
 */

#define STORE_LINK_FD 3

/* Sends strings, up to a NULL that the macro puts there. */
int store_link_send_strings(const char *const *strings);
#define store_link_send(...) store_link_send_strings((const char *const[]){__VA_ARGS__, NULL})

/* As store_link_send(), but does not wait: where the store is behind, it misses this one. */
void store_link_send_progress(unsigned long long done, unsigned long long total);

/* Says that the namespaces are there, and waits for the ids to be mapped. */
int store_link_wait_go(void);

/* Announces a layer, whose diff_id may be "". Returns 1 where it is wanted, 0 where the store has it. */
int store_link_ask_layer(size_t index, const char *diff_id);
