/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/name-files.h"

#include "backend/host-file.h"
#include "model/resolv-conf.h"
#include "service/mount-request.h"

#define RESOLV_CONF          "/etc/resolv.conf"
#define RESOLV_CONF_RESOLVED "/run/systemd/resolve/resolv.conf"
#define RESOLV_CONF_MAX      65536U

static GString *read_resolv_conf(const char *path)
{
        GString *text = host_file_read(path, RESOLV_CONF_MAX);

        return text ? text : g_string_new(NULL);
}

/* A machine without systemd-resolved's other file has the stub's for nothing, which resolv_conf_make() sees. */
static GString *read_machine(bool host_network)
{
        GString *text = read_resolv_conf(RESOLV_CONF), *other;

        if (host_network || !resolv_conf_is_stub(text->str, text->len))
                return text;
        other = host_file_read(RESOLV_CONF_RESOLVED, RESOLV_CONF_MAX);
        if (!other)
                return text;
        g_string_free(text, TRUE);
        return other;
}

static GString *make_resolv_conf(const ContainerSpec *spec, const Config *config)
{
        bool host_network = spec->net_mode == NET_HOST;
        GString *machine = read_machine(host_network), *made;
        const char *servers[DNS_SERVERS_MAX + 1] = {};

        for (guint i = 0; i < MIN(spec->dns_servers->len, DNS_SERVERS_MAX); i++)
                servers[i] = spec->dns_servers->pdata[i];
        made = resolv_conf_make(machine->str, machine->len,
                                &(const ResolvConfRequest){
                                        .host_network = host_network,
                                        .dns_servers = servers,
                                        .servers = (const char *const *) config->dns_servers,
                                        .search = (const char *const *) config->dns_search,
                                        .options = (const char *const *) config->dns_options,
                                });
        g_string_free(machine, TRUE);
        return made;
}

int name_files_pipe(const ContainerSpec *spec, const Config *config, size_t ret_sizes[NAME_FILES])
{
        g_autofree char *hosts = hosts_file_text(spec->hostname, spec->extra_hosts);
        GString *resolv_conf = make_resolv_conf(spec, config), *all = g_string_new(hosts);
        size_t sizes[NAME_FILES] = {all->len};
        g_autoptr(GBytes) bytes = NULL;
        int fd;

        g_string_append_printf(all, "%s\n", spec->hostname);
        sizes[1] = all->len - sizes[0];
        g_string_append_len(all, resolv_conf->str, (gssize) resolv_conf->len);
        sizes[2] = resolv_conf->len;
        g_string_free(resolv_conf, TRUE);
        bytes = g_string_free_to_bytes(all);
        fd = mount_request_pipe(bytes);
        if (fd >= 0)
                for (size_t i = 0; i < NAME_FILES; i++)
                        ret_sizes[i] = sizes[i];
        return fd;
}
