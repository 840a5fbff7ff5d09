/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "util/string-message.h"

/*
 * The daemon's requests about mounts, in the order in which they come: prepare, any number of secret and mount, seal.
 * Each answers by itself, and returns 0, or a negative errno where the request is none of these forms or the daemon
 * can't be told.
 */

/* prepare ROOTFS STAGING SCRATCH LAYERS BASE PID */
int mount_call_prepare(StringMessage *message);

/* secret ID, with an fd: "ok SIZE" with a read-only fd of the content, which it is to be read from by pread(2). */
int mount_call_secret(StringMessage *message);

/* mount INDEX DESTINATION WHAT KEY=VALUE…, with an fd where it has a source: "ok" with the mount as a view (files.h);
 * "ok INDEX COUNT PATH" where COUNT components of a mount point were made, as the last ones of PATH on the mount INDEX.
 * WHAT is input, child, tmpfs, secret or ssh; the keys:
 *   layers=FOLDER:BASE,…  host-path=PATH  cache=PATH  ids=none, caller:UID or range:FIRST  selector=PATH
 *   caller=UID  size=BYTES  uid=ID  gid=ID  mode=NUMBER  and with 1: read-only= written= devices= by-runtime= */
int mount_call_mount(StringMessage *message);

/* seal SIZE SIZE SIZE, with an fd to read /etc/hosts, /etc/hostname and /etc/resolv.conf from, one right behind the
 * other: mounts these, and ends the making. "ok", and INDEX COUNT PATH, as above, for each mount point that was made,
 * and for those of the runtime's own that the root does not have. */
int mount_call_seal(StringMessage *message);

/* The container's root, -1 until it is mounted. */
int mount_call_get_root(void);
