/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/files-request.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "launcher/files.h"
#include "util/cleanup.h"

#define INVALID_ARGS "org.freedesktop.DBus.Error.InvalidArgs"

#define STRINGS_PER_ENTRY 3U
/* Of one packet. What is left of its bytes then holds one more entry at its longest. */
#define ENTRIES_MAX ((STRING_MESSAGE_STRINGS_MAX - 1U) / STRINGS_PER_ENTRY)
#define BYTES_MAX   (STRING_MESSAGE_BYTES_MAX - 8192U)

typedef struct Packet {
        int control;
        char *strings[STRING_MESSAGE_STRINGS_MAX + 1]; /* the first is no copy */
        size_t n;
        size_t bytes;
} Packet;

/* Waits where the daemon has not read what was sent before. */
static int send_waiting(int control, const char *const *strings, const int *fds, size_t n_fds)
{
        struct pollfd poll_fd = {.fd = control, .events = POLLOUT};
        int r;

        while ((r = string_message_send(control, strings, fds, n_fds)) == -EAGAIN)
                if (poll(&poll_fd, 1, -1) < 0 && errno != EINTR)
                        return -errno;
        return r;
}

static int send_error(int control, const FilesError *error)
{
        return send_waiting(control, (const char *const[]){"error", error->name, error->sentence, NULL}, NULL, 0);
}

static void packet_clear(Packet *packet)
{
        for (size_t i = 1; i < packet->n; i++)
                free(packet->strings[i]);
        packet->n = 0;
        packet->bytes = 0;
}

static int packet_send(Packet *packet)
{
        int r;

        packet->strings[packet->n] = NULL;
        r = send_waiting(packet->control, (const char *const *) packet->strings, NULL, 0);
        packet_clear(packet);
        return r;
}

static int packet_add(Packet *packet, const char *text)
{
        char *copy = strdup(text);

        if (!copy)
                return -ENOMEM;
        packet->strings[packet->n++] = copy;
        packet->bytes += strlen(copy) + 1;
        return 0;
}

static int packet_add_entry(Packet *packet, const char *name, const FileEntry *entry)
{
        char numbers[160];
        int r;

        (void) snprintf(numbers, sizeof(numbers), "%s %" PRIu64 " %u %u %u %" PRId64, entry->type, entry->size,
                        entry->mode, entry->uid, entry->gid, entry->mtime);
        r = packet_add(packet, name);
        if (r >= 0)
                r = packet_add(packet, numbers);
        return r < 0 ? r : packet_add(packet, entry->target);
}

static void packet_begin(Packet *packet, const char *first)
{
        packet->strings[packet->n++] = (char *) first;
        packet->bytes = strlen(first) + 1;
}

static int on_listed(const char *name, const FileEntry *entry, void *userdata)
{
        Packet *packet = userdata;
        int r;

        if (packet->n == 0)
                packet_begin(packet, "more");
        r = packet_add_entry(packet, name, entry);
        if (r >= 0 && (packet->n > (ENTRIES_MAX - 1) * STRINGS_PER_ENTRY || packet->bytes > BYTES_MAX))
                r = packet_send(packet);
        return r;
}

static int read_directory(int control, const FilesView *view, const char *path, size_t limit, const char *after)
{
        _cleanup_(packet_clear) Packet packet = {.control = control};
        FilesError error;
        int r;

        if (limit > FILES_ENTRIES_MAX) {
                (void) files_fail_as(&error, -EINVAL, INVALID_ARGS, "The limit %zu is more than %u, the most at a time",
                                     limit, FILES_ENTRIES_MAX);
                return send_error(control, &error);
        }
        if (files_list(view, path, limit, after, on_listed, &packet, &error) < 0)
                return send_error(control, &error);
        r = packet.n > 0 ? packet_send(&packet) : 0;
        return r < 0 ? r : send_waiting(control, (const char *const[]){"ok", NULL}, NULL, 0);
}

static int stat_file(int control, const FilesView *view, const char *path, bool follow)
{
        _cleanup_(packet_clear) Packet packet = {.control = control};
        FilesError error;
        FileEntry entry;
        int r;

        if (files_stat(view, path, follow, &entry, &error) < 0)
                return send_error(control, &error);
        packet_begin(&packet, "ok");
        r = packet_add_entry(&packet, "", &entry);
        return r < 0 ? r : packet_send(&packet);
}

static int open_file(int control, const FilesView *view, const char *path)
{
        FilesError error;
        _cleanup_close_ int fd = files_open(view, path, &error);

        if (fd < 0)
                return send_error(control, &error);
        return send_waiting(control, (const char *const[]){"ok", NULL}, &fd, 1);
}

static uint32_t to_number(const char *text)
{
        return (uint32_t) strtoul(text, NULL, 10);
}

int files_request(int control, const StringMessage *m)
{
        FilesView view;

        if (m->n_fds != 1 || m->n_strings < 4)
                return -EBADMSG;
        view = (FilesView){.top = m->fds[0], .id_base = to_number(m->strings[2]), .id_count = to_number(m->strings[3])};
        /* The container's root is in no further group. Who is not root has none of the rest either. */
        if (setgroups(0, NULL) < 0 && errno != EPERM)
                return -errno;

        if (strcmp(m->strings[0], "open-file") == 0)
                return open_file(control, &view, m->strings[1]);
        if (strcmp(m->strings[0], "stat") == 0 && m->n_strings == 5)
                return stat_file(control, &view, m->strings[1], strcmp(m->strings[4], "follow") == 0);
        if (strcmp(m->strings[0], "read-directory") == 0 && m->n_strings == 6)
                return read_directory(control, &view, m->strings[1], to_number(m->strings[4]), m->strings[5]);
        return -EBADMSG;
}
