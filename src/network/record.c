/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * ID.json is the record, ID.new one that is being written, ID.lock what a process holds a lock on that works on it.
 *
 * Nothing is forced to the disk: a machine that stops takes the namespaces, interfaces and rules with it, and plugins
 * don't write their leases any more carefully. A record that it left half-written is told by its sweep and removed.
 *
 * The lock is an fd that plugins inherit, and they hand it on to what they start. So when this process is killed, the
 * next one waits until the plugin that was running has come to its end: a host-local that is left alone could otherwise
 * take an address after it was given back.
 */

#include "network/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "model/cni-json.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/file-bytes.h"
#include "util/log.h"

#define LOCK_INTERVAL 20 /* ms */

static const char *const suffixes[] = {".json", ".new", ".lock"};

static char *file_name(const char *id, const char *suffix)
{
        return g_strconcat(id, suffix, NULL);
}

static int fail(const Job *job, int r, const char *id, const char *what, sd_bus_error *error)
{
        return error_set(error, SD_BUS_ERROR_IO_ERROR, "The record of the network of '%s' in %s can't be %s: %s", id,
                         job->path, what, g_strerror(-r));
}

/* Whether the file is still the one of this name: its last user removes it. */
static bool is_current(Job *job, const char *name, int fd)
{
        struct stat own, named;

        return fstat(fd, &own) == 0 && fstatat(job->folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
               own.st_dev == named.st_dev && own.st_ino == named.st_ino;
}

/* Returns 1, or 0 where another process has it. */
static int try_lock(Job *job, const char *name, int *ret)
{
        _cleanup_close_ int fd = openat(job->folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        if (!is_current(job, name, fd))
                return 0;
        *ret = steal_fd(&fd);
        return 1;
}

int record_lock(Job *job, const char *id, int *ret, sd_bus_error *error)
{
        g_autofree char *name = file_name(id, ".lock");
        /* An operation of another process undoes what it did, and then a plugin has had its time twice. */
        gint64 end = g_get_monotonic_time() + (2 * (gint64) job->plugin_seconds + 10) * G_TIME_SPAN_SECOND;
        int r;

        while ((r = try_lock(job, name, ret)) == 0) {
                int cancelled;

                if (g_get_monotonic_time() > end) {
                        /* Whoever holds it never ends. Its file makes room for a new one. */
                        log_warning("Something still works on the network of '%s', and is not waited for any longer",
                                    id);
                        (void) unlinkat(job->folder, name, 0);
                        end = G_MAXINT64;
                        continue;
                }
                cancelled = job_check(job, error);
                if (cancelled < 0)
                        return cancelled;
                (void) job_wait(job, -1, LOCK_INTERVAL);
        }
        return r < 0 ? fail(job, r, id, "locked", error) : 0;
}

void record_unlock(Job *job, const char *id, int lock)
{
        g_autofree char *name = file_name(id, ".lock");

        if (lock >= 0 && is_current(job, name, lock))
                (void) unlinkat(job->folder, name, 0);
        safe_close(lock);
}

/* Returns 1, or 0 where there is none. */
static int read_file(Job *job, const char *id, char **ret_text, size_t *ret_size)
{
        g_autofree char *name = file_name(id, ".json"), *text = NULL;
        _cleanup_close_ int fd = openat(job->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat info;
        ssize_t size;

        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        if (fstat(fd, &info) < 0)
                return -errno;
        if (!S_ISREG(info.st_mode) || info.st_size > (off_t) CNI_RECORD_SIZE_MAX)
                return -EBADMSG;
        text = g_malloc((gsize) info.st_size + 1);
        size = file_bytes_read(fd, text, (size_t) info.st_size);
        if (size < 0)
                return (int) size;
        *ret_text = g_steal_pointer(&text);
        *ret_size = (size_t) size;
        return 1;
}

int record_load(Job *job, const char *id, CniRecord **ret, sd_bus_error *error)
{
        g_autofree char *text = NULL, *why = NULL;
        CniRecord *record = NULL;
        size_t size = 0;
        int r = read_file(job, id, &text, &size);

        if (r == 0)
                return 0;
        if (r < 0 && r != -EBADMSG)
                return fail(job, r, id, "read", error);
        if (r > 0)
                r = cni_record_parse(text, size, &record, &why);
        if (r >= 0 && record && !g_str_equal(record->id, id)) {
                why = g_strdup_printf("it is of '%s'", record->id);
                cni_record_free(record);
                r = -EBADMSG;
        }
        if (r < 0) {
                (void) error_set(error, SD_BUS_ERROR_INCONSISTENT_MESSAGE,
                                 "The record of the network of '%s' in %s is not as it was written: %s", id, job->path,
                                 why ? why : "it is no plain file, or too large");
                return r;
        }
        *ret = record;
        return 1;
}

static int write_file(Job *job, const char *name, const char *text)
{
        _cleanup_close_ int fd = openat(job->folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
        size_t size = strlen(text);

        if (fd < 0)
                return -errno;
        if (size > CNI_RECORD_SIZE_MAX)
                return -EFBIG;
        return file_bytes_write(fd, text, size);
}

int record_save(Job *job, const CniRecord *record, sd_bus_error *error)
{
        g_autofree char *name = file_name(record->id, ".json"), *temporary = file_name(record->id, ".new");
        g_autofree char *text = cni_record_to_text(record);
        int r = write_file(job, temporary, text);

        if (r >= 0 && renameat(job->folder, temporary, job->folder, name) < 0)
                r = -errno;
        if (r >= 0)
                return 0;
        (void) unlinkat(job->folder, temporary, 0);
        return fail(job, r, record->id, "written", error);
}

int record_remove(Job *job, const char *id, sd_bus_error *error)
{
        g_autofree char *name = file_name(id, ".json"), *temporary = file_name(id, ".new");

        (void) unlinkat(job->folder, temporary, 0);
        if (unlinkat(job->folder, name, 0) < 0 && errno != ENOENT)
                return fail(job, -errno, id, "removed", error);
        return 0;
}

static void add_id(GPtrArray *ids, const char *name)
{
        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *id = NULL;

                if (!g_str_has_suffix(name, suffixes[i]))
                        continue;
                id = g_strndup(name, strlen(name) - strlen(suffixes[i]));
                if (cni_id_is_valid(id) && !g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL))
                        g_ptr_array_add(ids, g_steal_pointer(&id));
        }
}

int record_list(Job *job, GPtrArray **ret, sd_bus_error *error)
{
        g_autoptr(GError) open_error = NULL;
        GDir *folder = g_dir_open(job->path, 0, &open_error);
        GPtrArray *ids;
        const char *name;

        if (!folder)
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "The records of networks can't be listed: %s",
                                 open_error->message);
        ids = g_ptr_array_new_with_free_func(g_free);
        while ((name = g_dir_read_name(folder)))
                add_id(ids, name);
        g_dir_close(folder);
        *ret = ids;
        return 0;
}
