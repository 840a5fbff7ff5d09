/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lint-as: src/backend/good.c
 *
 * What looks like a breach and is none: the linter must find nothing here. sd_bus_call() and open() in a comment, or
 * in a string, are words.
 */
#include <fcntl.h>
#include <systemd/sd-bus.h>

#include "backend/scope.h"
#include "model/config.h"
#include "util/log.h"

int good_open(const Table *table, const char *path, int source, sd_bus *bus, sd_bus_message *message)
{
        struct open_how how = {.flags = O_PATH | O_CLOEXEC};
        const char *text = "system(\"sleep(1)\") // dup(0)";
        FILE *file;
        int fd;

        fd = openat(source, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        fd = openat(source, path,
                    O_RDONLY | (path[0] == '(' ? O_DIRECTORY : 0) |
                            O_CLOEXEC);
        fd = fcntl(source, F_DUPFD_CLOEXEC, 3);
        fd = syscall(SYS_openat2, source, path, &how, sizeof(how));
        fd = syscall(SYS_open_tree, source, "", AT_EMPTY_PATH | OPEN_TREE_CLOEXEC);
        fd = table->open(path) + table.dup(fd) + my_open(path);
        file = fopen(path, "re");
        if (waitid(P_PIDFD, fd, NULL, WEXITED | WNOHANG) < 0)
                return -errno;
        if (poll(&(struct pollfd){.fd = fd}, 1, 0) < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
                return -errno;
        /* lint: allow cloexec: the program that is started uses this fd as its standard output */
        if (dup2(source, STDOUT_FILENO) < 0)
                return -errno;
        return sd_bus_call_async(bus, NULL, message, good_reply, (void *) text, 0);
}
