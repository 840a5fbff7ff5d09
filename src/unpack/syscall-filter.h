/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Leaves this process and its children the system calls that the parser needs; all others fail with ENOSYS, so that
 * the C library falls back to those. Needs no_new_privs. Errors: of libseccomp. */
int syscall_filter_enter(void);
