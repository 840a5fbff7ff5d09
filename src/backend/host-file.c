/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/host-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/cleanup.h"
#include "util/log.h"

/* Up to one byte more than most. */
static int read_up_to(int fd, GString *text, size_t most)
{
        for (;;) {
                char buffer[4096];
                ssize_t n = read(fd, buffer, sizeof(buffer));

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                g_string_append_len(text, buffer, n);
                if (text->len > most)
                        return -EFBIG;
        }
}

static int read_file(const char *path, GString *text, size_t most)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? read_up_to(fd, text, most) : -EINVAL;
}

GString *host_file_read(const char *path, size_t most)
{
        GString *text = g_string_new(NULL);
        int r = read_file(path, text, most);

        if (r >= 0)
                return text;
        if (r != -ENOENT)
                log_warning("%s can't be read: %s", path,
                            r == -EINVAL  ? "it is no regular file"
                            : r == -EFBIG ? "it is too large"
                                          : strerror(-r));
        g_string_free(text, TRUE);
        return NULL;
}
