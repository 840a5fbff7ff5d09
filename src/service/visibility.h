/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Who may see whose objects without a question: the owner and root. For all others they are not there, unless polkit
 * grants manage-others for a call: access.c. */
static inline bool visibility_may_see(uint32_t uid, uint32_t owner)
{
        return uid == owner || uid == 0;
}
