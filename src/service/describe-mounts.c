/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/describe-mounts.h"

#define TEXT_MAX        512U
#define MOUNTS_TEXT_MAX 4096U

static char *cut(const char *text, size_t most)
{
        size_t length = strlen(text);

        return length <= most ? g_strdup(text) : g_strdup_printf("%.*s…", (int) most, text);
}

/* No control characters, no more than fits, and nothing beyond ASCII, so that a cut can't be in a character. */
static char *make_plain(const char *text)
{
        g_autofree char *escaped = g_strescape(text, NULL);

        return cut(escaped, TEXT_MAX);
}

char *describe_root(const ContainerSpec *spec)
{
        const MountSpec *root = container_spec_get_root(spec);

        if (root->host_path)
                return make_plain(root->host_path);
        return root->image ? g_strdup_printf("image %s", root->image) : g_strdup("-");
}

static const char *describe_access(const MountSpec *mount)
{
        if (mount->read_only)
                return " (read-only)";
        return mount->output ? " (written)" : "";
}

static void add(GString *text, const char *item)
{
        g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", item);
}

static char *finish(GString *text)
{
        if (text->len == 0)
                g_string_append_c(text, '-');
        return g_string_free(text, FALSE);
}

char *describe_host_paths(const ContainerSpec *spec)
{
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < spec->mounts->len; i++) {
                const MountSpec *mount = spec->mounts->pdata[i];
                g_autofree char *path = NULL, *item = NULL;

                if (!mount->host_path)
                        continue;
                path = make_plain(mount->host_path);
                item = g_strconcat(path, describe_access(mount), NULL);
                add(text, item);
        }
        return finish(text);
}

static char *describe_source(const MountSpec *mount)
{
        g_autofree char *text = NULL;

        switch (mount->type) {
        case MOUNT_BIND:
                if (mount->image)
                        return g_strdup_printf("image %s", mount->image);
                if (!mount->host_path)
                        return g_strdup(mount->source >= 0 ? "folder of the caller" : "empty folder");
                text = make_plain(mount->host_path);
                return g_strdup_printf("host path %s", text);
        case MOUNT_TMPFS:
                return g_strdup("memory");
        default:
                text = make_plain(mount->id);
                return g_strdup_printf("%s %s", mount_type_to_string(mount->type), text);
        }
}

char *describe_mounts(const ContainerSpec *spec)
{
        g_autoptr(GString) text = g_string_new(NULL);
        GString *shown;

        for (guint i = 0; i < spec->mounts->len; i++) {
                const MountSpec *mount = spec->mounts->pdata[i];
                g_autofree char *destination = NULL, *source = NULL, *item = NULL;

                if (mount_spec_is_root(mount) || mount->left_out)
                        continue;
                destination = make_plain(mount->destination);
                source = describe_source(mount);
                item = g_strconcat(destination, ": ", source, describe_access(mount), NULL);
                add(text, item);
        }
        shown = g_string_new(NULL);
        if (text->len > 0) {
                g_autofree char *short_text = cut(text->str, MOUNTS_TEXT_MAX);

                g_string_append(shown, short_text);
        }
        return finish(shown);
}

/* There are few enough of them to show each. */
char *describe_ports(const ContainerSpec *spec)
{
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < spec->ports->len; i++) {
                const PublishedPort *port = &g_array_index(spec->ports, PublishedPort, i);
                g_autofree char *number = port->host > 0 ? g_strdup_printf("%u", port->host) : g_strdup("*");
                g_autofree char *item = g_strdup_printf("%s:%s/%s", container_spec_get_port_address(spec), number,
                                                        published_port_protocol_to_string(port->protocol));

                add(text, item);
        }
        return finish(text);
}
