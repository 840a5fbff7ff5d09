/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "backend/network.h"
#include "model/id-ranges.h"
#include "service/service.h"

/*
 * Networks that are ready before anybody asks ([Network] Pool= of gangwayd.conf), since what plugins do takes longer
 * than all the rest of a container. Each has a block of ids of its own, which its container gets along with it, because
 * a network namespace belongs to the user namespace that it was made in.
 */

typedef struct NetworkPool NetworkPool;

/* ranges: where the ids come from, borrowed. */
NetworkPool *network_pool_new(Service *service, IdRanges *ranges);

/* Forgets what is left: the next daemon undoes it. */
NetworkPool *network_pool_free(NetworkPool *pool);

/* Makes as many as the config says, one after the other; what there is already is checked, and replaced where the
 * plugins say that it is not as they left it, or where the config names another network now. */
void network_pool_reload(NetworkPool *pool);

/* One that is ready, with its ids, which the caller releases; NULL where there is none. The next one is made a moment
 * later, so that it is not in the way of the container that is being made now. */
Network *network_pool_take(NetworkPool *pool, uint32_t *ret_id_base);

typedef void (*NetworkPoolEmpty)(void *userdata);

/* Undoes all of them. Returns 1 where there are none, or 0 where empty will be called. */
int network_pool_stop(NetworkPool *pool, NetworkPoolEmpty empty, void *userdata);
