/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/operation.h"
#include "service/service.h"
#include "util/string-message.h"

/* The work of an operation that is one verb of gangway-store. */

extern const OperationWork store_work;

/* The userdata of store_work: strings are the verb and its arguments, up to NULL, and are copied; fd, -1 for none, goes
 * along and is taken over. */
void *store_work_new(Service *service, const char *const *strings, int fd);

/* What a helper answered, as the result of an operation. The caller unrefs it. */
GPtrArray *store_result(const StringMessage *answer);
