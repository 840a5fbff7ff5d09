/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The number of a signal written as "TERM", "SIGTERM", "15", "RTMIN+3" or "RTMAX-2". Errors: -EINVAL. */
int signal_from_string(const char *text);
