/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gangway-store is spoken to as the daemon does: a packet of strings on its fd 3, and packets back. The records are
 * looked at, and for settings written, by SQLite in Python.
 */
#include "layers.h"

#include <sys/socket.h>
#include <sys/wait.h>

#define STORE_PROGRAM "/usr/libexec/gangway-store"

static char *sql(const char *text)
{
        return shell("/usr/bin/python3 -c 'import sqlite3, sys\n"
                     "db = sqlite3.connect(\"" STORE_FOLDER "/gangway.db\", timeout=20)\n"
                     "for row in db.execute(sys.argv[1]): print(row[0])\n"
                     "db.commit()' \"%s\"",
                     text);
}

static char *layer_of(int uid, const char *name)
{
        g_autofree char *text = g_strdup_printf("SELECT layer FROM images WHERE owner = %d AND name = '%s'", uid, name);

        return sql(text);
}

char *image_top_layer(int uid, const char *name)
{
        g_autofree char *text =
                g_strdup_printf("SELECT folder FROM images JOIN layers ON layers.id = images.layer WHERE "
                                "owner = %d AND name = '%s'",
                                uid, name);

        return sql(text);
}

void layer_setting(int uid, const char *name, const char *kind, const char *value)
{
        g_autofree char *text = g_strdup_printf("INSERT INTO image_settings SELECT id, '%s', (SELECT count(*) FROM "
                                                "image_settings WHERE kind = '%s' AND "
                                                "image = images.id), '%s' FROM images WHERE owner = %d AND name = '%s'",
                                                kind, kind, value, uid, name);

        g_free(sql(text));
}

static pid_t start_store(int control)
{
        pid_t pid = fork();

        g_assert_no_errno(pid);
        if (pid == 0) {
                if (dup2(control, 3) == 3)
                        execl(STORE_PROGRAM, STORE_PROGRAM, STORE_FOLDER, NULL);
                _exit(127);
        }
        return pid;
}

static void send_packet(int control, const char *const *strings, int fd)
{
        g_autoptr(GString) bytes = g_string_new(NULL);
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } fds = {.header = {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS}};
        struct iovec iov;
        struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

        for (; *strings; strings++)
                g_string_append_len(bytes, *strings, (gssize) strlen(*strings) + 1);
        iov = (struct iovec){bytes->str, bytes->len};
        if (fd >= 0) {
                memcpy(CMSG_DATA(&fds.header), &fd, sizeof(fd));
                message.msg_control = fds.bytes;
                message.msg_controllen = sizeof(fds.bytes);
        }
        g_assert_no_errno(sendmsg(control, &message, 0));
}

/* One operation of the store, which must succeed. */
static void run_store(const char *const *strings, int fd)
{
        int pair[2], status;
        char answer[4096];

        g_assert_no_errno(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        pid_t pid = start_store(pair[1]);
        close_fd(&pair[1]);
        send_packet(pair[0], strings, fd);
        for (;;) {
                ssize_t n = recv(pair[0], answer, sizeof(answer) - 1, 0);

                if (n <= 0)
                        g_error("gangway-store ended without an answer");
                answer[n] = '\0';
                if (g_str_equal(answer, "ok"))
                        break;
                if (!g_str_equal(answer, "progress"))
                        g_error("gangway-store: %s", answer + strlen(answer) + 1 + strlen(answer + 6) + 1);
        }
        close_fd(&pair[0]);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
}

void layer_add(int uid, const char *name, guint32 id_base, const char *script)
{
        g_autofree char *owner = g_strdup_printf("%d", uid), *base = g_strdup_printf("%u", id_base);
        g_autofree char *folder = g_build_filename(g_getenv("GANGWAY_TEST_DIR"), "layer", NULL);
        g_autofree char *parent = layer_of(uid, name);
        g_autofree char *made = shell("rm -rf '%s' && mkdir '%s' && cd '%s' || exit\n"
                                      "own() { local u=$(($1 + %u)) g=$(($2 + %u)); shift 2; chown -h $u:$g \"$@\"; }\n"
                                      "hide() { mknod \"$1\" c 0 0; }\n"
                                      "opaque() { /usr/bin/python3 -c 'import os, sys\n"
                                      "os.setxattr(sys.argv[1], \"trusted.overlay.opaque\", b\"y\")' \"$1\"; }\n"
                                      "set -e\n%s\n"
                                      "find . -uid 0 -exec chown -h %u:%u {} +",
                                      folder, folder, folder, id_base, id_base, script, id_base, id_base);
        int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        g_assert_no_errno(fd);
        run_store((const char *const[]){"commit", owner, name, *parent ? parent : "0", base, "", NULL}, fd);
        close_fd(&fd);
        g_free(shell("rm -rf '%s'", folder));
}

void image_of_root(int uid, const char *name)
{
        g_autofree char *layer = layer_of(uid, name);
        g_autofree char *script = g_strdup_printf("cp -a '%s/.' . && own 1000 1000 home/user", root_shared());

        if (!*layer)
                layer_add(uid, name, LAYER_BASE, script);
}

void image_drop(int uid, const char *name)
{
        g_autofree char *owner = g_strdup_printf("%d", uid);

        run_store((const char *const[]){"remove", owner, name, NULL}, -1);
}
