/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The API is written down four times: in dbus-interfaces/, which is the truth, in the vtables that the daemon
 * registers, in the authorization table, and in the polkit policy. Here each is compared with the truth, in both
 * directions.
 *
 * What a vtable says is learnt as any client does, by Introspect: an sd-bus server over a socket pair answers it with
 * no bus daemon. Each interface becomes a sorted list of lines, so that a difference shows as text.
 */

#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "service/authorization-table.h"
#include "service/bus-path.h"
#include "service/container-bus.h"
#include "service/manager-bus.h"
#include "service/operation-bus.h"
#include "util/cleanup.h"

#define ANNOTATION_ACTION  "org.gangway1.PolkitAction"
#define ANNOTATION_CHANGES "org.freedesktop.DBus.Property.EmitsChangedSignal"
#define POLKIT_PREFIX      "org.gangway1."

typedef struct Shown {
        const char *interface;
        const char *path;
        const sd_bus_vtable *vtable;
} Shown;

static const Shown shown[] = {
        {MANAGER_INTERFACE, ROOT_PATH, manager_bus_vtable},
        {CONTAINER_INTERFACE, CONTAINER_PREFIX "/1000/c1", container_bus_vtable},
        {OPERATION_INTERFACE, OPERATION_PREFIX "/1", operation_bus_vtable},
};

/* Files of the source tree. */
static char *read_source(const char *folder, const char *name)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "..", folder, name, NULL);
        g_autoptr(GError) error = NULL;
        char *text;

        g_file_get_contents(path, &text, NULL, &error);
        g_assert_no_error(error);
        return text;
}

static GDBusNodeInfo *parse_interface(const char *xml, const char *name, GDBusInterfaceInfo **ret_interface)
{
        g_autoptr(GError) error = NULL;
        GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(xml, &error);

        g_assert_no_error(error);
        *ret_interface = g_dbus_node_info_lookup_interface(node, name);
        if (!*ret_interface)
                g_error("There is no %s in: %s", name, xml);
        return node;
}

static GDBusNodeInfo *read_interface(const char *name, GDBusInterfaceInfo **ret_interface)
{
        g_autofree char *file = g_strdup_printf("%s.xml", name);
        g_autofree char *xml = read_source("dbus-interfaces", file);

        return parse_interface(xml, name, ret_interface);
}

static sd_bus *open_end(int fd, bool server)
{
        sd_bus *bus = NULL;

        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(bus, fd, fd), >=, 0);
        if (server)
                g_assert_cmpint(
                        sd_bus_set_server(bus, true, SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0)), >=,
                        0);
        g_assert_cmpint(sd_bus_start(bus), >=, 0);
        return bus;
}

static int on_introspected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        const char *xml;

        g_assert_false(sd_bus_message_is_method_error(m, NULL));
        g_assert_cmpint(sd_bus_message_read(m, "s", &xml), >, 0);
        *(char **) userdata = g_strdup(xml);
        return 1;
}

/* What the vtable says of itself. */
static char *introspect(const Shown *object)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *server = NULL, *client = NULL;
        char *xml = NULL;
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
        server = open_end(fds[0], true);
        client = open_end(fds[1], false);
        g_assert_cmpint(sd_bus_add_object_vtable(server, NULL, object->path, object->interface, object->vtable, NULL),
                        >=, 0);
        g_assert_cmpint(sd_bus_call_method_async(client, NULL, NULL, object->path,
                                                 "org.freedesktop.DBus.Introspectable", "Introspect", on_introspected,
                                                 &xml, ""),
                        >=, 0);
        /* Both ends are served in turn until the answer is there. Neither having a thing to do means that the other
         * end's bytes are on their way: the call itself ends with an error after its time. */
        while (!xml) {
                int served = sd_bus_process(server, NULL), asked = sd_bus_process(client, NULL);

                g_assert_cmpint(served, >=, 0);
                g_assert_cmpint(asked, >=, 0);
                if (served == 0 && asked == 0)
                        g_assert_cmpint(sd_bus_wait(client, G_USEC_PER_SEC), >=, 0);
        }
        return xml;
}

