/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus.h"

sd_bus *bus;

void check(int r, const char *what, const sd_bus_error *error)
{
        if (r < 0)
                g_error("%s: %s", what, error && error->message ? error->message : g_strerror(-r));
}

void bus_open(void)
{
        check(sd_bus_open_system(&bus), "system bus", NULL);
        /* An import may take longer than the 25 s that a call is given otherwise. */
        check(sd_bus_set_method_call_timeout(bus, 10 * 60 * G_USEC_PER_SEC), "system bus", NULL);
}

void bus_close(void)
{
        bus = sd_bus_flush_close_unref(bus);
}

sd_bus_message *new_call(const char *path, const char *interface, const char *member)
{
        sd_bus_message *m = NULL;

        check(sd_bus_message_new_method_call(bus, &m, BUS, path, interface, member), member, NULL);
        return m;
}

sd_bus_message *call(sd_bus_message *m)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *reply = NULL;

        check(sd_bus_call(bus, m, 0, &error, &reply), sd_bus_message_get_member(m), &error);
        sd_bus_message_unref(m);
        return reply;
}

void call_plain(const char *path, const char *interface, const char *member)
{
        sd_bus_message_unref(call(new_call(path, interface, member)));
}

char *begin_import(const char *name, int fd)
{
        sd_bus_message *m = new_call(ROOT, MANAGER, "ImportImage"), *reply;
        const char *path;
        char *copy;

        check(sd_bus_message_append(m, "sha{sv}", name, fd, 0), "ImportImage", NULL);
        reply = call(m);
        check(sd_bus_message_read(reply, "o", &path), "ImportImage", NULL);
        copy = g_strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}
