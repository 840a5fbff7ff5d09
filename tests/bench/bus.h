/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/* The benchmarks' one connection to the daemon. What fails ends the program, with words. */

#define BUS       "org.gangway1"
#define ROOT      "/org/gangway1"
#define MANAGER   "org.gangway1.Manager"
#define CONTAINER "org.gangway1.Container"
#define OPERATION "org.gangway1.Operation"

extern sd_bus *bus;

void bus_open(void);
void bus_close(void);

/* Ends the program where r is negative. */
void check(int r, const char *what, const sd_bus_error *error);

sd_bus_message *new_call(const char *path, const char *interface, const char *member);

/* Calls and waits; m is taken over, the caller unrefs the reply. */
sd_bus_message *call(sd_bus_message *m);

/* Calls a method that takes and gives nothing. */
void call_plain(const char *path, const char *interface, const char *member);

/* Imports what fd is opened for as an image. Returns the operation's path, which the caller frees. */
char *begin_import(const char *name, int fd);
