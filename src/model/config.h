/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an admin may set in gangwayd.conf. Each setting has a built-in default, so the file may be empty or absent.
 */

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_ID_RANGE_FIRST_DEFAULT              1879048192U
#define CONFIG_ID_RANGE_SIZE_DEFAULT               268304384U
#define CONFIG_STORE_PATH_DEFAULT                  "/var/lib/gangway"
#define CONFIG_RUNTIME_PATH_DEFAULT                "/usr/bin/crun"
#define CONFIG_MAX_CONTAINERS_PER_USER_DEFAULT     128U
#define CONFIG_MAX_PROCESSES_PER_CONTAINER_DEFAULT 512U
#define CONFIG_MAX_IMAGE_BYTES_DEFAULT             (UINT64_C(64) << 30)
#define CONFIG_MAX_IMAGE_ENTRIES_DEFAULT           2000000U

#define CONFIG_NETWORK_LIST_DEFAULT        "/etc/cni/net.d/88-gangway.conflist"
#define CONFIG_NETWORK_PLUGIN_PATH_DEFAULT "/usr/lib/cni:/usr/libexec/cni:/opt/cni/bin"

typedef enum NetworkProvider {
        NETWORK_CNI,
        NETWORK_PASTA,
} NetworkProvider;

typedef struct Config {
        uint32_t id_range_first; /* a multiple of ID_RANGE_SIZE, as is the size; its first block is the store's */
        uint32_t id_range_size;
        char *store_path;           /* absolute; what the daemon found when it started holds until it ends */
        char *runtime_path;         /* absolute */
        unsigned runtime_path_line; /* where the file sets it; 0 for the default */
        unsigned max_containers_per_user;
        unsigned max_processes_per_container;
        uint64_t max_image_bytes;
        unsigned max_image_entries;
        unsigned network_provider;  /* NetworkProvider */
        char *network_list;         /* absolute: a CNI network list */
        char *network_plugin_path;  /* absolute folders with ':' between them */
        unsigned network_pool_size; /* networks that are kept ready */
        char **dns_servers;         /* addresses in the usual form; these three are NULL where they are not set */
        char **dns_search;
        char **dns_options;
        GHashTable *labels; /* strings by strings; their rules are daemon-labels.h's */
} Config;

/* Reads the text of a gangwayd.conf; what it does not set has its default. filename: only for the message.
 * Errors: -EINVAL, with a message of the form FILE:LINE: SENTENCE (the caller frees it). */
int config_parse(const char *text, size_t size, const char *filename, Config **ret, char **ret_message);

Config *config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)
