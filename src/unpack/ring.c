/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/cleanup.h"

#define MEMORY_SIZE (RING_PARTS * RING_PART_SIZE)

/* Through `filled` go the sizes of parts, uint32_t each, and through `freed` a byte for each. All that they can hold
 * fits into a pipe, and so little is written and read as a whole (pipe(7)). */
struct Ring {
        unsigned char *memory;
        int filled[2], freed[2];
        unsigned next;   /* the part that is filled or read next, from 0, modulo RING_PARTS */
        unsigned n_free; /* the source's */
        bool holds_part; /* the sink's */
};

int ring_new(Ring **ret)
{
        g_autoptr(Ring) ring = g_new(Ring, 1);

        *ring = (Ring){.filled = {-1, -1}, .freed = {-1, -1}, .n_free = RING_PARTS};
        /* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) wants of an anonymous mapping */
        ring->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (ring->memory == MAP_FAILED) {
                ring->memory = NULL;
                return -errno;
        }
        if (pipe2(ring->filled, O_CLOEXEC) < 0 || pipe2(ring->freed, O_CLOEXEC) < 0)
                return -errno;
        *ret = g_steal_pointer(&ring);
        return 0;
}

Ring *ring_free(Ring *ring)
{
        if (!ring)
                return NULL;
        if (ring->memory)
                (void) munmap(ring->memory, MEMORY_SIZE);
        for (unsigned i = 0; i < 2; i++) {
                safe_close(ring->filled[i]);
                safe_close(ring->freed[i]);
        }
        g_free(ring);
        return NULL;
}

void ring_be_source(Ring *ring)
{
        ring->filled[0] = safe_close(ring->filled[0]);
        ring->freed[1] = safe_close(ring->freed[1]);
}

void ring_be_sink(Ring *ring)
{
        ring->filled[1] = safe_close(ring->filled[1]);
        ring->freed[0] = safe_close(ring->freed[0]);
        (void) mprotect(ring->memory, MEMORY_SIZE, PROT_READ);
}

int ring_reserve(Ring *ring, unsigned *ret_part, unsigned char **ret)
{
        while (ring->n_free == 0 && ring->filled[1] >= 0) {
                char freed[RING_PARTS];
                ssize_t n = read(ring->freed[0], freed, sizeof(freed));

                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n == 0)
                        ring->filled[1] = safe_close(ring->filled[1]);
                if (n > 0)
                        ring->n_free = (unsigned) n;
        }
        *ret_part = ring->next;
        *ret = ring->memory + ring->next * RING_PART_SIZE;
        return 0;
}

int ring_send(Ring *ring, size_t size)
{
        uint32_t size32 = (uint32_t) size;
        ssize_t n;

        ring->next = (ring->next + 1) % RING_PARTS;
        if (ring->filled[1] < 0)
                return 0;
        ring->n_free--;
        do
                n = write(ring->filled[1], &size32, sizeof(size32));
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EPIPE)
                return -errno;
        if (n < 0)
                ring->filled[1] = safe_close(ring->filled[1]);
        return 0;
}

static int give_back(Ring *ring)
{
        ssize_t n;

        if (!ring->holds_part)
                return 0;
        ring->holds_part = false;
        ring->next = (ring->next + 1) % RING_PARTS;
        do
                n = write(ring->freed[1], "", 1);
        while (n < 0 && errno == EINTR);
        /* The source may have handed its last parts over, and be gone. */
        return n < 0 && errno != EPIPE ? -errno : 0;
}

ssize_t ring_receive(Ring *ring, const void **ret)
{
        uint32_t size;
        ssize_t n;
        int r = give_back(ring);

        if (r < 0)
                return r;
        do
                n = read(ring->filled[0], &size, sizeof(size));
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        if (n == 0)
                return 0;
        if (n != sizeof(size) || size == 0 || size > RING_PART_SIZE)
                return -EBADMSG;
        ring->holds_part = true;
        *ret = ring->memory + ring->next * RING_PART_SIZE;
        return size;
}