static void add_arguments(GString *line, GDBusArgInfo **arguments)
{
        g_string_append(line, " (");
        for (; arguments && *arguments; arguments++)
                g_string_append_printf(line, " %s:%s", (*arguments)->name ? (*arguments)->name : "?",
                                       (*arguments)->signature);
        g_string_append(line, " )");
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* All lines, sorted, as one text. */
static char *join_sorted(GPtrArray *lines)
{
        g_ptr_array_sort(lines, compare_lines);
        g_ptr_array_add(lines, NULL);
        return g_strjoinv("\n", (GStrv) lines->pdata);
}

static char *describe(const GDBusInterfaceInfo *interface)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

        for (GDBusMethodInfo **m = interface->methods; m && *m; m++) {
                GString *line = g_string_new("method ");

                g_string_append(line, (*m)->name);
                add_arguments(line, (*m)->in_args);
                g_string_append(line, " ->");
                add_arguments(line, (*m)->out_args);
                g_ptr_array_add(lines, g_string_free(line, FALSE));
        }
        for (GDBusSignalInfo **s = interface->signals; s && *s; s++) {
                GString *line = g_string_new("signal ");

                g_string_append(line, (*s)->name);
                add_arguments(line, (*s)->args);
                g_ptr_array_add(lines, g_string_free(line, FALSE));
        }
        for (GDBusPropertyInfo **p = interface->properties; p && *p; p++) {
                const char *changes = g_dbus_annotation_info_lookup((*p)->annotations, ANNOTATION_CHANGES);
                bool write = (*p)->flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE;

                g_ptr_array_add(lines, g_strdup_printf("property %s %s %s, changes: %s", (*p)->name, (*p)->signature,
                                                       write ? "readwrite" : "read", changes ? changes : "true"));
        }
        return join_sorted(lines);
}

static void test_vtable(gconstpointer data)
{
        const Shown *object = data;
        GDBusInterfaceInfo *wanted, *registered;
        g_autoptr(GDBusNodeInfo) wanted_node = read_interface(object->interface, &wanted);
        g_autofree char *xml = introspect(object);
        g_autoptr(GDBusNodeInfo) registered_node = parse_interface(xml, object->interface, &registered);
        g_autofree char *wanted_text = describe(wanted), *registered_text = describe(registered);

        g_assert_cmpstr(registered_text, ==, wanted_text);
}

/* A vtable's own flags say who may call a method at all; here everybody may, since the gate in access.c decides. */
static void test_unprivileged(gconstpointer data)
{
        g_autofree char *xml = introspect(data);

        g_assert_null(strstr(xml, "org.freedesktop.systemd1.Privileged"));
}

/* "INTERFACE.METHOD: ACTION ACTION", the actions sorted. */
static char *describe_actions(const char *interface, const char *method, char **actions)
{
        g_autoptr(GPtrArray) sorted = g_ptr_array_new();
        g_autofree char *text = NULL;

        for (; *actions; actions++)
                if (**actions)
                        g_ptr_array_add(sorted, *actions);
        text = join_sorted(sorted);
        return g_strdup_printf("%s.%s: %s", interface, method, g_strdelimit(text, "\n", ' '));
}

/* Each method of the XML with the actions that its annotation names. */
static char *describe_annotations(void)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

        for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
                GDBusInterfaceInfo *interface;
                g_autoptr(GDBusNodeInfo) node = read_interface(shown[i].interface, &interface);

                for (GDBusMethodInfo **m = interface->methods; m && *m; m++) {
                        const char *value = g_dbus_annotation_info_lookup((*m)->annotations, ANNOTATION_ACTION);
                        g_auto(GStrv) actions = NULL;

                        if (!value)
                                g_error("%s.%s has no annotation " ANNOTATION_ACTION, interface->name, (*m)->name);
                        actions = g_strsplit(value, " ", -1);
                        g_ptr_array_add(lines, describe_actions(interface->name, (*m)->name, actions));
                }
        }
        return join_sorted(lines);
}

static void test_authorization_table(void)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *annotations = describe_annotations(), *table = NULL;

        for (const AuthorizationRow *row = authorization_table_rows(); row->interface; row++)
                g_ptr_array_add(lines, describe_actions(row->interface, row->member, (char **) row->actions));
        table = join_sorted(lines);
        g_assert_cmpstr(table, ==, annotations);
}

/* A polkit policy, as a table of "ACTION/ELEMENT" to the element's text. */
typedef struct Policy {
        GHashTable *texts;
        char *action;
} Policy;

static void on_element(GMarkupParseContext *context, const char *element, const char **names, const char **values,
                       gpointer userdata, GError **error)
{
        Policy *policy = userdata;

        if (strcmp(element, "action") != 0)
                return;
        g_assert_cmpstr(names[0], ==, "id");
        g_free(policy->action);
        policy->action = g_strdup(values[0]);
        g_assert_true(g_hash_table_insert(policy->texts, g_strdup(values[0]), g_strdup("")));
}

