/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/hasher.h"

#include <stdbool.h>
#include <string.h>

#define PARTS     8U
#define PART_SIZE (256U * 1024U)

typedef struct Part {
        Digest *digest; /* NULL: the thread's end */
        size_t size;
        unsigned char bytes[PART_SIZE];
} Part;

/* A ring. Those from `done` on, `n_filled` of them, are the thread's, all others the caller's. */
struct Hasher {
        GThread *thread;
        GMutex mutex;
        GCond changed;
        unsigned done, n_filled;
        Part parts[PARTS];
};

static void *run(void *data)
{
        Hasher *hasher = data;
        const Part *part;

        do {
                g_mutex_lock(&hasher->mutex);
                while (hasher->n_filled == 0)
                        g_cond_wait(&hasher->changed, &hasher->mutex);
                part = &hasher->parts[hasher->done];
                g_mutex_unlock(&hasher->mutex);

                if (part->digest)
                        digest_update(part->digest, part->bytes, part->size);

                g_mutex_lock(&hasher->mutex);
                hasher->done = (hasher->done + 1) % PARTS;
                hasher->n_filled--;
                g_cond_broadcast(&hasher->changed);
                g_mutex_unlock(&hasher->mutex);
        } while (part->digest);
        return NULL;
}

/* The next part to fill, which the thread has nothing to do with. */
static Part *wait_free(Hasher *hasher)
{
        Part *part;

        g_mutex_lock(&hasher->mutex);
        while (hasher->n_filled == PARTS)
                g_cond_wait(&hasher->changed, &hasher->mutex);
        part = &hasher->parts[(hasher->done + hasher->n_filled) % PARTS];
        g_mutex_unlock(&hasher->mutex);
        return part;
}

static void hand_over(Hasher *hasher)
{
        g_mutex_lock(&hasher->mutex);
        hasher->n_filled++;
        g_cond_broadcast(&hasher->changed);
        g_mutex_unlock(&hasher->mutex);
}

Hasher *hasher_new(void)
{
        Hasher *hasher = g_new0(Hasher, 1);

        g_mutex_init(&hasher->mutex);
        g_cond_init(&hasher->changed);
        hasher->thread = g_thread_new("hasher", run, hasher);
        return hasher;
}

Hasher *hasher_free(Hasher *hasher)
{
        if (!hasher)
                return NULL;
        wait_free(hasher)->digest = NULL;
        hand_over(hasher);
        g_thread_join(hasher->thread);
        g_mutex_clear(&hasher->mutex);
        g_cond_clear(&hasher->changed);
        g_free(hasher);
        return NULL;
}

void hasher_add(Hasher *hasher, Digest *digest, const void *bytes, size_t size)
{
        const unsigned char *position = bytes;

        while (size > 0) {
                Part *part = wait_free(hasher);

                part->digest = digest;
                part->size = MIN(size, PART_SIZE);
                memcpy(part->bytes, position, part->size);
                position += part->size;
                size -= part->size;
                hand_over(hasher);
        }
}

void hasher_wait(Hasher *hasher)
{
        g_mutex_lock(&hasher->mutex);
        while (hasher->n_filled > 0)
                g_cond_wait(&hasher->changed, &hasher->mutex);
        g_mutex_unlock(&hasher->mutex);
}
