/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commit.h"

#define WRITTEN "[{'type': <'bind'>, 'destination': <'/'>, 'image': <'%s'>, 'output': <true>}]"

void root_image_new(Client *caller, const char *name, const char *script)
{
        g_autofree char *make = g_strdup_printf("cp -a '%s/.' . && %s", root_shared(), script ?: "true");
        g_autofree char *archive = archive_new(make);
        int fd = client_open(caller, archive, O_RDONLY);
        g_autofree char *path = image_import(caller, name, fd, NULL);
        g_autoptr(GVariant) result = operation_wait(caller, path);

        close_fd(&fd);
}

Container *container_of_image(Client *caller, const char *image)
{
        g_autofree char *mounts = g_strdup_printf(WRITTEN, image);

        return container_new(caller, .mounts = mounts);
}

Container *container_of_image_started(Client *caller, const char *image)
{
        g_autofree char *mounts = g_strdup_printf(WRITTEN, image);

        return container_new_started(caller, .mounts = mounts);
}

static GVariant *arguments(guint index, const char *image, const char *options)
{
        return g_variant_new("(us@a{sv})", index, image, g_variant_new_parsed(options ?: "@a{sv} {}"));
}

char *commit_begin(Container *container, guint index, const char *image, const char *options)
{
        g_autoptr(GVariant) body =
                client_call(container->client, container->path, "Commit", arguments(index, image, options));
        char *path;

        g_variant_get(body, "(o)", &path);
        return path;
}

void commit_fails(Client *caller, const Container *container, guint index, const char *image, const char *options,
                  const char *error, const char *part)
{
        g_autoptr(Reply) reply = client_try(caller, container->path, "Commit", arguments(index, image, options));

        g_test_message("%u %s %s", index, image, options);
        assert_error(reply, error, part);
}

void commit(Container *container, guint index, const char *image)
{
        g_autofree char *path = commit_begin(container, index, image, NULL);
        g_autoptr(GVariant) result = operation_wait(container->client, path);
        const char *name;

        g_assert_true(g_variant_lookup(result, "image", "&s", &name));
        g_assert_cmpstr(name, ==, image);
}

gboolean has_file(Container *container, const char *path)
{
        g_autoptr(Reply) reply = client_try(container->client, container->path, "StatFile",
                                            g_variant_new_parsed("(uint32 0, %s, @a{sv} {})", path));

        if (reply->error)
                g_assert_cmpstr(reply->error, ==, ERROR_GANGWAY("NoSuchFile"));
        return !reply->error;
}
