/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unpack/sentence.h"
#include "unpack/socket-wait.h"
#include "util/cleanup.h"
#include "util/error.h"

#define PREFIX      ".wh."
#define META_PREFIX ".wh..wh."
#define OPAQUE      ".wh..wh..opq"

void whiteouts_init(Whiteouts *whiteouts)
{
        whiteouts->hidden = g_ptr_array_new_with_free_func(g_free);
        whiteouts->opaque = g_ptr_array_new_with_free_func(g_free);
}

void whiteouts_done(Whiteouts *whiteouts)
{
        g_clear_pointer(&whiteouts->hidden, g_ptr_array_unref);
        g_clear_pointer(&whiteouts->opaque, g_ptr_array_unref);
}

/* The path with the prefix of its last component taken away. */
static char *hidden_path(const char *path, size_t folder_length)
{
        return g_strdup_printf("%.*s%s", (int) folder_length, path, path + folder_length + strlen(PREFIX));
}

/* Also one below such a folder: AUFS kept hard links in .wh..wh.plnk. */
static bool is_meta(const char *path)
{
        return g_str_has_prefix(path, META_PREFIX) || strstr(path, "/" META_PREFIX);
}

int whiteouts_take(Whiteouts *whiteouts, const Entry *entry, const char *what, sd_bus_error *error)
{
        const char *slash = strrchr(entry->path, '/'), *name = slash ? slash + 1 : entry->path;
        size_t folder_length = (size_t) (name - entry->path);

        if (strcmp(name, OPAQUE) == 0) {
                g_ptr_array_add(whiteouts->opaque,
                                folder_length > 0 ? g_strndup(entry->path, folder_length - 1) : g_strdup("."));
                return 1;
        }
        if (is_meta(entry->path))
                return 1;
        if (!g_str_has_prefix(name, PREFIX))
                return 0;

        name += strlen(PREFIX);
        if (strcmp(name, "") == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
                return entry_error(entry, what, error, "a whiteout of the name '%s' means nothing", name);
        g_ptr_array_add(whiteouts->hidden, hidden_path(entry->path, folder_length));
        return 1;
}

/* Folders of the layers below that this one has no entry for. */
static int make_folders(const char *path)
{
        g_autofree char *copy = g_strdup(path);

        for (char *slash = copy; (slash = strchr(slash, '/')); *slash++ = '/') {
                *slash = '\0';
                if (mkdir(copy, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        return mkdir(copy, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_parent(const char *path)
{
        g_autofree char *parent = g_path_get_dirname(path);

        return strcmp(parent, ".") == 0 ? 0 : make_folders(parent);
}

/* The store looks it up without symlinks, too. */
static int check_folder(const char *path)
{
        struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
        long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

        if (fd < 0)
                return -errno;
        safe_close((int) fd);
        return 0;
}

static int set_opaque(const char *path, int report)
{
        int r = check_folder(path);

        return r < 0 ? r : socket_send(report, (const char *const[]){"opaque", path, NULL});
}

static int hide(const char *path, int report)
{
        struct stat st;
        int r;

        if (lstat(path, &st) >= 0)
                return S_ISDIR(st.st_mode) ? set_opaque(path, report) : 0;
        r = make_parent(path);
        if (r < 0)
                return r;
        return mknod(path, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
}

static int set_error(const char *path, int r, const char *what, sd_bus_error *error)
{
        g_autofree char *name = sentence_name(path);
        g_autofree char *start = g_strdup_printf("%s has a whiteout of '%s' that can't be made", what, name);

        return sentence_disk_error(error, start, -r);
}

int whiteouts_apply(const Whiteouts *whiteouts, int report, const char *what, sd_bus_error *error)
{
        for (size_t i = 0; i < whiteouts->hidden->len; i++) {
                const char *path = whiteouts->hidden->pdata[i];
                int r = hide(path, report);

                if (r < 0)
                        return set_error(path, r, what, error);
        }
        for (size_t i = 0; i < whiteouts->opaque->len; i++) {
                const char *path = whiteouts->opaque->pdata[i];
                int r = make_folders(path);

                if (r >= 0)
                        r = set_opaque(path, report);
                if (r < 0)
                        return set_error(path, r, what, error);
        }
        return 0;
}
