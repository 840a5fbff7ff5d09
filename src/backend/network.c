/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/network.h"

#include "model/published-port.h"
#include "util/cleanup.h"
#include "util/error.h"

struct Network {
        Helpers *helpers;
        char *id;
        Helper *helper; /* that does something now */
        bool removing;
        int name_space;
        int user_name_space;
        GStrv addresses;
        NetworkDone done;
        void *userdata;
};

static void finish(Network *network, const sd_bus_error *error)
{
        NetworkDone done = network->done;

        network->helper = helper_free(network->helper);
        network->done = NULL;
        if (done)
                done(error, network->userdata);
}

static int start(Network *network, const char *const *strings, const HelperCallbacks *callbacks, NetworkDone done,
                 void *userdata)
{
        network->done = done;
        network->userdata = userdata;
        return helper_start(network->helpers, strings, NULL, 0, callbacks, network, &network->helper);
}

static void start_removal(Network *network);

static void take_answer(Network *network, StringMessage *result)
{
        g_autoptr(GStrvBuilder) addresses = g_strv_builder_new();

        if (result->n_fds > 0)
                network->name_space = steal_fd(&result->fds[0]);
        if (result->n_fds > 1)
                network->user_name_space = steal_fd(&result->fds[1]);
        for (size_t i = 1; i + 1 < result->n_strings; i += 2)
                if (g_str_equal(result->strings[i], "address"))
                        g_strv_builder_add(addresses, result->strings[i + 1]);
        g_strfreev(network->addresses);
        network->addresses = g_strv_builder_end(addresses);
}

static void on_added(StringMessage *result, sd_bus_error *error, void *userdata)
{
        Network *network = userdata;

        if (result)
                take_answer(network, result);
        if (network->removing) {
                network->helper = helper_free(network->helper);
                start_removal(network);
                return;
        }
        finish(network, error);
}

static GPtrArray *request_new(const NetworkRequest *request)
{
        GPtrArray *strings = g_ptr_array_new_with_free_func(g_free);

        g_ptr_array_add(strings, g_strdup("add"));
        g_ptr_array_add(strings, g_strdup(request->id));
        g_ptr_array_add(strings, request->own_ids ? g_strdup_printf("%u", request->id_base) : g_strdup("host"));
        g_ptr_array_add(strings, g_strdup(request->list));
        g_ptr_array_add(strings, g_strdup(request->plugin_path));
        for (guint i = 0; request->ports && i < request->ports->len; i++)
                g_ptr_array_add(strings, published_port_to_string(&g_array_index(request->ports, PublishedPort, i),
                                                                  request->port_address));
        g_ptr_array_add(strings, NULL);
        return strings;
}

int network_new(Helpers *helpers, const NetworkRequest *request, NetworkDone added, void *userdata, Network **ret)
{
        static const HelperCallbacks callbacks = {.ended = on_added};
        g_autoptr(GPtrArray) strings = request_new(request);
        Network *network = g_new0(Network, 1);
        int r;

        network->helpers = helpers;
        network->id = g_strdup(request->id);
        network->name_space = network->user_name_space = -1;
        network->addresses = g_new0(char *, 1);
        r = start(network, (const char *const *) strings->pdata, &callbacks, added, userdata);
        if (r < 0) {
                network_free(network);
                return r;
        }
        *ret = network;
        return 0;
}

static void on_checked(StringMessage *result, sd_bus_error *error, void *userdata)
{
        Network *network = userdata;

        if (network->removing) {
                network->helper = helper_free(network->helper);
                start_removal(network);
                return;
        }
        finish(network, error);
}

int network_check(Network *network, NetworkDone checked, void *userdata)
{
        static const HelperCallbacks callbacks = {.ended = on_checked};

        return start(network, (const char *const[]){"check", network->id, NULL}, &callbacks, checked, userdata);
}

static void on_removed(StringMessage *result, sd_bus_error *error, void *userdata)
{
        finish(userdata, error);
}

/* Also for one whose helper said that it failed: it may have been killed, and knows best what there is. */
static void start_removal(Network *network)
{
        static const HelperCallbacks callbacks = {.ended = on_removed};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = start(network, (const char *const[]){"del", network->id, NULL}, &callbacks, network->done,
                      network->userdata);

        if (r < 0) {
                (void) error_set(&error, ERROR_NETWORK_FAILED, "The network of '%s' can't be undone: %s", network->id,
                                 g_strerror(-r));
                finish(network, &error);
        }
}

void network_remove(Network *network, NetworkDone removed, void *userdata)
{
        network->removing = true;
        network->done = removed;
        network->userdata = userdata;
        network->name_space = safe_close(network->name_space);
        network->user_name_space = safe_close(network->user_name_space);
        if (network->helper)
                helper_cancel(network->helper);
        else
                start_removal(network);
}

Network *network_free(Network *network)
{
        if (!network)
                return NULL;
        helper_free(network->helper);
        safe_close(network->name_space);
        safe_close(network->user_name_space);
        g_strfreev(network->addresses);
        g_free(network->id);
        g_free(network);
        return NULL;
}

const char *network_get_id(const Network *network)
{
        return network->id;
}

int network_get_namespace(const Network *network)
{
        return network->name_space;
}

int network_get_user_namespace(const Network *network)
{
        return network->user_name_space;
}

const char *const *network_get_addresses(const Network *network)
{
        return (const char *const *) network->addresses;
}
