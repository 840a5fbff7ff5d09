/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A container of many mounts, made and released, beside the same mounts made and unmade with mount(8): a root image of
 * 20 layers, four folders read-only, three file systems in memory, and three folders below a throw-away layer.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bus.h"
#include "figures.h"
#include "util/cleanup.h"

#define IMAGE "bench/layers"

static int open_folder(const char *path)
{
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                g_error("%s: %s", path, g_strerror(errno));
        return fd;
}

static void append_mount(sd_bus_message *m, unsigned i, int folder)
{
        g_autofree char *destination = g_strdup_printf("/mnt/%u", i);
        int r;

        if (i < 4)
                r = sd_bus_message_append(m, "a{sv}", 4, "type", "s", "bind", "destination", "s", destination, "source",
                                          "h", folder, "read-only", "b", TRUE);
        else if (i < 7)
                r = sd_bus_message_append(m, "a{sv}", 3, "type", "s", "tmpfs", "destination", "s", destination, "size",
                                          "t", UINT64_C(1048576));
        else
                r = sd_bus_message_append(m, "a{sv}", 3, "type", "s", "bind", "destination", "s", destination, "source",
                                          "h", folder);
        check(r, "a mount", NULL);
}

static char *create(int folder)
{
        sd_bus_message *m = new_call(ROOT, MANAGER, "CreateContainer"), *reply;
        const char *path;
        char *copy;

        check(sd_bus_message_append(m, "s", ""), "CreateContainer", NULL);
        check(sd_bus_message_open_container(m, 'a', "{sv}"), "CreateContainer", NULL);
        check(sd_bus_message_append(m, "{sv}", "net-mode", "s", "none"), "CreateContainer", NULL);
        check(sd_bus_message_open_container(m, 'e', "sv"), "CreateContainer", NULL);
        check(sd_bus_message_append(m, "s", "mounts"), "CreateContainer", NULL);
        check(sd_bus_message_open_container(m, 'v', "aa{sv}"), "CreateContainer", NULL);
        check(sd_bus_message_open_container(m, 'a', "a{sv}"), "CreateContainer", NULL);
        check(sd_bus_message_append(m, "a{sv}", 3, "type", "s", "bind", "destination", "s", "/", "image", "s", IMAGE),
              "the root", NULL);
        for (unsigned i = 0; i < 10; i++)
                append_mount(m, i, folder);
        for (unsigned i = 0; i < 4; i++)
                check(sd_bus_message_close_container(m), "CreateContainer", NULL);

        reply = call(m);
        check(sd_bus_message_read(reply, "o", &path), "CreateContainer", NULL);
        copy = g_strdup(path);
        sd_bus_message_unref(reply);
        return copy;
}

static void import(const char *layout)
{
        _cleanup_close_ int fd = open_folder(layout);
        g_autofree char *operation = begin_import(IMAGE, fd);

        sd_bus_message_unref(call(new_call(operation, OPERATION, "Wait")));
}

int main(int argc, char *argv[])
{
        unsigned rounds = argc > 3 ? (unsigned) g_ascii_strtoull(argv[3], NULL, 10) : 40;
        Figure made = {"CreateContainer"}, released = {"Release"}, own = {"CreateContainer and Release"},
               bare = {"mount and umount"};
        _cleanup_close_ int folder = -1;
        gboolean ok;

        if (argc < 3)
                g_error("Run this as tools/boot tests/bench/mounts");
        bus_open();
        import(argv[1]);
        folder = open_folder(argv[2]);
        for (unsigned i = 0; i < rounds; i++) {
                g_autofree char *path = NULL;
                double begun = now_ms(), middle, end;

                if (system(g_getenv("BENCH_BY_HAND")) != 0)
                        g_error("mount-by-hand failed");
                figure_add(&bare, now_ms() - begun);

                begun = now_ms();
                path = create(folder);
                middle = now_ms();
                call_plain(path, CONTAINER, "Release");
                end = now_ms();
                figure_add(&made, middle - begun);
                figure_add(&released, end - middle);
                figure_add(&own, end - begun);
        }
        g_print("  %-44s %8s %8s   rounds\n", "milliseconds", "median", "95 %");
        figure_print(&bare);
        figure_print(&made);
        figure_print(&released);
        figure_print(&own);
        ok = figure_compare("ours / mount and umount", figure_median(&own) / figure_median(&bare), 2, TRUE);
        g_print("\n%s\n", ok ? "All figures are reached." : "Some figures are missed.");
        bus_close();
        return EXIT_SUCCESS;
}