static void on_text(GMarkupParseContext *context, const char *text, gsize size, gpointer userdata, GError **error)
{
        Policy *policy = userdata;
        const char *element = g_markup_parse_context_get_element(context);

        if (policy->action && strcmp(element, "action") != 0)
                (void) g_hash_table_insert(policy->texts, g_strdup_printf("%s/%s", policy->action, element),
                                           g_strndup(text, size));
}

static GHashTable *read_policy(void)
{
        static const GMarkupParser parser = {.start_element = on_element, .text = on_text};
        Policy policy = {.texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
        g_autoptr(GMarkupParseContext) context = g_markup_parse_context_new(&parser, 0, &policy, NULL);
        g_autofree char *xml = read_source("polkit", "org.gangway1.policy.in");
        g_autoptr(GError) error = NULL;

        g_assert_true(g_markup_parse_context_parse(context, xml, -1, &error));
        g_assert_no_error(error);
        g_free(policy.action);
        return policy.texts;
}

/* Each action that a method asks for is in the policy, and each of the policy is asked for by a method. */
static void test_policy_actions(void)
{
        g_autoptr(GHashTable) policy = read_policy();
        g_autoptr(GHashTable) unused = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        GHashTableIter iterator;
        gpointer key;

        g_hash_table_iter_init(&iterator, policy);
        while (g_hash_table_iter_next(&iterator, &key, NULL)) {
                if (strchr(key, '/'))
                        continue;
                g_assert_true(g_str_has_prefix(key, POLKIT_PREFIX));
                (void) g_hash_table_add(unused, g_strdup(key));
        }
        for (const AuthorizationRow *row = authorization_table_rows(); row->interface; row++)
                for (const char *const *action = row->actions; *action; action++) {
                        if (!g_hash_table_contains(policy, *action))
                                g_error("The policy has no action %s, which %s asks for", *action, row->member);
                        (void) g_hash_table_remove(unused, *action);
                }

        g_hash_table_iter_init(&iterator, unused);
        while (g_hash_table_iter_next(&iterator, &key, NULL))
                g_error("No method asks for %s", (const char *) key);
}

static void test_policy_defaults(void)
{
        /* What amounts to root on the host is asked for each time, and the answer never kept: no "_keep" there. */
        static const struct {
                const char *action, *any, *inactive, *active;
        } wanted[] = {
                {ACTION_CREATE, "auth_admin", "auth_admin", "yes"},
                {ACTION_BIND_HOST_PATH, "auth_admin", "auth_admin", "auth_admin"},
                {ACTION_HOST_NETWORK, "auth_admin", "auth_admin", "auth_admin_keep"},
                {ACTION_INSECURE, "auth_admin", "auth_admin", "auth_admin"},
                {ACTION_MANAGE_OTHERS, "auth_admin", "auth_admin", "auth_admin_keep"},
                {ACTION_MANAGE_IMAGES, "auth_admin", "auth_admin", "auth_admin_keep"},
        };
        g_autoptr(GHashTable) policy = read_policy();
        guint actions = 0;
        GHashTableIter iterator;
        gpointer key;

        for (size_t i = 0; i < G_N_ELEMENTS(wanted); i++) {
                g_autofree char *any = g_strdup_printf("%s/allow_any", wanted[i].action);
                g_autofree char *inactive = g_strdup_printf("%s/allow_inactive", wanted[i].action);
                g_autofree char *active = g_strdup_printf("%s/allow_active", wanted[i].action);
                g_autofree char *message = g_strdup_printf("%s/message", wanted[i].action);

                g_assert_cmpstr(g_hash_table_lookup(policy, any), ==, wanted[i].any);
                g_assert_cmpstr(g_hash_table_lookup(policy, inactive), ==, wanted[i].inactive);
                g_assert_cmpstr(g_hash_table_lookup(policy, active), ==, wanted[i].active);
                g_assert_nonnull(g_hash_table_lookup(policy, message));
        }
        g_hash_table_iter_init(&iterator, policy);
        while (g_hash_table_iter_next(&iterator, &key, NULL))
                actions += !strchr(key, '/');
        g_assert_cmpuint(actions, ==, G_N_ELEMENTS(wanted));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
                g_autofree char *vtable = g_strdup_printf("/interfaces/vtable/%s", shown[i].interface);
                g_autofree char *unprivileged = g_strdup_printf("/interfaces/unprivileged/%s", shown[i].interface);

                g_test_add_data_func(vtable, &shown[i], test_vtable);
                g_test_add_data_func(unprivileged, &shown[i], test_unprivileged);
        }
        g_test_add_func("/interfaces/authorization-table", test_authorization_table);
        g_test_add_func("/interfaces/policy/actions", test_policy_actions);
        g_test_add_func("/interfaces/policy/defaults", test_policy_defaults);
        return g_test_run();
}
