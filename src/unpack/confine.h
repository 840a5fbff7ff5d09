/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The confinement of the parser. What is left to a parser that somebody took over: one folder, which is its root; ids
 * that nobody else has; no network, no other processes, no new privileges, and the system calls that it needs anyway.
 */

/* The folder becomes "/", in a mount namespace that shows nothing else; then the other namespaces are left. The pid
 * namespace is that of children. Needs root, and one thread. The mount namespace comes first, so it belongs to the
 * machine's user namespace, and the one entered here can change nothing in it.
 * On failure *ret_step is a static text of what failed. Errors: of the system calls. */
int confine_enter(int folder, const char **ret_step);

/* Becomes root of the user namespace, whose ids have been mapped by now, and gives up all that is not needed. */
int confine_drop(const char **ret_step);

/* Makes the folder, a path below the root, the root of this process, which can't do it again. Errors: of chroot(2). */
int confine_change_root(const char *folder);
