/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* For the tests of decoding: messages as the service gets them. */

#include <sys/socket.h>
#include <sys/un.h>

#include "unit.h"

#define INVALID SD_BUS_ERROR_INVALID_ARGS

typedef struct Fixture {
        sd_bus *bus;
        int peer;
        int folder;
        int agent; /* a socket's file */
        sd_bus_message *m;
} Fixture;

/* The file of a socket, which has no name any more. */
static inline int open_agent(void)
{
        _cleanup_(remove_tree) char *folder = make_tree();
        _cleanup_close_ int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd;

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/agent", folder);
        g_assert_cmpint(bind(listener, (struct sockaddr *) &address, sizeof(address)), ==, 0);
        fd = open(address.sun_path, O_PATH | O_CLOEXEC);
        g_assert_cmpint(fd, >=, 0);
        return fd;
}

static inline void fixture_set_up(Fixture *f, gconstpointer data)
{
        sd_id128_t id = SD_ID128_MAKE(01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c, 0d, 0e, 0f, 10);
        int pair[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), ==, 0);
        f->peer = pair[1];
        f->folder = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        f->agent = open_agent();
        g_assert_cmpint(sd_bus_new(&f->bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(f->bus, pair[0], pair[0]), >=, 0);
        g_assert_cmpint(sd_bus_set_server(f->bus, true, id), >=, 0);
        g_assert_cmpint(sd_bus_negotiate_fds(f->bus, true), >=, 0);
        g_assert_cmpint(sd_bus_start(f->bus), >=, 0);
}

static inline void fixture_tear_down(Fixture *f, gconstpointer data)
{
        sd_bus_message_unref(f->m);
        sd_bus_close_unref(f->bus);
        safe_close(f->peer);
        safe_close(f->folder);
        safe_close(f->agent);
}

/* The message with these arguments, as the service gets it. */
static inline sd_bus_message *make_message(Fixture *f, const char *types, ...)
{
        va_list arguments;

        f->m = sd_bus_message_unref(f->m);
        g_assert_cmpint(sd_bus_message_new_method_call(f->bus, &f->m, NULL, "/x", "org.example.X", "X"), >=, 0);
        va_start(arguments, types);
        g_assert_cmpint(sd_bus_message_appendv(f->m, types, arguments), >=, 0);
        va_end(arguments);
        g_assert_cmpint(sd_bus_message_seal(f->m, 1, 0), >=, 0);
        g_assert_cmpint(sd_bus_message_rewind(f->m, true), >=, 0);
        return f->m;
}

static inline void add(const char *name, void (*function)(Fixture *, gconstpointer))
{
        g_test_add(name, Fixture, NULL, fixture_set_up, function, fixture_tear_down);
}
