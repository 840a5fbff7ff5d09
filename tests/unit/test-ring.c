/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unpack/ring.h"

#define PARTS (5 * RING_PARTS)

typedef int (*End)(Ring *ring);

/* Of all sizes, the largest and the smallest among them. */
static size_t part_size(unsigned i)
{
        return RING_PART_SIZE - (i * 7919) % RING_PART_SIZE;
}

/* Runs one end in a child, and the other one here. Each returns 0 or a negative errno; the child's is returned. */
static int run_ends(End child_end, End own_end)
{
        g_autoptr(Ring) ring = NULL;
        int status;
        pid_t pid;

        g_assert_cmpint(ring_new(&ring), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                _exit(-child_end(ring));
        g_assert_cmpint(own_end(ring), ==, 0);
        g_clear_pointer(&ring, ring_free);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        return -WEXITSTATUS(status);
}

static int send_parts(Ring *ring, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                unsigned char *bytes;
                unsigned part;
                int r = ring_reserve(ring, &part, &bytes);

                if (r < 0)
                        return r;
                if (part != i % RING_PARTS)
                        return -ERANGE;
                memset(bytes, (int) i, part_size(i));
                r = ring_send(ring, part_size(i));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int receive_parts(Ring *ring, unsigned n)
{
        for (unsigned i = 0; i < n; i++) {
                const unsigned char *bytes;
                ssize_t size = ring_receive(ring, (const void **) &bytes);

                if (size < 0)
                        return (int) size;
                if ((size_t) size != part_size(i))
                        return -EMSGSIZE;
                for (ssize_t k = 0; k < size; k++)
                        if (bytes[k] != (unsigned char) i)
                                return -EILSEQ;
        }
        return 0;
}

static int send_all(Ring *ring)
{
        ring_be_source(ring);
        return send_parts(ring, PARTS);
}

static int receive_all(Ring *ring)
{
        const void *bytes;
        int r;

        ring_be_sink(ring);
        r = receive_parts(ring, PARTS);
        return r < 0 ? r : (int) ring_receive(ring, &bytes);
}

static void test_all(void)
{
        g_assert_cmpint(run_ends(receive_all, send_all), ==, 0);
        g_assert_cmpint(run_ends(send_all, receive_all), ==, 0);
}

static int receive_one(Ring *ring)
{
        ring_be_sink(ring);
        return receive_parts(ring, 1);
}

/* A tar archive may end before its stream does, which is digested nevertheless. */
static void test_sink_gone(void)
{
        g_assert_cmpint(run_ends(receive_one, send_all), ==, 0);
}

static int send_too_much(Ring *ring)
{
        ring_be_source(ring);
        return ring_send(ring, RING_PART_SIZE + 1);
}

static int send_nothing(Ring *ring)
{
        ring_be_source(ring);
        return ring_send(ring, 0);
}

static int refuse(Ring *ring)
{
        const void *bytes;

        ring_be_sink(ring);
        return ring_receive(ring, &bytes) == -EBADMSG ? 0 : -EPROTO;
}

static void test_impossible(void)
{
        g_assert_cmpint(run_ends(send_too_much, refuse), ==, 0);
        g_assert_cmpint(run_ends(send_nothing, refuse), ==, 0);
}

static int write_part(Ring *ring)
{
        const unsigned char *bytes;

        ring_be_sink(ring);
        if (ring_receive(ring, (const void **) &bytes) <= 0)
                return -EPROTO;
        /* The kernel writes, so that what is refused is an error and no signal. */
        return pipe((int *) (uintptr_t) bytes) == 0 ? -EPROTO : -errno;
}

static void test_read_only(void)
{
        g_assert_cmpint(run_ends(write_part, send_all), ==, -EFAULT);
}

int main(int argc, char *argv[])
{
        g_test_init(&argc, &argv, NULL);
        (void) signal(SIGPIPE, SIG_IGN);
        g_test_add_func("/ring/all", test_all);
        g_test_add_func("/ring/sink-gone", test_sink_gone);
        g_test_add_func("/ring/impossible", test_impossible);
        g_test_add_func("/ring/read-only", test_read_only);
        return g_test_run();
}
