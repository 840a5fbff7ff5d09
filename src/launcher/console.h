/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The console socket of the OCI runtime's command line: the runtime makes a terminal in the container's own devpts,
 * connects to this socket, and hands the master over (runc, docs/terminals.md; crun(1), --console-socket).
 */

/* Makes the socket at path, which is a path in a folder that nobody else may enter. Returns the listening fd. */
int console_listen(const char *path);

/* Takes the master that the runtime has sent; it does not wait. Returns the fd. -EAGAIN: nobody connected. */
int console_receive(int listener);

/* An O_PATH fd of the terminal's other side. It keeps neither side open, so that hang-ups work as if it weren't there;
 * opened again through /proc/self/fd it serves to set the size. */
int console_slave_path(int master);
