/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/folder-list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "util/cleanup.h"

#define MODE_BITS 07777U

typedef struct Folder {
        char *path;
        mode_t mode;
        struct timespec times[2];
} Folder;

static void folder_clear(void *data)
{
        Folder *folder = data;

        g_free(folder->path);
}

GArray *folder_list_new(void)
{
        GArray *list = g_array_new(FALSE, FALSE, sizeof(Folder));

        g_array_set_clear_func(list, folder_clear);
        return list;
}

void folder_list_add(GArray *list, const Entry *entry)
{
        struct archive_entry *from = entry->archive_entry;
        Folder folder = {
                .path = g_strdup(entry->path),
                .mode = archive_entry_mode(from) & MODE_BITS,
                .times = {{.tv_nsec = UTIME_OMIT}, {.tv_nsec = UTIME_OMIT}},
        };

        if (archive_entry_atime_is_set(from))
                folder.times[0] = (struct timespec){archive_entry_atime(from), archive_entry_atime_nsec(from)};
        if (archive_entry_mtime_is_set(from))
                folder.times[1] = (struct timespec){archive_entry_mtime(from), archive_entry_mtime_nsec(from)};
        g_array_append_val(list, folder);
}

int folder_list_apply(const GArray *list)
{
        for (unsigned i = 0; i < list->len; i++) {
                const Folder *folder = &g_array_index(list, Folder, i);
                _cleanup_close_ int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                /* Something else has replaced it. */
                if (fd < 0)
                        continue;
                if (fchmod(fd, folder->mode) < 0 || futimens(fd, folder->times) < 0)
                        return -errno;
        }
        return 0;
}
