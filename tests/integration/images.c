/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images of root file systems that a line of shell makes. An import from a pipe goes on for as long as the test wants.
 */
#include "images.h"

#include <glib/gstdio.h>

char *archive_new(const char *script)
{
        g_autofree char *pattern = g_build_filename(g_getenv("GANGWAY_TEST_DIR"), "archive-XXXXXX", NULL);
        g_autofree char *folder = g_mkdtemp(g_steal_pointer(&pattern));

        g_assert_nonnull(folder);
        g_free(shell("cd '%s' && mkdir root && (cd root && %s) && tar -cf archive.tar -C root . && rm -rf root && "
                     "chmod 755 . && chmod 644 archive.tar",
                     folder, script));
        return g_build_filename(folder, "archive.tar", NULL);
}

const char *archive_shared(void)
{
        static char *path = NULL;

        if (!path)
                path = archive_new("mkdir -p bin etc && echo hello >etc/greeting && "
                                   "head -c 300000 /dev/urandom >bin/program && chmod 755 bin/program");
        return path;
}

static GVariant *parse_options(const char *options)
{
        return g_variant_new_parsed(options ?: "@a{sv} {}");
}

guint32 image_import_send(Client *caller, const char *name, int fd, const char *options)
{
        g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
        g_autoptr(GError) error = NULL;

        g_assert_cmpint(g_unix_fd_list_append(fds, fd, &error), ==, 0);
        g_assert_no_error(error);
        return client_send_to(caller, GANGWAY_NAME, GANGWAY_PATH, "org.gangway1.Manager", "ImportImage",
                              g_variant_new("(sh@a{sv})", name, 0, parse_options(options)), fds,
                              G_DBUS_MESSAGE_FLAGS_NONE);
}

char *image_import(Client *caller, const char *name, int fd, const char *options)
{
        g_autoptr(Reply) reply = client_receive(caller, image_import_send(caller, name, fd, options));
        char *path = NULL;

        if (reply->error)
                g_error("ImportImage: %s: %s", reply->error, reply->message);
        g_variant_get(reply->body, "(o)", &path);
        return path;
}

void image_new(Client *caller, const char *name, const char *options)
{
        int fd = client_open(caller, archive_shared(), O_RDONLY);
        g_autofree char *path = image_import(caller, name, fd, options);
        g_autoptr(GVariant) result = operation_wait(caller, path);

        close_fd(&fd);
}

Reply *image_import_fails(Client *caller, const char *name, int fd, const char *options)
{
        Reply *reply = client_receive(caller, image_import_send(caller, name, fd, options));

        g_assert_nonnull(reply->error);
        return reply;
}

Reply *image_tag(Client *caller, const char *name, const char *new_name, const char *options)
{
        return client_try(caller, GANGWAY_PATH, "TagImage",
                          g_variant_new("(ss@a{sv})", name, new_name, parse_options(options)));
}

Reply *image_remove(Client *caller, const char *name, const char *options)
{
        return client_try(caller, GANGWAY_PATH, "RemoveImage",
                          g_variant_new("(s@a{sv})", name, parse_options(options)));
}

char *image_list(Client *caller)
{
        g_autoptr(GVariant) body = client_call(caller, GANGWAY_PATH, "ListImages", NULL);
        g_autoptr(GVariantIter) images = NULL;
        GString *text = g_string_new(NULL);
        const char *name;
        gboolean system;
        guint owner;

        g_variant_get(body, "(a(sbuttsa{sv}))", &images);
        while (g_variant_iter_next(images, "(&sbutt&s@a{sv})", &name, &system, &owner, NULL, NULL, NULL, NULL))
                if (system)
                        g_string_append_printf(text, " system/%s", name);
                else
                        g_string_append_printf(text, " %u/%s", owner, name);
        return g_string_free(text, FALSE);
}

static void remove_all(Client *owner)
{
        g_autofree char *list = image_list(owner), *own = g_strdup_printf("%u/", client_uid(owner));
        g_auto(GStrv) images = g_strsplit(list, " ", -1);

        for (char **image = images; *image; image++)
                if (g_str_has_prefix(*image, own))
                        reply_free(image_remove(owner, *image + strlen(own), NULL));
                else if (g_str_has_prefix(*image, "system/") && owner == client)
                        reply_free(image_remove(owner, *image + strlen("system/"), "{'system': <true>}"));
}

void images_clear(void)
{
        remove_all(alice);
        remove_all(bob);
        remove_all(client);
        g_autofree char *list = image_list(client);
        g_assert_cmpstr(list, ==, "");
}

char *fresh_snapshot(void)
{
        daemon_restart();
        g_free(image_list(client));
        return world_snapshot();
}

GVariant *operation_wait(Client *caller, const char *path)
{
        g_autoptr(GVariant) body = client_call(caller, path, "Wait", NULL);
        GVariant *result = NULL;

        g_variant_get(body, "(@a{sv})", &result);
        return result;
}

guint64 operation_wait_number(Client *caller, const char *path, const char *key)
{
        g_autoptr(GVariant) result = operation_wait(caller, path);
        guint64 number;

        if (!g_variant_lookup(result, key, "t", &number))
                g_error("the result has no '%s'", key);
        return number;
}

Reply *operation_wait_fails(Client *caller, const char *path, const char *error, const char *part)
{
        Reply *reply = client_try(caller, path, "Wait", NULL);

        assert_error(reply, error, part);
        return reply;
}

SlowImport *slow_import_new(Client *caller, const char *name)
{
        SlowImport *import = g_new0(SlowImport, 1);
        g_autofree char *archive = NULL;
        g_autoptr(GError) error = NULL;
        int ends[2];
        gsize size;

        g_file_get_contents(archive_shared(), &archive, &size, &error);
        g_assert_no_error(error);
        make_pipe(ends);
        import->client = caller;
        import->path = image_import(caller, name, ends[0], NULL);
        close_fd(&ends[0]);
        import->writer = ends[1];
        /* The last file is whole, the end of the archive is missing. */
        import->rest_size = 1024;
        import->rest = g_memdup2(archive + size - import->rest_size, import->rest_size);
        for (gsize done = 0; done < size - import->rest_size;) {
                gssize n = write(import->writer, archive + done, size - import->rest_size - done);

                g_assert_cmpint(n, >, 0);
                done += (gsize) n;
        }
        return import;
}

void slow_import_end(SlowImport *import)
{
        g_assert_cmpint(write(import->writer, import->rest, import->rest_size), ==, import->rest_size);
        close_fd(&import->writer);
}

void slow_import_free(SlowImport *import)
{
        if (!import)
                return;
        if (import->writer >= 0)
                close_fd(&import->writer);
        g_free(import->rest);
        g_free(import->path);
        g_free(import);
}
