/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/hasher.h"

#define PARTS 32U

typedef struct Part {
        Digest *digest; /* NULL: the thread's end */
        const void *bytes;
        size_t size;
} Part;

/* Parts have numbers from 0 on, and part N is at N modulo PARTS. Those from n_done up to n_added are the thread's. */
struct Hasher {
        GThread *thread;
        GMutex mutex;
        GCond changed;
        uint64_t n_added, n_done;
        Part parts[PARTS];
};

static void *run(void *data)
{
        Hasher *hasher = data;
        Part part;

        do {
                g_mutex_lock(&hasher->mutex);
                while (hasher->n_done == hasher->n_added)
                        g_cond_wait(&hasher->changed, &hasher->mutex);
                part = hasher->parts[hasher->n_done % PARTS];
                g_mutex_unlock(&hasher->mutex);

                if (part.digest)
                        digest_update(part.digest, part.bytes, part.size);

                g_mutex_lock(&hasher->mutex);
                hasher->n_done++;
                g_cond_broadcast(&hasher->changed);
                g_mutex_unlock(&hasher->mutex);
        } while (part.digest);
        return NULL;
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
        hasher_add(hasher, NULL, NULL, 0);
        g_thread_join(hasher->thread);
        g_mutex_clear(&hasher->mutex);
        g_cond_clear(&hasher->changed);
        g_free(hasher);
        return NULL;
}

uint64_t hasher_add(Hasher *hasher, Digest *digest, const void *bytes, size_t size)
{
        uint64_t n_added;

        g_mutex_lock(&hasher->mutex);
        while (hasher->n_added - hasher->n_done == PARTS)
                g_cond_wait(&hasher->changed, &hasher->mutex);
        hasher->parts[hasher->n_added % PARTS] = (Part){.digest = digest, .bytes = bytes, .size = size};
        n_added = ++hasher->n_added;
        g_cond_broadcast(&hasher->changed);
        g_mutex_unlock(&hasher->mutex);
        return n_added;
}

void hasher_wait(Hasher *hasher, uint64_t part)
{
        g_mutex_lock(&hasher->mutex);
        while (hasher->n_done < part)
                g_cond_wait(&hasher->changed, &hasher->mutex);
        g_mutex_unlock(&hasher->mutex);
}
