/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * With CNI the network is there before the container is: gangway-network sets it up beside the mounts and the scope,
 * and what it could not do is an error of CreateContainer. With pasta the launcher makes the namespaces, and starts
 * pasta in the container's scope with the first process, since it has to end with it.
 */

#include "service/container-network.h"

#include <netinet/in.h>
#include <unistd.h>

#include "backend/port-reservation.h"
#include "config.h"
#include "model/id-ranges.h"
#include "util/error.h"
#include "util/log.h"

/* In the launcher's staging folder. */
#define NETWORK_FILE "network"
#define USER_FILE    "network-user"

struct ContainerNetwork {
        Service *service;
        const ContainerSpec *spec;
        char *id;
        uint32_t id_base;
        bool by_pasta; /* as the config said when it was made */
        GArray *ports; /* PublishedPort */
        PortReservation *reservation;
        Network *network; /* of CNI; NULL: there is none */
        char *network_file, *user_file;
        bool joined;
        bool running;    /* pasta */
        GStrv addresses; /* its */
        ContainerNetworkDone done;
        void *userdata;
};

static bool is_sandbox(const ContainerNetwork *network)
{
        return network->spec->net_mode == NET_SANDBOX;
}

static bool has_own_ids(const ContainerNetwork *network)
{
        return network->spec->security_mode == SECURITY_SANDBOX;
}

ContainerNetwork *container_network_new(const ContainerNetworkRequest *request)
{
        ContainerNetwork *network = g_new0(ContainerNetwork, 1);
        const GArray *ports = request->spec->ports;

        network->service = request->service;
        network->spec = request->spec;
        network->id = g_strdup(request->id);
        network->id_base = request->id_base;
        network->by_pasta = request->service->config->network_provider == NETWORK_PASTA;
        network->network = request->ready;
        network->ports = g_array_new(FALSE, FALSE, sizeof(PublishedPort));
        g_array_append_vals(network->ports, ports->data, ports->len);
        return network;
}

ContainerNetwork *container_network_free(ContainerNetwork *network)
{
        if (!network)
                return NULL;
        network_free(network->network);
        port_reservation_free(network->reservation);
        g_array_unref(network->ports);
        g_strfreev(network->addresses);
        g_free(network->network_file);
        g_free(network->user_file);
        g_free(network->id);
        g_free(network);
        return NULL;
}

static void finish(ContainerNetwork *network, const sd_bus_error *error)
{
        ContainerNetworkDone done = network->done;

        network->done = NULL;
        if (done)
                done(error, network->userdata);
}

static void on_made(const sd_bus_error *error, void *userdata)
{
        finish(userdata, error);
}

static int start_cni(ContainerNetwork *network, sd_bus_error *error)
{
        const Config *config = network->service->config;
        const NetworkRequest request = {
                .id = network->id,
                .own_ids = has_own_ids(network),
                .id_base = network->id_base,
                .list = config->network_list,
                .plugin_path = config->network_plugin_path,
                .ports = network->ports,
                .port_address = container_spec_get_port_address(network->spec),
        };
        int r = network_new(network->service->network_helpers, &request, on_made, network, &network->network);

        if (r < 0)
                return error_set(error, ERROR_NETWORK_FAILED, "The network can't be set up: %s", g_strerror(-r));
        return 0;
}

static int check_pasta(const ContainerNetwork *network, sd_bus_error *error)
{
        for (guint i = 0; i < network->ports->len; i++)
                if (g_array_index(network->ports, PublishedPort, i).protocol == IPPROTO_SCTP)
                        return error_invalid(error, "An sctp port can't be published with pasta; Provider=cni in "
                                                    "[Network] of gangwayd.conf can");
        if (access(GANGWAY_PASTA, X_OK) < 0)
                return error_set(error, ERROR_NETWORK_UNAVAILABLE,
                                 "The network of gangwayd.conf needs " GANGWAY_PASTA
                                 " (%s): install the package passt, "
                                 "or set Provider=cni in [Network], or use the net-mode 'none' or 'host'",
                                 g_strerror(errno));
        return 1;
}

int container_network_make(ContainerNetwork *network, ContainerNetworkDone made, void *userdata, sd_bus_error *error)
{
        int r;

        if (!is_sandbox(network))
                return 1;
        network->done = made;
        network->userdata = userdata;
        if (network->ports->len > 0) {
                r = port_reservation_new(network->ports, container_spec_get_port_address(network->spec),
                                         &network->reservation, error);
                if (r < 0)
                        return r;
        }
        if (network->by_pasta)
                return check_pasta(network, error);
        return network->network ? 1 : start_cni(network, error);
}

