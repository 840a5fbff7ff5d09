/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (1024U * 1024U)
#define PEEK_SIZE   512U

/* Adds to the buffer. Returns how much, 0 at the end. */
static ssize_t fill(Input *input)
{
        unsigned char *free_bytes = input->buffer + input->held;
        size_t n_free = BUFFER_SIZE - input->held;
        ssize_t size;

        if (input->digest)
                hasher_wait(input->hasher, input->hashed);
        for (;;) {
                struct pollfd ready = {.fd = input->fd, .events = POLLIN};

                size = input->seekable ? pread(input->fd, free_bytes, n_free, (off_t) input->size)
                                       : read(input->fd, free_bytes, n_free);
                if (size >= 0)
                        break;
                if (errno == EINTR)
                        continue;
                /* The other end may have been opened to never wait, and it is the same open file. */
                if (errno != EAGAIN || (poll(&ready, 1, -1) < 0 && errno != EINTR))
                        return input->error = -errno;
        }

        if (input->digest)
                input->hashed = hasher_add(input->hasher, input->digest, free_bytes, (size_t) size);
        input->held += (size_t) size;
        input->size += (uint64_t) size;
        atomic_fetch_add_explicit(&input->meter->read, (uint64_t) size, memory_order_relaxed);
        return size;
}

int input_start(Input *input, int fd, Meter *meter, Hasher *hasher)
{
        struct stat st;
        ssize_t size = 1;

        if (fstat(fd, &st) < 0)
                return -errno;
        *input = (Input){
                .fd = fd,
                .seekable = S_ISREG(st.st_mode),
                .meter = meter,
                .digest = hasher ? digest_new() : NULL,
                .hasher = hasher,
                .buffer = g_malloc(BUFFER_SIZE),
        };
        if (input->seekable)
                (void) posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
        while (size > 0 && input->held < PEEK_SIZE)
                size = fill(input);
        return size < 0 ? (int) size : 0;
}

void input_done(Input *input)
{
        input->digest = digest_free(input->digest);
        g_clear_pointer(&input->buffer, g_free);
}

const unsigned char *input_peek(const Input *input, size_t *ret_size)
{
        *ret_size = input->held;
        return input->buffer;
}

ssize_t input_next(Input *input, const void **ret)
{
        ssize_t size = (ssize_t) input->held;

        if (size == 0)
                size = fill(input);
        if (size > 0)
                *ret = input->buffer;
        input->held = 0;
        return size;
}
