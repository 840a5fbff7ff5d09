/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Handlers of binfmt_misc. The kernel has one registry for the throw-away system and the machine around it, so what a
 * test adds has names that nobody else has, and goes away in every case: at the test's end, at the next one's start,
 * and at last by tools/boot.
 */

/* Mounts the registry, and removes what a test that failed half-way left there. */
void handlers_begin(void);
void handlers_end(void);

/* Registers a handler for an architecture, as OCI calls it ("arm64", "s390x", "riscv64" and others), with these flags.
 * What it starts is Debian's emulator of that one where it is installed, or else a program that is none. */
void handler_add(const char *name, const char *architecture, const char *flags);
/* Removes it, or turns it on or off: "-1", "1", "0". */
void handler_set(const char *name, const char *word);

/* An architecture, of those above, that this machine has no handler for; `platforms` is what can run. */
const char *handler_missing(const char *const *platforms);

/* Another architecture's BusyBox, of tools/deps. */
#define FOREIGN_ARCHITECTURE "arm64"
#define FOREIGN_MACHINE      "aarch64"
#define FOREIGN_BUSYBOX      "/var/cache/gangway/foreign/" FOREIGN_ARCHITECTURE "/bin/busybox"
