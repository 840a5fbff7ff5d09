/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A folder's entries in order, a page at a time, so that neither memory nor an answer grows with the folder: of all
 * names after the last page's only the lowest are kept, in a heap with the highest of them on top.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "launcher/files.h"
#include "util/cleanup.h"
#include "util/fs-ids.h"

#define LIMITS_EXCEEDED "org.freedesktop.DBus.Error.LimitsExceeded"

typedef struct Names {
        char **names; /* a heap until they are sorted */
        size_t n;
        size_t limit;
} Names;

static void names_done(Names *names)
{
        for (size_t i = 0; i < names->n; i++)
                free(names->names[i]);
        free(names->names);
}

static void swap(char **a, char **b)
{
        char *saved = *a;

        *a = *b;
        *b = saved;
}

static void sift_up(char **heap, size_t i)
{
        for (; i > 0 && strcmp(heap[i], heap[(i - 1) / 2]) > 0; i = (i - 1) / 2)
                swap(&heap[i], &heap[(i - 1) / 2]);
}

static void sift_down(char **heap, size_t n)
{
        for (size_t i = 0, child; (child = 2 * i + 1) < n; i = child) {
                if (child + 1 < n && strcmp(heap[child + 1], heap[child]) > 0)
                        child++;
                if (strcmp(heap[child], heap[i]) <= 0)
                        return;
                swap(&heap[child], &heap[i]);
        }
}

/* Keeps the name where it is one of the lowest so far. */
static int names_offer(Names *names, const char *name)
{
        bool full = names->n == names->limit;
        char *copy;

        if (full && strcmp(name, names->names[0]) >= 0)
                return 0;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        if (full) {
                free(names->names[0]);
                names->names[0] = copy;
                sift_down(names->names, names->n);
        } else {
                names->names[names->n] = copy;
                sift_up(names->names, names->n++);
        }
        return 0;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void close_folder(DIR **folder)
{
        if (*folder)
                (void) closedir(*folder);
}

/* Reads the lowest names after one, in order. */
static int names_read(int folder, size_t limit, const char *after, Names *ret)
{
        _cleanup_(close_folder) DIR *stream = NULL;
        _cleanup_(names_done) Names names = {.limit = limit};
        const struct dirent *entry;
        int fd, r;

        fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        stream = fdopendir(fd);
        if (!stream) {
                safe_close(fd);
                return -errno;
        }
        names.names = calloc(limit, sizeof(char *));
        if (!names.names)
                return -ENOMEM;

        while (errno = 0, (entry = readdir(stream))) {
                if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
                    strcmp(entry->d_name, after) <= 0)
                        continue;
                r = names_offer(&names, entry->d_name);
                if (r < 0)
                        return r;
        }
        if (errno != 0)
                return -errno;
        qsort(names.names, names.n, sizeof(char *), compare);
        *ret = names;
        names = (Names){};
        return 0;
}

typedef struct List {
        const FilesView *view;
        const char *path;
        FilesListed listed;
        void *userdata;
        size_t n; /* told so far */
} List;

static int tell(List *list, int folder, const Names *names, FilesError *error)
{
        FileEntry entry;
        int r;

        for (size_t i = 0; i < names->n; i++) {
                r = files_entry(list->view, folder, names->names[i], &entry);
                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return files_fail(error, r, names->names[i]);
                r = list->listed(names->names[i], &entry, list->userdata);
                if (r < 0)
                        return files_fail(error, r, list->path);
                list->n++;
        }
        return 0;
}

/* A file that has gone while the others were looked at must not make the page look like the last one: then what comes
 * after it fills it up. */
static int list_page(List *list, int folder, size_t limit, const char *after, FilesError *error)
{
        _cleanup_(names_done) Names names = {};
        int r;

        do {
                Names next = {};

                r = names_read(folder, limit - list->n, names.n > 0 ? names.names[names.n - 1] : after, &next);
                if (r < 0)
                        return files_fail(error, r, list->path);
                names_done(&names);
                names = next;
                r = tell(list, folder, &names, error);
                if (r < 0)
                        return r;
        } while (names.n > 0 && list->n < limit && names.n == names.limit);
        return 0;
}

static int list_all(List *list, int folder, FilesError *error)
{
        _cleanup_(names_done) Names names = {};
        int r;

        r = names_read(folder, FILES_ENTRIES_MAX + 1, "", &names);
        if (r < 0)
                return files_fail(error, r, list->path);
        if (names.n > FILES_ENTRIES_MAX)
                return files_fail_as(error, -E2BIG, LIMITS_EXCEEDED,
                                     "'%s' has more than %u entries; read it in parts, with limit and after",
                                     list->path, FILES_ENTRIES_MAX);
        return tell(list, folder, &names, error);
}

int files_list(const FilesView *view, const char *path, size_t limit, const char *after, FilesListed listed,
               void *userdata, FilesError *error)
{
        List list = {.view = view, .path = path, .listed = listed, .userdata = userdata};
        _cleanup_close_ int folder = -1;
        int saved, r;

        r = fs_ids_enter(view->id_base, view->id_base, &saved);
        if (r < 0)
                return files_fail(error, r, path);
        r = folder = files_find(view, path, O_DIRECTORY, error);
        if (r >= 0)
                r = limit > 0 ? list_page(&list, folder, limit, after, error) : list_all(&list, folder, error);
        fs_ids_leave(saved);
        return r;
}
