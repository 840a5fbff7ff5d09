/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>

#include "unpack/socket-wait.h"
#include "util/cleanup.h"
#include "util/confined-path.h"
#include "util/string-message.h"

static int ask_opener(int opener, const char *path)
{
        _cleanup_(string_message_done) StringMessage answer = {};
        guint64 number;
        int r;

        r = socket_send(opener, (const char *const[]){"open", path, NULL});
        if (r >= 0)
                r = string_message_receive(opener, 0, &answer);
        if (r <= 0)
                return r < 0 ? r : -EPIPE;

        if (strcmp(answer.strings[0], "ok") == 0 && answer.n_fds == 1)
                return steal_fd(&answer.fds[0]);
        if (strcmp(answer.strings[0], "error") == 0 && answer.n_strings == 2 &&
            g_ascii_string_to_unsigned(answer.strings[1], 10, 1, 4095, &number, NULL))
                return -(int) number;
        return -EBADMSG;
}

int source_open(const Source *source, const char *path)
{
        _cleanup_close_ int fd = -1;
        struct stat st;

        fd = source->opener >= 0 ? ask_opener(source->opener, path) : confined_open(source->folder, path, O_RDONLY);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        return steal_fd(&fd);
}
