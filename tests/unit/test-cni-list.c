/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Network lists, and what each plugin is told. */

#include "corpus.h"
#include "model/cni-json.h"
#include "model/cni-list.h"

static CniList *parse(const char *text)
{
        g_autofree char *why = NULL;
        CniList *list = NULL;

        if (cni_list_parse(text, strlen(text), &list, &why) < 0)
                g_error("refused: %s", why);
        return list;
}

static void assert_why(const char *text, const char *part)
{
        g_autofree char *why = NULL;
        CniList *list = NULL;

        g_assert_cmpint(cni_list_parse(text, strlen(text), &list, &why), <, 0);
        g_assert_null(list);
        if (!strstr(why, part))
                g_error("'%s' is not in: %s", part, why);
}

static void must_parse(const char *text, gsize size, gpointer data)
{
        g_autofree char *why = NULL;
        CniList *list = NULL;

        g_assert_cmpint(cni_list_parse(text, size, &list, &why), ==, 0);
        cni_list_free(list);
}

static void must_not_parse(const char *text, gsize size, gpointer data)
{
        g_autofree char *why = NULL;
        CniList *list = NULL;

        g_assert_cmpint(cni_list_parse(text, size, &list, &why), <, 0);
        g_assert_null(list);
        g_assert_nonnull(why);
}

static void test_corpus(void)
{
        corpus_each("cni-list", "valid", FALSE, must_parse, NULL);
        corpus_each("cni-list", "invalid", FALSE, must_not_parse, NULL);
}

static void test_shape(void)
{
        CniList *list = parse("{\"cniVersion\":\"0.4.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\"},{\"type\":\"b\","
                              "\"capabilities\":{\"portMappings\":true}}]}");

        g_assert_cmpstr(list->name, ==, "n");
        g_assert_cmpstr(list->version, ==, "0.4.0");
        g_assert_cmpuint(list->n_plugins, ==, 2);
        g_assert_cmpstr(list->plugins[0].type, ==, "a");
        g_assert_false(list->plugins[0].maps_ports);
        g_assert_true(list->plugins[1].maps_ports);
        g_assert_true(cni_list_maps_ports(list));
        g_assert_true(cni_list_has_check(list));
        g_assert_true(cni_list_has_result_in_del(list));
        cni_list_free(list);
}

static void test_single(void)
{
        CniList *list = parse("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"type\":\"a\",\"mtu\":9000}");
        g_autofree char *input = cni_list_to_input(list, 0, NULL, NULL);

        g_assert_cmpuint(list->n_plugins, ==, 1);
        g_assert_false(cni_list_maps_ports(list));
        g_assert_cmpstr(input, ==, "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"type\":\"a\",\"mtu\":9000}");
        cni_list_free(list);
}

static const struct {
        const char *version, *disable;
        bool check, result_in_del;
} versions[] = {
        {"0.3.0", "false", false, false},   {"0.3.1", "false", false, false}, {"0.4.0", "false", true, true},
        {"1.0.0", "false", true, true},     {"1.0.0", "true", false, true},   {"1.0.0", "\"true\"", false, true},
        {"1.0.0", "\"false\"", true, true},
};

static void test_versions(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(versions); i++) {
                g_autofree char *text = g_strdup_printf("{\"cniVersion\":\"%s\",\"name\":\"n\",\"disableCheck\":%s,"
                                                        "\"plugins\":[{\"type\":\"a\"}]}",
                                                        versions[i].version, versions[i].disable);
                CniList *list = parse(text);

                g_assert_cmpint(cni_list_has_check(list), ==, versions[i].check);
                g_assert_cmpint(cni_list_has_result_in_del(list), ==, versions[i].result_in_del);
                cni_list_free(list);
        }
}

static JsonArray *one_port(void)
{
        JsonArray *ports = json_array_new();
        JsonObject *port = json_object_new();

        json_object_set_int_member(port, "hostPort", 8080);
        json_array_add_object_element(ports, port);
        return ports;
}

/* Ports are for plugins that say they map them, and take the place of what the list has; the rest of it stays. */
static void test_input(void)
{
        CniList *list = parse("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\",\"name\":\"x\"},"
                              "{\"type\":\"b\",\"capabilities\":{\"portMappings\":true,\"mac\":true},"
                              "\"runtimeConfig\":{\"portMappings\":[],\"mac\":\"m\"}}]}");
        g_autoptr(JsonArray) ports = one_port(), none = json_array_new();
        g_autoptr(JsonObject) result = json_object_new();
        g_autofree char *first = cni_list_to_input(list, 0, ports, NULL);
        g_autofree char *second = cni_list_to_input(list, 1, ports, result);
        g_autofree char *without = cni_list_to_input(list, 1, none, NULL);

        g_assert_cmpstr(first, ==, "{\"type\":\"a\",\"name\":\"n\",\"cniVersion\":\"1.0.0\"}");
        g_assert_cmpstr(second, ==,
                        "{\"type\":\"b\",\"runtimeConfig\":{\"mac\":\"m\",\"portMappings\":[{\"hostPort\":8080}]},"
                        "\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"prevResult\":{}}");
        g_assert_cmpstr(without, ==,
                        "{\"type\":\"b\",\"runtimeConfig\":{\"portMappings\":[],\"mac\":\"m\"},"
                        "\"cniVersion\":\"1.0.0\",\"name\":\"n\"}");
        cni_list_free(list);
}

static void test_why(void)
{
        assert_why("", "it is no JSON");
        assert_why("{}{}", "something follows its end");
        assert_why("{\"a\":1", "not a whole one");
        assert_why("{\"cniVersion\":\"1.1.0\"}", "'1.1.0', and 0.3.0, 0.3.1, 0.4.0 and 1.0.0 are understood");
        assert_why("{\"cniVersion\":\"1.0.0\",\"name\":\"a/b\"}", "its name 'a/b' has to be");
        assert_why("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\"},{\"type\":\"../sh\"}]}",
                   "the type '../sh' of plugin 2");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cni-list/shape", test_shape);
        g_test_add_func("/cni-list/single", test_single);
        g_test_add_func("/cni-list/versions", test_versions);
        g_test_add_func("/cni-list/input", test_input);
        g_test_add_func("/cni-list/why", test_why);
        g_test_add_func("/cni-list/corpus", test_corpus);
        return g_test_run();
}
