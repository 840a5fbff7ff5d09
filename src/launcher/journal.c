/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What systemd does for a service's output, and sd_journal_stream_fd(3) does not: the stream's header names the unit.
 * The journal finds the unit of a line by the control group of who connected, and of a process that has ended it finds
 * none; then it takes the header's word, from root. The header is a line each for identifier, unit, priority, whether
 * lines carry their own priority, and whether they go to syslog, the kernel's log and the console as well.
 */

#include "launcher/journal.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "util/cleanup.h"

int journal_open(const char *identifier, const char *unit, int priority)
{
        _cleanup_close_ int fd = -1;
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/stdout"};
        char header[512];
        int length;

        length = snprintf(header, sizeof(header), "%s\n%s\n%d\n0\n0\n0\n0\n", identifier, unit, priority);
        if (length >= (int) sizeof(header))
                return -ENAMETOOLONG;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || shutdown(fd, SHUT_RD) < 0 ||
            send(fd, header, (size_t) length, MSG_NOSIGNAL) != length)
                return -errno;
        return steal_fd(&fd);
}
