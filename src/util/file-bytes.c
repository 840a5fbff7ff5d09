/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/file-bytes.h"

#include <errno.h>
#include <unistd.h>

ssize_t file_bytes_read(int fd, char *buffer, size_t size_max)
{
        size_t size = 0;

        while (size < size_max) {
                ssize_t n = pread(fd, buffer + size, size_max - size, (off_t) size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        break;
                size += n > 0 ? (size_t) n : 0;
        }
        return (ssize_t) size;
}

int file_bytes_write(int fd, const char *bytes, size_t size)
{
        while (size > 0) {
                ssize_t n = write(fd, bytes, size);

                if (n < 0 && errno != EINTR)
                        return -errno;
                bytes += n > 0 ? n : 0;
                size -= n > 0 ? (size_t) n : 0;
        }
        return 0;
}
