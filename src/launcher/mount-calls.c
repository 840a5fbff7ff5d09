/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "launcher/mount-calls.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "launcher/mounts.h"
#include "launcher/name-files.h"
#include "launcher/reply.h"
#include "util/cleanup.h"
#include "util/confined-path.h"

/* The one that this process is there for, and the first request, which its strings are borrowed from. */
static MountSpace space = {.root = -1};
static StringMessage first;

int mount_call_get_root(void)
{
        return space.root;
}

static uint32_t to_number(const char *text)
{
        return (uint32_t) strtoul(text, NULL, 10);
}

int mount_call_prepare(StringMessage *m)
{
        int r;

        if (space.rootfs)
                return -EBADMSG;
        first = *m;
        *m = (StringMessage){};
        space.rootfs = first.strings[1];
        space.staging = first.strings[2];
        space.scratch = first.strings[3];
        space.layers = first.strings[4];
        space.base = to_number(first.strings[5]);
        space.caller = (pid_t) to_number(first.strings[6]);
        r = mounts_prepare(&space);
        return r < 0 ? reply_error(MOUNT_FAILED, "The container's mounts can't be made: failed to %s: %s", space.step,
                                   strerror(-r))
                     : reply_ok();
}

int mount_call_secret(StringMessage *m)
{
        _cleanup_close_ int content = -1;
        char number[24];
        size_t size = 0;

        if (!space.rootfs || m->n_fds != 1)
                return -EBADMSG;
        content = secrets_take(&space.secrets, m->fds[0], &size);
        if (content == -E2BIG)
                return reply_error(INVALID_ARGS, "The secret '%.255s' is larger than %u bytes", m->strings[1],
                                   SECRET_SIZE_MAX);
        if (content == -ETIMEDOUT)
                return reply_error(MOUNT_FAILED, "The secret '%.255s' did not come to its end within %d seconds",
                                   m->strings[1], SECRET_SECONDS);
        if (content < 0)
                return reply_error(MOUNT_FAILED, "The secret '%.255s' can't be read%s: %s", m->strings[1],
                                   content == -EBADF ? " (open it for reading)" : "", strerror(-content));
        (void) snprintf(number, sizeof(number), "%zu", size);
        return reply((const char *const[]){"ok", number, NULL}, &content, 1);
}

static bool parse_what(const char *word, MountWhat *ret)
{
        static const char *const words[] = {[MOUNT_WHAT_INPUT] = "input",
                                            [MOUNT_WHAT_CHILD] = "child",
                                            [MOUNT_WHAT_TMPFS] = "tmpfs",
                                            [MOUNT_WHAT_SECRET] = "secret",
                                            [MOUNT_WHAT_SSH] = "ssh"};

        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
                if (strcmp(words[i], word) == 0) {
                        *ret = (MountWhat) i;
                        return true;
                }
        return false;
}

static bool parse_ids(const char *value, IdMap *map)
{
        map->base = space.base;
        if (strncmp(value, "caller:", 7) == 0)
                map->kind = ID_MAP_CALLER;
        else if (strncmp(value, "range:", 6) == 0)
                map->kind = ID_MAP_RANGE;
        else
                return strcmp(value, "none") == 0;
        map->first = to_number(strchr(value, ':') + 1);
        return true;
}

static bool parse_key(const char *key, const char *value, MountRequest *request)
{
        if (strcmp(key, "layers") == 0)
                request->layers = value;
        else if (strcmp(key, "host-path") == 0)
                request->host_path = value;
        else if (strcmp(key, "cache") == 0)
                request->cache = value;
        else if (strcmp(key, "selector") == 0)
                request->selector = value;
        else if (strcmp(key, "ids") == 0)
                return parse_ids(value, &request->map);
        else if (strcmp(key, "size") == 0)
                request->size = strtoull(value, NULL, 10);
        else if (strcmp(key, "caller") == 0)
                request->caller = to_number(value);
        else if (strcmp(key, "uid") == 0)
                request->uid = to_number(value);
        else if (strcmp(key, "gid") == 0)
                request->gid = to_number(value);
        else if (strcmp(key, "mode") == 0)
                request->mode = to_number(value);
        else if (strcmp(key, "read-only") == 0)
                request->read_only = true;
        else if (strcmp(key, "written") == 0)
                request->written = true;
        else if (strcmp(key, "devices") == 0)
                request->devices = true;
        else if (strcmp(key, "by-runtime") == 0)
                request->by_runtime = true;
        else
                return false;
        return true;
}

