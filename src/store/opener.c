/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Only regular files are opened: they are looked at through an O_PATH fd first, which opens nothing, since to open a
 * device or a FIFO is to do something to it. No path leads out of the folder. A symlink inside of it is followed: some
 * tools lay their blobs out so.
 */

#include "store/opener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "util/cleanup.h"
#include "util/confined-path.h"
#include "util/string-message.h"

enum { SOCKET_FD, FOLDER_FD };

static int open_file(const char *path)
{
        _cleanup_close_ int fd = confined_open(FOLDER_FD, path, O_PATH);
        char link[32];
        struct stat st;
        int opened;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        opened = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        return opened < 0 ? -errno : opened;
}

static int serve_one(const StringMessage *request)
{
        _cleanup_close_ int fd = -1;
        char number[16];

        if (request->n_strings != 2 || strcmp(request->strings[0], "open") != 0)
                return -EBADMSG;
        fd = open_file(request->strings[1]);
        if (fd >= 0)
                return string_message_send(SOCKET_FD, (const char *const[]){"ok", NULL}, &fd, 1);
        (void) snprintf(number, sizeof(number), "%d", -fd);
        fd = -1;
        return string_message_send(SOCKET_FD, (const char *const[]){"error", number, NULL}, NULL, 0);
}

static void __attribute__((noreturn)) serve(int socket, int folder, uid_t uid, gid_t gid, pid_t parent)
{
        StringMessage request;

        /* Of this process, whose memory it shares, it keeps nothing that the caller should not have; the kernel lets
         * nobody trace it, as it changed its ids. */
        socket = fcntl(socket, F_DUPFD_CLOEXEC, 10);
        folder = fcntl(folder, F_DUPFD_CLOEXEC, 10);
        if (socket < 0 || folder < 0 || dup3(socket, SOCKET_FD, O_CLOEXEC) < 0 ||
            dup3(folder, FOLDER_FD, O_CLOEXEC) < 0 || syscall(SYS_close_range, FOLDER_FD + 1, ~0U, 0) < 0 ||
            setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0 ||
            prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(EXIT_FAILURE);

        while (string_message_receive(SOCKET_FD, 0, &request) > 0) {
                int r = serve_one(&request);

                string_message_done(&request);
                if (r < 0)
                        _exit(EXIT_FAILURE);
        }
        _exit(EXIT_SUCCESS);
}

int opener_start(int folder, uid_t uid, gid_t gid, int *ret_socket, pid_t *ret_pid)
{
        pid_t parent = getpid(), pid;
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        pid = fork();
        if (pid == 0)
                serve(pair[1], folder, uid, gid, parent);
        safe_close(pair[1]);
        if (pid < 0) {
                int r = -errno;

                safe_close(pair[0]);
                return r;
        }
        *ret_socket = pair[0];
        *ret_pid = pid;
        return 0;
}
