/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two hundred containers with networks, eight at a time, of which a quarter loses its caller half-way: nothing of any
 * of them stays, no namespace, interface, address, rule or port.
 */
#include "common.h"

#define PARALLEL 8
#define ROUNDS   25

typedef struct Slot {
        Client *client;
        Container *container; /* NULL: its caller left */
        guint32 serial;
} Slot;

/* Every other one with ports, and with the rest a caller that leaves is a container that goes. */
static const char *options_of(guint i)
{
        return i % 2 == 0 ? "{'net-mode': <'sandbox'>, 'watch-bus': <true>}"
                          : "{'net-mode': <'sandbox'>, 'watch-bus': <true>, 'ports': <[('tcp', uint16 0, uint16 80), "
                            "('udp', uint16 0, uint16 53)]>}";
}

static void begin(Slot *slot, guint i)
{
        slot->client = client_new(i % 3 == 0 ? "alice" : i % 3 == 1 ? "bob" : NULL);
        slot->serial = container_new_send(slot->client, .options = options_of(i));
}

/* The moment is a random one, between before the plugins have begun and after they are done. */
static void leave(Slot *slot, GRand *random)
{
        g_usleep((gulong) g_rand_int_range(random, 0, 80000));
        client_free(slot->client);
        slot->client = NULL;
}

static void go_on(Slot *slot, guint i)
{
        slot->container = container_receive(slot->client, slot->serial);
        /* Some are never started. */
        if (i % 5 != 0) {
                g_autoptr(Process) process =
                        process_new(slot->container, .method = "Start", .argv = ARGV("sleep", i % 7 ? "1000" : "0"));
        }
        slot->serial = client_send(slot->client, slot->container->path, "Release", NULL);
        slot->container->released = TRUE;
}

static void end(Slot *slot)
{
        g_autoptr(Reply) reply = client_receive(slot->client, slot->serial);

        if (reply->error)
                g_error("Release: %s: %s", reply->error, reply->message);
        container_free(slot->container);
        client_free(slot->client);
}

static void run_round(guint round, GRand *random)
{
        Slot slots[PARALLEL] = {};

        for (guint i = 0; i < PARALLEL; i++)
                begin(&slots[i], round * PARALLEL + i);
        for (guint i = 0; i < PARALLEL; i += 4)
                leave(&slots[(i + round) % PARALLEL], random);
        for (guint i = 0; i < PARALLEL; i++)
                if (slots[i].client)
                        go_on(&slots[i], round * PARALLEL + i);
        for (guint i = 0; i < PARALLEL; i++)
                if (slots[i].client)
                        end(&slots[i]);
}

static void churn(const char *config)
{
        guint32 seed = (guint32) g_test_rand_int();
        GRand *random = g_rand_new_with_seed(seed);

        g_test_message("seed %u", seed);
        daemon_configure(config);
        {
                g_autoptr(Container) first = container_new(client, .options = options_of(1));
                container_release(first);
        }
        g_autofree char *before = world_snapshot();
        for (guint round = 0; round < ROUNDS; round++)
                run_round(round, random);
        world_wait_same(before);
        g_rand_free(random);
        daemon_configure(NULL);
}

static void test_cni(void)
{
        churn(NULL);
}

static const Test tests[] = {
        {"/network-churn/cni", test_cni},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
