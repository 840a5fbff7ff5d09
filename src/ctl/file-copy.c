/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The kernel copies where it can (copy_file_range(2), which shares blocks on file systems that do), else a buffer does.
 * Holes stay holes: a file of a container may claim any size, and would fill the caller's disk with zeros.
 */

#include "ctl/file-copy.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t) 1 << 30)

static int write_all(int output, const char *bytes, size_t length)
{
        while (length > 0) {
                ssize_t n = write(output, bytes, length);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                bytes += n;
                length -= (size_t) n;
        }
        return 0;
}

/* Copies up to limit bytes by reading. Returns 0, also where the file ended before. */
static int copy_by_reading(int input, int output, uint64_t limit)
{
        char buffer[65536];
        int r;

        while (limit > 0) {
                ssize_t n = read(input, buffer, limit < sizeof(buffer) ? (size_t) limit : sizeof(buffer));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                r = write_all(output, buffer, (size_t) n);
                if (r < 0)
                        return r;
                limit -= (uint64_t) n;
        }
        return 0;
}

/* Whether another way may work: between these two files, or at all, the kernel does not copy. */
static bool kernel_does_not_copy(int error)
{
        return error == EXDEV || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EBADF ||
               error == EPERM || error == ETXTBSY;
}

/* Copies up to limit bytes from where both are. */
static int copy_bytes(int input, int output, uint64_t limit)
{
        while (limit > 0) {
                ssize_t n = copy_file_range(input, NULL, output, NULL, limit < CHUNK ? (size_t) limit : CHUNK, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && !kernel_does_not_copy(errno))
                        return -errno;
                /* Some file systems say that nothing is there, where reading finds it. */
                if (n <= 0)
                        return copy_by_reading(input, output, limit);
                limit -= (uint64_t) n;
        }
        return 0;
}

/* The next part that holds data, from where offset is. Returns false where there is none up to size. */
static bool next_data(int input, off_t offset, off_t size, off_t *ret_start, off_t *ret_end)
{
        off_t start = lseek(input, offset, SEEK_DATA), end;

        if (start < 0 && errno == ENXIO)
                return false;
        if (start < 0)
                start = offset;
        end = lseek(input, start, SEEK_HOLE);
        if (end < 0 || end > size)
                end = size;
        *ret_start = start;
        *ret_end = end;
        return start < end;
}

int file_copy_sparse(int input, int output)
{
        off_t offset = 0, start, end;
        struct stat status;
        int r;

        if (fstat(input, &status) < 0)
                return -errno;
        /* A file that tells no size, as those of /proc. */
        if (status.st_size == 0)
                return file_copy_stream(input, output);
        for (; offset < status.st_size && next_data(input, offset, status.st_size, &start, &end); offset = end) {
                if (lseek(input, start, SEEK_SET) < 0 || lseek(output, start, SEEK_SET) < 0)
                        return -errno;
                r = copy_bytes(input, output, (uint64_t) (end - start));
                if (r < 0)
                        return r;
        }
        return ftruncate(output, status.st_size) < 0 ? -errno : 0;
}

int file_copy_stream(int input, int output)
{
        return copy_bytes(input, output, UINT64_MAX);
}
