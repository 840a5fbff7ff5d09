/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * gangwayd.conf. One table says which keys there are and what they may hold; the text is first walked line by line
 * against it, so that a misspelt, repeated or misplaced key is refused with its line and never passed over, then the
 * values are taken from GKeyFile. Only in [Labels] the keys are free.
 *
 * * The default range of ids is 1879048192 to 2147352575. The list of ids that systemd keeps (UIDS-GIDS in its
 * documentation) marks it as used by nobody: it lies between the ids that systemd-nspawn takes for its containers and
 * the last ones below 2147483648. From there on, programs that keep an id in a signed integer go wrong.
 */

#include "model/config.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "model/config-field.h"
#include "model/daemon-labels.h"
#include "model/id-ranges.h"
#include "model/ip-address.h"
#include "model/key-file-scan.h"
#include "model/resolv-conf.h"

#define ID_END_MAX 2147483648U
/* The group whose keys are the admin's own. */
#define LABELS "Labels"
/* A block for the store, and one for a container. */
#define ID_SIZE_MIN     (2 * ID_RANGE_SIZE)
#define IMAGE_BYTES_MAX (G_GUINT64_CONSTANT(1) << 50)
#define DNS_WORDS_MAX   32U

static const char *const network_providers[] = {[NETWORK_CNI] = "cni", [NETWORK_PASTA] = "pasta", NULL};

static char *normalize_domain(const char *word)
{
        return resolv_conf_is_domain(word) ? g_strdup(word) : NULL;
}

static char *normalize_option(const char *word)
{
        return resolv_conf_is_option(word) ? g_strdup(word) : NULL;
}

static const ConfigWordRule dns_servers = {ip_address_normalize, "IP addresses, as 192.0.2.1 or 2001:db8::1"};
static const ConfigWordRule dns_search = {normalize_domain, "names of domains, as example.org"};
static const ConfigWordRule dns_options = {normalize_option, "options of resolv.conf(5), as ndots:2"};

static const ConfigField fields[] = {
        {"Ids", "First", offsetof(Config, id_range_first), ID_RANGE_SIZE, ID_END_MAX - ID_SIZE_MIN, ID_RANGE_SIZE},
        {"Ids", "Size", offsetof(Config, id_range_size), ID_SIZE_MIN, ID_END_MAX - ID_RANGE_SIZE, ID_RANGE_SIZE},
        {"Store", "Path", offsetof(Config, store_path), 0, 0, 0},
        {"Runtime", "Path", offsetof(Config, runtime_path), 0, 0, 0},
        {"Limits", "ContainersPerUser", offsetof(Config, max_containers_per_user), 1, 32768, 1},
        {"Limits", "ProcessesPerContainer", offsetof(Config, max_processes_per_container), 1, 65536, 1},
        {"Limits", "ImageBytes", offsetof(Config, max_image_bytes), 1, IMAGE_BYTES_MAX, 1, true},
        {"Limits", "ImageEntries", offsetof(Config, max_image_entries), 1, 1000000000, 1},
        {"Network", "Provider", offsetof(Config, network_provider), .words = network_providers},
        {"Network", "List", offsetof(Config, network_list)},
        {"Network", "PluginPath", offsetof(Config, network_plugin_path), .path_list = true},
        {"Network", "Pool", offsetof(Config, network_pool_size), 0, 256, 1},
        {"DNS", "Servers", offsetof(Config, dns_servers), 0, DNS_SERVERS_MAX, .list = &dns_servers},
        {"DNS", "Search", offsetof(Config, dns_search), 0, DNS_WORDS_MAX, .list = &dns_search},
        {"DNS", "Options", offsetof(Config, dns_options), 0, DNS_WORDS_MAX, .list = &dns_options},
};

static const ConfigField *find_field(const char *group, const char *key)
{
        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
                if (strcmp(fields[i].group, group) == 0 && (!key || strcmp(fields[i].key, key) == 0))
                        return &fields[i];
        return NULL;
}

