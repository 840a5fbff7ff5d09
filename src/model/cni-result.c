/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/cni-result.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include "model/cni-json.h"

#define REASON_LENGTH_MAX 1000U
#define MAC_LENGTH_MAX    64U

static int fail(char **ret_why, const char *what)
{
        *ret_why = g_strdup(what);
        return -EBADMSG;
}

/* Returns the bits of an address of its kind, or 0 where it is none. */
static unsigned address_bits(const char *text)
{
        struct in6_addr address;

        if (inet_pton(AF_INET, text, &address) == 1)
                return 32;
        return inet_pton(AF_INET6, text, &address) == 1 ? 128 : 0;
}

static bool is_address_with_prefix(const char *text)
{
        const char *slash = strchr(text, '/');
        g_autofree char *address = slash ? g_strndup(text, (gsize) (slash - text)) : NULL;
        unsigned bits = address ? address_bits(address) : 0;

        return bits > 0 && g_ascii_string_to_unsigned(slash + 1, 10, 0, bits, NULL, NULL);
}

static bool is_mac(const char *text)
{
        size_t length = strlen(text);

        if (length > MAC_LENGTH_MAX)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isxdigit(text[i]) && text[i] != ':')
                        return false;
        return true;
}

static bool contains(GPtrArray *array, const char *text)
{
        return g_ptr_array_find_with_equal_func(array, text, g_str_equal, NULL);
}

/* An address belongs to the container unless it says that it is of an interface on the machine, which has no sandbox.
 */
static int is_of_container(JsonObject *ip, JsonArray *interfaces, bool *ret, char **ret_why)
{
        JsonNode *node = json_object_get_member(ip, "interface");
        JsonObject *interface;
        const char *sandbox = NULL;
        gint64 index;

        *ret = true;
        if (!node || JSON_NODE_HOLDS_NULL(node))
                return 0;
        if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
                return fail(ret_why, "the interface of one of its ips is no number");
        index = json_node_get_int(node);
        if (index < 0 || !interfaces || index >= json_array_get_length(interfaces))
                return fail(ret_why, "one of its ips has an interface that is not among its interfaces");
        interface = json_array_get_object_element(interfaces, (guint) index);
        if (!cni_json_get_string(interface, "sandbox", &sandbox))
                return fail(ret_why, "the sandbox of one of its interfaces is no string");
        *ret = sandbox && *sandbox;
        return 0;
}

static int read_ip(CniResult *result, JsonArray *interfaces, JsonObject *ip, char **ret_why)
{
        const char *address = NULL, *gateway = NULL;
        bool ours;
        int r;

        if (!ip)
                return fail(ret_why, "one of its ips is no object");
        if (!cni_json_get_string(ip, "address", &address) || !address || !is_address_with_prefix(address))
                return fail(ret_why, "one of its ips has no address of the form ADDRESS/PREFIX");
        if (!cni_json_get_string(ip, "gateway", &gateway) || (gateway && *gateway && !address_bits(gateway)))
                return fail(ret_why, "the gateway of one of its ips is no address");
        r = is_of_container(ip, interfaces, &ours, ret_why);
        if (r < 0 || !ours)
                return r;
        if (!contains(result->addresses, address))
                g_ptr_array_add(result->addresses, g_strdup(address));
        if (gateway && *gateway && !contains(result->gateways, gateway))
                g_ptr_array_add(result->gateways, g_strdup(gateway));
        return 0;
}

static int read_interface(CniResult *result, JsonObject *interface, const char *wanted, char **ret_why)
{
        const char *name = NULL, *mac = NULL, *sandbox = NULL;

        if (!interface)
                return fail(ret_why, "one of its interfaces is no object");
        if (!cni_json_get_string(interface, "name", &name) || !cni_json_get_string(interface, "mac", &mac) ||
            !cni_json_get_string(interface, "sandbox", &sandbox))
                return fail(ret_why, "the name, mac or sandbox of one of its interfaces is no string");
        if (mac && !is_mac(mac))
                return fail(ret_why, "the mac of one of its interfaces is no hardware address");
        if (!result->mac && mac && *mac && sandbox && *sandbox && g_strcmp0(name, wanted) == 0)
                result->mac = g_strdup(mac);
        return 0;
}

