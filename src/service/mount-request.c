/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/mount-request.h"

#include <fcntl.h>
#include <string.h>

#include "util/cleanup.h"

static void __attribute__((format(printf, 2, 3))) add(GPtrArray *strings, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        g_ptr_array_add(strings, g_strdup_vprintf(format, arguments));
        va_end(arguments);
}

static const char *what(MountOperationType type)
{
        switch (type) {
        case MOUNT_OPERATION_CHILD:
                return "child";
        case MOUNT_OPERATION_TMPFS:
                return "tmpfs";
        case MOUNT_OPERATION_SECRET:
                return "secret";
        case MOUNT_OPERATION_SSH:
                return "ssh";
        default:
                return "input";
        }
}

static void add_layers(GPtrArray *strings, const StoreImage *image)
{
        GString *text = g_string_new("layers=");

        for (guint i = 0; i < image->layers->len; i++) {
                const StoreLayer *layer = image->layers->pdata[i];

                g_string_append_printf(text, "%s%s:%u", i > 0 ? "," : "", layer->folder, layer->id_base);
        }
        g_ptr_array_add(strings, g_string_free(text, FALSE));
}

static void add_ids(GPtrArray *strings, MountIds ids, uint32_t owner)
{
        switch (ids) {
        case MOUNT_IDS_HOST:
                add(strings, "ids=none");
                break;
        case MOUNT_IDS_CALLER:
                add(strings, "ids=caller:%u", owner);
                break;
        case MOUNT_IDS_RANGE:
                add(strings, "ids=range:0");
                break;
        }
}

GPtrArray *mount_request_new(const MountOperation *operation, uint32_t owner, uint32_t id_base,
                             const MountSource *source)
{
        GPtrArray *strings = g_ptr_array_new_with_free_func(g_free);
        const MountSpec *mount = operation->mount;

        add(strings, "mount");
        add(strings, "%u", mount->index);
        add(strings, "%s", mount->destination);
        add(strings, "%s", what(operation->type));
        if (source->cache) {
                add(strings, "cache=%s", source->cache);
                add(strings, "ids=range:%u", source->cache_id_base);
        } else if (source->image) {
                add_layers(strings, source->image);
        }
        if (mount->host_path)
                add(strings, "host-path=%s", mount->host_path);
        if (operation->input == MOUNT_INPUT_FOLDER)
                add_ids(strings, operation->ids, owner);
        if (mount->selector)
                add(strings, "selector=%s", mount->selector);
        if (operation->type == MOUNT_OPERATION_TMPFS && mount->size > 0)
                add(strings, "size=%" G_GUINT64_FORMAT, mount->size);
        if (operation->type == MOUNT_OPERATION_SSH)
                add(strings, "caller=%u", owner);
        if (operation->type == MOUNT_OPERATION_SECRET || operation->type == MOUNT_OPERATION_SSH) {
                add(strings, "uid=%u", id_base + mount->uid);
                add(strings, "gid=%u", id_base + mount->gid);
                add(strings, "mode=%u", mount->mode);
        }
        if (operation->read_only)
                add(strings, "read-only=1");
        if (operation->output == MOUNT_OUTPUT_FOLDER)
                add(strings, "written=1");
        if (operation->devices)
                add(strings, "devices=1");
        if (operation->by_runtime)
                add(strings, "by-runtime=1");
        g_ptr_array_add(strings, NULL);
        return strings;
}

int mount_request_pipe(GBytes *bytes)
{
        _cleanup_close_ int out = -1, in = -1;
        gsize size;
        const char *data = g_bytes_get_data(bytes, &size);
        int ends[2];

        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
                return -errno;
        out = ends[0];
        in = ends[1];
        if (size > 0 && fcntl(in, F_SETPIPE_SZ, (int) size) < 0)
                return -errno;
        while (size > 0) {
                ssize_t n = write(in, data, size);

                if (n < 0)
                        return -errno;
                data += n;
                size -= (gsize) n;
        }
        /* The reader waits for nothing: it is all there. */
        if (fcntl(out, F_SETFL, 0) < 0)
                return -errno;
        return steal_fd(&out);
}
