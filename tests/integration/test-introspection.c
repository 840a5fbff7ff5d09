/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The installed XML is the truth of the API: what the daemon says of itself by Introspect, and what busctl and gdbus
 * make of that, must be the same, in both directions.
 */
#include "common.h"

#define XML_FOLDER "/usr/share/dbus-1/interfaces"

/* The node owns the interface. */
static GDBusInterfaceInfo *find_interface(const char *xml, const char *name, GDBusNodeInfo **ret_node)
{
        g_autoptr(GError) error = NULL;
        GDBusInterfaceInfo *info;

        *ret_node = g_dbus_node_info_new_for_xml(xml, &error);
        g_assert_no_error(error);
        info = g_dbus_node_info_lookup_interface(*ret_node, name);
        if (!info)
                g_error("there is no %s in: %s", name, xml);
        return info;
}

static void add_arguments(GString *text, GDBusArgInfo **arguments)
{
        for (; arguments && *arguments; arguments++)
                g_string_append_printf(text, " %s:%s", (*arguments)->name ?: "?", (*arguments)->signature);
}

static const char *emits_changed(GDBusPropertyInfo *property)
{
        return g_dbus_annotation_info_lookup(property->annotations, "org.freedesktop.DBus.Property.EmitsChangedSignal")
                       ?: "true";
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* One line for each member, sorted. */
static char *describe(GDBusInterfaceInfo *info)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

        for (GDBusMethodInfo **m = info->methods; m && *m; m++) {
                g_autoptr(GString) line = g_string_new(NULL);
                g_string_append_printf(line, "method %s (", (*m)->name);
                add_arguments(line, (*m)->in_args);
                g_string_append(line, " ) -> (");
                add_arguments(line, (*m)->out_args);
                g_string_append(line, " )");
                g_ptr_array_add(lines, g_strdup(line->str));
        }
        for (GDBusSignalInfo **s = info->signals; s && *s; s++) {
                g_autoptr(GString) line = g_string_new(NULL);
                g_string_append_printf(line, "signal %s (", (*s)->name);
                add_arguments(line, (*s)->args);
                g_string_append(line, " )");
                g_ptr_array_add(lines, g_strdup(line->str));
        }
        for (GDBusPropertyInfo **p = info->properties; p && *p; p++)
                g_ptr_array_add(lines, g_strdup_printf("property %s %s flags %d %s", (*p)->name, (*p)->signature,
                                                       (int) (*p)->flags, emits_changed(*p)));
        g_ptr_array_sort(lines, compare_lines);
        g_ptr_array_add(lines, NULL);
        return g_strjoinv("\n", (char **) lines->pdata);
}

static char *signature_of(GDBusArgInfo **arguments)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (; arguments && *arguments; arguments++)
                g_string_append(text, (*arguments)->signature);
        return g_strdup(text->len > 0 ? text->str : "-");
}

/* busctl's table has a name with a dot before it, the kind, and the signatures. */
static void assert_busctl(const char *path, GDBusInterfaceInfo *info)
{
        g_autofree char *table = shell("busctl --no-pager --no-legend introspect " GANGWAY_NAME " '%s' %s | tr -s ' '",
                                       path, info->name);
        g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
        guint count = 0;

        for (GDBusMethodInfo **m = info->methods; m && *m; m++, count++) {
                g_autofree char *in = signature_of((*m)->in_args), *out = signature_of((*m)->out_args);
                g_autofree char *line = g_strdup_printf(".%s method %s %s ", (*m)->name, in, out);
                assert_contains(table, line);
        }
        for (GDBusSignalInfo **s = info->signals; s && *s; s++, count++) {
                g_autofree char *args = signature_of((*s)->args);
                g_autofree char *line = g_strdup_printf(".%s signal %s ", (*s)->name, args);
                assert_contains(table, line);
        }
        for (GDBusPropertyInfo **p = info->properties; p && *p; p++, count++) {
                g_autofree char *line = g_strdup_printf(".%s property %s ", (*p)->name, (*p)->signature);
                assert_contains(table, line);
        }
        g_assert_cmpuint(g_strv_length(lines), ==, count);
}