static int read_result(CniResult *result, const char *interface, char **ret_why)
{
        JsonArray *ips = NULL, *interfaces = NULL;
        guint n_ips, n_interfaces;
        int r = 0;

        if (!cni_json_get_array(result->object, "interfaces", &interfaces))
                return fail(ret_why, "its interfaces are no array");
        if (!cni_json_get_array(result->object, "ips", &ips))
                return fail(ret_why, "its ips are no array");
        n_interfaces = interfaces ? json_array_get_length(interfaces) : 0;
        for (guint i = 0; i < n_interfaces && r >= 0; i++)
                r = read_interface(result, cni_json_element_object(interfaces, i), interface, ret_why);
        n_ips = ips ? json_array_get_length(ips) : 0;
        for (guint i = 0; i < n_ips && r >= 0; i++)
                r = read_ip(result, interfaces, cni_json_element_object(ips, i), ret_why);
        if (r >= 0 && result->addresses->len > CNI_ADDRESSES_MAX)
                return fail(ret_why, "it has too many ips");
        return r;
}

int cni_result_new(JsonObject *object, const char *interface, CniResult **ret, char **ret_why)
{
        CniResult *result = g_new0(CniResult, 1);
        int r;

        result->object = json_object_ref(object);
        result->addresses = g_ptr_array_new_with_free_func(g_free);
        result->gateways = g_ptr_array_new_with_free_func(g_free);
        r = read_result(result, interface, ret_why);
        if (r < 0) {
                cni_result_free(result);
                return r;
        }
        *ret = result;
        return 0;
}

int cni_result_parse(const char *text, size_t size, const char *interface, CniResult **ret, char **ret_why)
{
        g_autoptr(JsonObject) object = NULL;
        int r = cni_json_parse(text, size, CNI_DEPTH_MAX, &object, ret_why);

        return r < 0 ? r : cni_result_new(object, interface, ret, ret_why);
}

CniResult *cni_result_free(CniResult *result)
{
        if (!result)
                return NULL;
        json_object_unref(result->object);
        g_ptr_array_unref(result->addresses);
        g_ptr_array_unref(result->gateways);
        g_free(result->mac);
        g_free(result);
        return NULL;
}

/* One line of valid text that is not too long. NULL where nothing is left. */
static char *tidy(const char *text)
{
        g_autofree char *cut = strlen(text) > REASON_LENGTH_MAX
                                       ? g_strdup_printf("%.*s...", (int) REASON_LENGTH_MAX, text)
                                       : g_strdup(text);
        g_autofree char *line = g_utf8_make_valid(cut, -1);

        for (char *c = line; *c; c++)
                if (g_ascii_iscntrl(*c))
                        *c = ' ';
        g_strstrip(line);
        return *line ? g_steal_pointer(&line) : NULL;
}

static char *last_line(const char *text, size_t size)
{
        g_autofree char *copy = g_strndup(text, size);
        g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
        char *line = NULL;

        for (guint i = g_strv_length(lines); i > 0 && !line; i--)
                line = tidy(lines[i - 1]);
        return line;
}

/* The error object of section 5, "Error". */
static char *read_error(const char *output, size_t size)
{
        g_autoptr(JsonObject) object = NULL;
        g_autofree char *why = NULL, *tidy_message = NULL, *tidy_details = NULL;
        const char *message = NULL, *details = NULL;
        JsonNode *code;
        GString *text;

        if (cni_json_parse(output, size, CNI_DEPTH_MAX, &object, &why) < 0 ||
            !cni_json_get_string(object, "msg", &message) || !message ||
            !cni_json_get_string(object, "details", &details))
                return NULL;
        tidy_message = tidy(message);
        if (!tidy_message)
                return NULL;
        tidy_details = details ? tidy(details) : NULL;
        text = g_string_new(tidy_message);
        code = json_object_get_member(object, "code");
        if (code && JSON_NODE_HOLDS_VALUE(code) && json_node_get_value_type(code) == G_TYPE_INT64)
                g_string_append_printf(text, " (%s%scode %" G_GINT64_FORMAT ")", tidy_details ? tidy_details : "",
                                       tidy_details ? ", " : "", json_node_get_int(code));
        else if (tidy_details)
                g_string_append_printf(text, " (%s)", tidy_details);
        return g_string_free(text, FALSE);
}

char *cni_output_to_reason(const char *output, size_t output_size, const char *errors, size_t errors_size)
{
        char *reason = read_error(output, output_size);

        if (!reason)
                reason = last_line(errors, errors_size);
        return reason ? reason : last_line(output, output_size);
}