/* The groups, or the keys of a group, as "A, B, C". */
static char *list_names(const char *group)
{
        g_autoptr(GString) names = g_string_new(NULL);
        const char *last = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                if (group ? strcmp(fields[i].group, group) != 0 : g_strcmp0(fields[i].group, last) == 0)
                        continue;
                last = fields[i].group;
                if (names->len > 0)
                        g_string_append(names, ", ");
                g_string_append_printf(names, group ? "%s" : "[%s]", group ? fields[i].key : fields[i].group);
        }
        return g_string_free(g_steal_pointer(&names), FALSE);
}

static bool is_labels(const KeyFileScan *scan)
{
        return g_strcmp0(scan->group, LABELS) == 0;
}

static int check_line(ConfigText *text, const KeyFileScan *scan)
{
        g_autofree char *known = NULL;
        unsigned first;

        switch (scan->kind) {
        case KEY_FILE_LINE_EMPTY:
                return 0;
        case KEY_FILE_LINE_BROKEN:
                return config_refuse(text, scan->line, "'%s' is no [Group], no Key=value and no comment.",
                                     scan->content);
        case KEY_FILE_LINE_GROUP:
                if (is_labels(scan) || find_field(scan->group, NULL))
                        return 0;
                known = list_names(NULL);
                return config_refuse(text, scan->line, "There is no group [%s]; the groups are %s, [" LABELS "].",
                                     scan->group, known);
        case KEY_FILE_LINE_KEY:
                break;
        }

        if (!scan->group)
                return config_refuse(text, scan->line, "%s= stands before the first [Group].", scan->key);
        if (is_labels(scan) && !label_key_is_valid(scan->key))
                return config_refuse(
                        text, scan->line,
                        "[%s] %s= is not allowed; a label is named by letters, digits, _ . - and /, a letter or "
                        "digit first, at most %u.",
                        scan->group, scan->key, LABEL_KEY_MAX);
        if (!is_labels(scan) && !find_field(scan->group, scan->key)) {
                known = list_names(scan->group);
                return config_refuse(text, scan->line, "There is no key %s in [%s]; the keys of this group are %s.",
                                     scan->key, scan->group, known);
        }
        first = key_file_find_line(text->bytes, text->size, scan->group, scan->key);
        if (first < scan->line)
                return config_refuse(text, scan->line, "[%s] %s= is set twice; the first time was in line %u.",
                                     scan->group, scan->key, first);
        return 0;
}

static int check_lines(ConfigText *text)
{
        KeyFileScan scan = {.text = text->bytes, .size = text->size};
        const char *nul = text->size > 0 ? memchr(text->bytes, '\0', text->size) : NULL;
        int r = 0;

        while (r == 0 && key_file_scan_next(&scan) > 0)
                if (nul && nul < text->bytes + scan.offset)
                        r = config_refuse(text, scan.line,
                                          "A NUL byte stands in this line; the file has to be plain text.");
                else if (!g_utf8_validate(scan.content, -1, NULL))
                        r = config_refuse(text, scan.line, "This line is no valid UTF-8.");
                else
                        r = check_line(text, &scan);
        key_file_scan_done(&scan);
        return r;
}

/* Reads the value that this line sets. */
static int read_value(ConfigText *text, unsigned line, GKeyFile *file, const char *group, const char *key, char **ret)
{
        g_autoptr(GError) error = NULL;
        g_autofree char *value = g_key_file_get_string(file, group, key, &error);

        if (error) { /* a broken escape leaves a value, too */
                g_autofree char *raw = g_key_file_get_value(file, group, key, NULL);

                (void) config_refuse(text, line,
                                     "[%s] %s=%s is not allowed; after a \\ there may be s, n, t, r or \\ only.", group,
                                     key, raw);
                return -EINVAL;
        }
        *ret = g_strstrip(g_steal_pointer(&value));
        return 0;
}

static int take_label(ConfigText *text, GKeyFile *file, const char *key, Config *config)
{
        unsigned line = key_file_find_line(text->bytes, text->size, LABELS, key);
        g_autofree char *value = NULL;
        int r = read_value(text, line, file, LABELS, key, &value);

        if (r < 0)
                return r;
        if (!label_value_is_valid(value))
                return config_refuse(text, line,
                                     "[" LABELS
                                     "] %s= is not allowed with this value; it has to be at most %u bytes without "
                                     "control characters.",
                                     key, LABEL_VALUE_MAX);
        (void) g_hash_table_insert(config->labels, g_strdup(key), g_steal_pointer(&value));
        return 0;
}