/* A port of pasta's options: of all that it can forward, only what was asked for. */
static char *list_ports(const ContainerNetwork *network, int protocol)
{
        g_autoptr(GString) list = g_string_new(NULL);

        for (guint i = 0; i < network->ports->len; i++) {
                const PublishedPort *port = &g_array_index(network->ports, PublishedPort, i);

                if (port->protocol != protocol)
                        continue;
                if (list->len == 0)
                        g_string_append_printf(list, "%s/", container_spec_get_port_address(network->spec));
                else
                        g_string_append_c(list, ',');
                g_string_append_printf(list, "%u:%u", port->host, port->container);
        }
        return list->len > 0 ? g_string_free(g_steal_pointer(&list), FALSE) : g_strdup("none");
}

static void on_joined(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        ContainerNetwork *network = userdata;

        network->joined = !error;
        finish(network, error);
}

static int request_isolate(ContainerNetwork *network, Launcher *launcher)
{
        /* The last of the container's ids, which no other program of this machine has. */
        g_autofree char *user = g_strdup_printf("%u", network->id_base + ID_RANGE_SIZE - 1);
        g_autofree char *base = g_strdup_printf("%u", network->id_base);
        g_autofree char *count = g_strdup_printf("%u", ID_RANGE_SIZE);
        g_autofree char *tcp = list_ports(network, IPPROTO_TCP), *udp = list_ports(network, IPPROTO_UDP);
        const char *const strings[] = {
                "isolate", network->network_file, network->user_file, base, count, user,
                /* Neither the machine's loopback by the gateway's address, nor its ports by the container's. */
                GANGWAY_PASTA, "--quiet", "--config-net", "--no-map-gw", "--no-netns-quit", "-t", tcp, "-u", udp, "-T",
                "none", "-U", "none", "--userns", network->user_file, "--netns", network->network_file, NULL};

        return launcher_request(launcher, strings, NULL, 0, on_joined, network);
}

static int request_join(ContainerNetwork *network, Launcher *launcher)
{
        const int fds[] = {network_get_namespace(network->network), network_get_user_namespace(network->network)};
        bool own_ids = has_own_ids(network);

        return launcher_request(
                launcher, (const char *const[]){"join", network->network_file, own_ids ? network->user_file : "", NULL},
                fds, own_ids ? 2 : 1, on_joined, network);
}

int container_network_join(ContainerNetwork *network, Launcher *launcher, const ContainerDir *dir,
                           ContainerNetworkDone joined, void *userdata)
{
        int r;

        if (!is_sandbox(network))
                return 1;
        network->done = joined;
        network->userdata = userdata;
        network->network_file = g_build_filename(dir->staging, NETWORK_FILE, NULL);
        network->user_file = g_build_filename(dir->staging, USER_FILE, NULL);
        r = network->by_pasta ? request_isolate(network, launcher) : request_join(network, launcher);
        return r < 0 ? r : 0;
}

void container_network_describe(ContainerNetwork *network, OciRoot *root)
{
        if (!network->joined)
                return;
        root->network = network->network_file;
        if (has_own_ids(network))
                root->user = network->user_file;
}

void container_network_start(ContainerNetwork *network)
{
        if (!network->joined || !network->by_pasta)
                return;
        network->running = true;
        network->reservation = port_reservation_free(network->reservation);
}

bool container_network_take_addresses(ContainerNetwork *network, const char *const *addresses)
{
        if (!*addresses)
                return false;
        g_strfreev(network->addresses);
        network->addresses = g_strdupv((char **) addresses);
        return true;
}

const char *container_network_get_device(const ContainerNetwork *network)
{
        return is_sandbox(network) && network->by_pasta ? "/dev/net/tun" : NULL;
}

bool container_network_has_process(const ContainerNetwork *network)
{
        return network->running;
}

static void on_removed(const sd_bus_error *error, void *userdata)
{
        ContainerNetwork *network = userdata;

        if (error)
                log_error("The network of %s could not be undone: %s", network->id, error->message);
        network->network = network_free(network->network);
        network->reservation = port_reservation_free(network->reservation);
        finish(network, NULL);
}

int container_network_release(ContainerNetwork *network, ContainerNetworkDone released, void *userdata)
{
        if (!network->network) {
                network->reservation = port_reservation_free(network->reservation);
                return 1;
        }
        network->done = released;
        network->userdata = userdata;
        network_remove(network->network, on_removed, network);
        return 0;
}

const GArray *container_network_get_ports(const ContainerNetwork *network)
{
        return network->ports;
}

const char *const *container_network_get_addresses(const ContainerNetwork *network)
{
        static const char *const none[] = {NULL};

        if (network->network)
                return network_get_addresses(network->network);
        return network->addresses ? (const char *const *) network->addresses : none;
}