static void assert_agree(const char *path, const char *interface)
{
        g_autofree char *installed_xml = file_text(XML_FOLDER "/%s.xml", interface);
        g_autofree char *gdbus_xml =
                shell("gdbus introspect --system --dest " GANGWAY_NAME " --object-path '%s' --xml", path);
        g_autoptr(GVariant) body =
                client_call_to(client, GANGWAY_NAME, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        const char *live_xml;

        g_variant_get(body, "(&s)", &live_xml);
        g_autoptr(GDBusNodeInfo) node = NULL, live = NULL, gdbus = NULL;
        GDBusInterfaceInfo *installed = find_interface(installed_xml, interface, &node);
        g_autofree char *expected = describe(installed);
        g_autofree char *said = describe(find_interface(live_xml, interface, &live));
        g_autofree char *by_gdbus = describe(find_interface(gdbus_xml, interface, &gdbus));
        g_assert_cmpstr(said, ==, expected);
        g_assert_cmpstr(by_gdbus, ==, expected);
        assert_busctl(path, installed);
}

static void test_manager(void)
{
        assert_agree(GANGWAY_PATH, "org.gangway1.Manager");
}

static void test_container(void)
{
        g_autoptr(Container) container = container_new(client);
        assert_agree(container->path, "org.gangway1.Container");
}

/* Every property can be read, and has the type that it says. */
static void test_properties(void)
{
        g_autoptr(Container) container = container_new_started(client);
        const char *const objects[][2] = {
                {GANGWAY_PATH, "org.gangway1.Manager"},
                {container->path, "org.gangway1.Container"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(objects); i++) {
                g_autofree char *xml = file_text(XML_FOLDER "/%s.xml", objects[i][1]);
                g_autoptr(GDBusNodeInfo) node = NULL;
                GDBusInterfaceInfo *info = find_interface(xml, objects[i][1], &node);
                g_autoptr(GVariant) body =
                        client_call_to(client, GANGWAY_NAME, objects[i][0], "org.freedesktop.DBus.Properties", "GetAll",
                                       g_variant_new("(s)", objects[i][1]));
                g_autoptr(GVariant) all = g_variant_get_child_value(body, 0);
                guint count = 0;
                for (GDBusPropertyInfo **p = info->properties; p && *p; p++, count++) {
                        g_autoptr(GVariant) value = g_variant_lookup_value(all, (*p)->name, NULL);
                        g_autoptr(GVariant) alone = client_property(client, objects[i][0], (*p)->name);
                        g_test_message("%s", (*p)->name);
                        g_assert_nonnull(value);
                        g_assert_cmpstr(g_variant_get_type_string(value), ==, (*p)->signature);
                        g_assert_true(g_variant_equal(value, alone));
                }
                g_assert_cmpuint(g_variant_n_children(all), ==, count);
        }
}

static void test_manager_properties(void)
{
        g_autofree char *version = client_property_string(client, GANGWAY_PATH, "Version");
        g_autofree char *runtime = client_property_string(client, GANGWAY_PATH, "Runtime");
        g_autoptr(GVariant) modes = client_property(client, GANGWAY_PATH, "NetModes");
        g_autofree const char **words = g_variant_get_strv(modes, NULL);

        g_assert_true(g_regex_match_simple("^[0-9]+[.][0-9]+", version, 0, 0));
        g_assert_cmpstr(runtime, ==, g_getenv("GANGWAY_TEST_RUNTIME") ?: "/usr/bin/crun");
        g_assert_true(g_strv_contains(words, "sandbox") && g_strv_contains(words, "none") &&
                      g_strv_contains(words, "host"));
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/introspection/manager", test_manager},
                {"/introspection/container", test_container},
                {"/introspection/properties", test_properties},
                {"/introspection/manager-properties", test_manager_properties},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
