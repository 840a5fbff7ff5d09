/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "files.h"

static GVariant *arguments(guint index, const char *path, const char *options)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) parsed = g_variant_parse(G_VARIANT_TYPE_VARDICT, options ?: "{}", NULL, NULL, &error);

        g_assert_no_error(error);
        return g_variant_new("(us@a{sv})", index, path, parsed);
}

guint32 files_send(Client *caller, const char *container, const char *member, guint index, const char *path)
{
        return client_send(caller, container, member, arguments(index, path, NULL));
}

int files_open(Container *container, guint index, const char *path)
{
        g_autoptr(Reply) reply =
                client_try(container->client, container->path, "OpenFile", arguments(index, path, NULL));
        int handle, fd;

        if (reply->error)
                g_error("%s: %s: %s", path, reply->error, reply->message);
        g_variant_get(reply->body, "(h)", &handle);
        fd = g_unix_fd_list_get(reply->fds, handle, NULL);
        g_assert_cmpint(fd, >=, 0);
        return fd;
}

static GVariant *call(Container *container, const char *member, GVariant *args)
{
        g_autoptr(GVariant) body = client_call(container->client, container->path, member, args);

        return g_variant_get_child_value(body, 0);
}

GVariant *files_list(Container *container, guint index, const char *path, const char *options)
{
        return call(container, "ReadDirectory", arguments(index, path, options));
}

GVariant *files_stat(Container *container, guint index, const char *path, const char *options)
{
        return call(container, "StatFile", arguments(index, path, options));
}

void files_fails(Container *container, const char *member, guint index, const char *path, const char *options,
                 const char *error, const char *part)
{
        g_autoptr(Reply) reply =
                client_try(container->client, container->path, member, arguments(index, path, options));

        g_test_message("%s %u %.80s %s", member, index, path, options);
        assert_error(reply, error, part);
}

void assert_reads(Container *container, guint index, const char *path, const char *expected)
{
        int fd = files_open(container, index, path);
        g_autofree char *text = read_text(fd, NULL);

        g_assert_cmpstr(text, ==, expected);
        close_fd(&fd);
}

GVariant *find_entry(GVariant *entries, const char *name)
{
        for (gsize i = 0; i < g_variant_n_children(entries); i++) {
                g_autoptr(GVariant) entry = g_variant_get_child_value(entries, i);
                const char *found;

                if (g_variant_lookup(entry, "name", "&s", &found) && g_str_equal(found, name))
                        return g_steal_pointer(&entry);
        }
        return NULL;
}

void assert_text(GVariant *entry, const char *key, const char *expected)
{
        const char *found;

        if (!g_variant_lookup(entry, key, "&s", &found))
                g_error("there is no %s", key);
        g_assert_cmpstr(found, ==, expected);
}

guint number(GVariant *entry, const char *key)
{
        guint found;

        if (!g_variant_lookup(entry, key, "u", &found))
                g_error("there is no %s", key);
        return found;
}