static int parse_mount(const StringMessage *m, MountRequest *request)
{
        if (!parse_what(m->strings[3], &request->what))
                return -EBADMSG;
        for (size_t i = 4; i < m->n_strings; i++) {
                const char *equals = strchr(m->strings[i], '=');
                char key[16];

                if (!equals || (size_t) (equals - m->strings[i]) >= sizeof(key))
                        return -EBADMSG;
                memcpy(key, m->strings[i], (size_t) (equals - m->strings[i]));
                key[equals - m->strings[i]] = '\0';
                if (!parse_key(key, equals + 1, request))
                        return -EBADMSG;
        }
        return request->source < 0 && (request->what == MOUNT_WHAT_SECRET || request->what == MOUNT_WHAT_SSH) ? -EBADMSG
                                                                                                              : 0;
}

int mount_call_mount(StringMessage *m)
{
        MountRequest request = {
                .index = to_number(m->strings[1]),
                .destination = m->strings[2],
                .source = m->n_fds > 0 ? m->fds[0] : -1,
        };
        MountResult result;
        char index[16], count[16];
        int r;

        r = space.rootfs ? parse_mount(m, &request) : -EBADMSG;
        if (r < 0)
                return r;
        r = mounts_add(&space, &request, &result);
        if (r < 0)
                return reply_error(space.refused ? INVALID_ARGS : MOUNT_FAILED,
                                   "The mount at '%s' can't be made: failed to %s: %s", request.destination, space.step,
                                   strerror(-r));
        (void) snprintf(index, sizeof(index), "%u", result.stub_index);
        (void) snprintf(count, sizeof(count), "%u", result.n_stubs);
        r = reply((const char *const[]){"ok", result.n_stubs > 0 ? index : NULL, count, result.stub_path, NULL},
                  &result.top, 1);
        mounts_result_done(&result);
        return r;
}

/* The answer to seal: three strings for each record. */
typedef struct Made {
        const char *strings[1 + 3 * (NAME_FILES + 3) + 1];
        char numbers[2 * NAME_FILES + 1][16];
        size_t n;
} Made;

static void note_made(Made *made, size_t i, const MountResult *result)
{
        if (result->n_stubs == 0)
                return;
        (void) snprintf(made->numbers[2 * i], sizeof(made->numbers[0]), "%u", result->stub_index);
        (void) snprintf(made->numbers[2 * i + 1], sizeof(made->numbers[0]), "%u", result->n_stubs);
        made->strings[made->n++] = made->numbers[2 * i];
        made->strings[made->n++] = made->numbers[2 * i + 1];
        made->strings[made->n++] = result->stub_path;
}

static void note_own(Made *made)
{
        static const char *const own[] = {"/dev", "/proc", "/sys"};
        char *root = made->numbers[2 * NAME_FILES];

        (void) snprintf(root, sizeof(made->numbers[0]), "%u", space.tops[0].index);
        for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
                int fd = confined_open(space.root, own[i], O_PATH);

                if (fd == -ENOENT) {
                        made->strings[made->n++] = root;
                        made->strings[made->n++] = "1";
                        made->strings[made->n++] = own[i];
                }
                safe_close(fd);
        }
}

int mount_call_seal(StringMessage *m)
{
        Made made = {.strings = {"ok"}, .n = 1};
        MountResult results[NAME_FILES];
        size_t sizes[NAME_FILES];
        int r;

        if (space.root < 0 || m->n_fds != 1)
                return -EBADMSG;
        for (size_t i = 0; i < NAME_FILES; i++)
                sizes[i] = to_number(m->strings[i + 1]);
        r = name_files_add(&space, m->fds[0], sizes, results);
        if (r < 0)
                return reply_error(
                        MOUNT_FAILED,
                        "The container's hosts, hostname and resolv.conf can't be mounted in its /etc: failed "
                        "to %s: %s",
                        space.step, strerror(-r));
        note_own(&made);
        for (size_t i = 0; i < NAME_FILES; i++)
                note_made(&made, i, &results[i]);
        mounts_seal(&space);
        r = reply(made.strings, NULL, 0);
        for (size_t i = 0; i < NAME_FILES; i++)
                mounts_result_done(&results[i]);
        return r;
}