static int take_labels(ConfigText *text, GKeyFile *file, Config *config)
{
        g_auto(GStrv) keys = g_key_file_get_keys(file, LABELS, NULL, NULL);
        int r = 0;

        for (size_t i = 0; keys && keys[i] && r == 0; i++)
                r = take_label(text, file, keys[i], config);
        return r;
}

static int take_field(ConfigText *text, GKeyFile *file, const ConfigField *field, Config *config)
{
        unsigned line = key_file_find_line(text->bytes, text->size, field->group, field->key);
        g_autofree char *value = NULL;
        int r;

        if (line == 0)
                return 0;
        r = read_value(text, line, file, field->group, field->key, &value);
        if (r < 0)
                return r;
        if (field->offset == offsetof(Config, runtime_path))
                config->runtime_path_line = line;
        return config_field_take(text, line, field, value, config);
}

static int check_id_range(ConfigText *text, const Config *config)
{
        unsigned line;

        if ((guint64) config->id_range_first + config->id_range_size <= ID_END_MAX)
                return 0;
        line = key_file_find_line(text->bytes, text->size, "Ids", "Size");
        if (line == 0)
                line = key_file_find_line(text->bytes, text->size, "Ids", "First");
        return config_refuse(
                text, line, "[Ids] First=%u and Size=%u reach beyond %u; with this First, Size may be at most %u.",
                config->id_range_first, config->id_range_size, ID_END_MAX - 1, ID_END_MAX - config->id_range_first);
}

static Config *config_new(void)
{
        Config *config = g_new0(Config, 1);

        *config = (Config){
                .id_range_first = CONFIG_ID_RANGE_FIRST_DEFAULT,
                .id_range_size = CONFIG_ID_RANGE_SIZE_DEFAULT,
                .store_path = g_strdup(CONFIG_STORE_PATH_DEFAULT),
                .runtime_path = g_strdup(CONFIG_RUNTIME_PATH_DEFAULT),
                .max_containers_per_user = CONFIG_MAX_CONTAINERS_PER_USER_DEFAULT,
                .max_processes_per_container = CONFIG_MAX_PROCESSES_PER_CONTAINER_DEFAULT,
                .max_image_bytes = CONFIG_MAX_IMAGE_BYTES_DEFAULT,
                .max_image_entries = CONFIG_MAX_IMAGE_ENTRIES_DEFAULT,
                .network_list = g_strdup(CONFIG_NETWORK_LIST_DEFAULT),
                .network_plugin_path = g_strdup(CONFIG_NETWORK_PLUGIN_PATH_DEFAULT),
                .labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        };
        return config;
}

static int parse(ConfigText *text, Config *config)
{
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;
        int r;

        r = check_lines(text);
        if (r < 0)
                return r;

        /* What the walk let through and GKeyFile does not is a line that both see differently: not known to exist. */
        if (!g_key_file_load_from_data(file, text->bytes, text->size, G_KEY_FILE_NONE, &error))
                return config_refuse(text, 1, "The file can't be read: %s.", error->message);

        for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
                r = take_field(text, file, &fields[i], config);
                if (r < 0)
                        return r;
        }
        r = take_labels(text, file, config);
        return r < 0 ? r : check_id_range(text, config);
}

int config_parse(const char *text, size_t size, const char *filename, Config **ret, char **ret_message)
{
        g_autoptr(Config) config = config_new();
        ConfigText input = {.bytes = text, .size = size, .filename = filename};
        int r;

        if (size > 0) {
                r = parse(&input, config);
                if (r < 0) {
                        *ret_message = input.message;
                        return r;
                }
        }
        *ret = g_steal_pointer(&config);
        return 0;
}

Config *config_free(Config *config)
{
        if (!config)
                return NULL;
        g_free(config->store_path);
        g_free(config->runtime_path);
        g_free(config->network_list);
        g_free(config->network_plugin_path);
        g_strfreev(config->dns_servers);
        g_strfreev(config->dns_search);
        g_strfreev(config->dns_options);
        g_hash_table_unref(config->labels);
        g_free(config);
        return NULL;
}
