/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Records of networks, and the ports in them: what is written is read again, and nothing else is. */

#include <glib.h>
#include <string.h>

#include "model/cni-json.h"
#include "model/cni-record.h"

#define LIST   "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"plugins\":[{\"type\":\"a\"}]}"
#define RESULT "{\"ips\":[{\"address\":\"10.0.0.2/8\"}]}"

static CniRecord *make_record(void)
{
        g_autofree char *why = NULL;
        CniRecord *record;
        CniList *list;

        g_assert_cmpint(cni_list_parse(LIST, strlen(LIST), &list, &why), ==, 0);
        record = cni_record_new("1000-c1", list, "/a:/b");
        g_assert_cmpint(cni_record_add_port(record, "tcp,127.0.0.1,8080,80"), ==, 0);
        g_assert_cmpint(cni_record_add_port(record, "udp,,53,5353"), ==, 0);
        return record;
}

static void test_round_trip(void)
{
        CniRecord *record = make_record(), *again;
        g_autofree char *without = cni_record_to_text(record), *with = NULL, *second = NULL, *why = NULL;

        g_assert_cmpint(cni_result_parse(RESULT, strlen(RESULT), CNI_INTERFACE, &record->result, &why), ==, 0);
        with = cni_record_to_text(record);
        cni_record_free(record);

        g_assert_cmpint(cni_record_parse(without, strlen(without), &again, &why), ==, 0);
        g_assert_null(again->result);
        cni_record_free(again);

        g_assert_cmpint(cni_record_parse(with, strlen(with), &again, &why), ==, 0);
        g_assert_cmpstr(again->id, ==, "1000-c1");
        g_assert_cmpstr(again->list->name, ==, "n");
        g_assert_cmpstr(again->plugin_path, ==, "/a:/b");
        g_assert_cmpuint(again->ports->len, ==, 2);
        g_assert_cmpstr(g_ptr_array_index(again->result->addresses, 0), ==, "10.0.0.2/8");
        second = cni_record_to_text(again);
        g_assert_cmpstr(second, ==, with);
        cni_record_free(again);
}

#define RECORD(id, list, path, ports, more)                                                                            \
        "{\"gangway\":\"1\",\"id\":" id ",\"list\":" list ",\"pluginPath\":" path ",\"ports\":" ports more "}"

static const char *const bad[] = {
        "",
        "{}",
        "[]",
        RECORD("\"../x\"", LIST, "\"/a\"", "[]", ""),
        RECORD("\"\"", LIST, "\"/a\"", "[]", ""),
        RECORD("1", LIST, "\"/a\"", "[]", ""),
        RECORD("\"x\"", "{}", "\"/a\"", "[]", ""),
        RECORD("\"x\"", "null", "\"/a\"", "[]", ""),
        RECORD("\"x\"", LIST, "\"a\"", "[]", ""),
        RECORD("\"x\"", LIST, "\"/a:\"", "[]", ""),
        RECORD("\"x\"", LIST, "\"\"", "[]", ""),
        RECORD("\"x\"", LIST, "\"/a\"", "{}", ""),
        RECORD("\"x\"", LIST, "\"/a\"", "[1]", ""),
        RECORD("\"x\"", LIST, "\"/a\"", "[\"tcp\"]", ""),
        RECORD("\"x\"", LIST, "\"/a\"", "[]", ",\"result\":[]"),
        RECORD("\"x\"", LIST, "\"/a\"", "[]", ",\"result\":{\"ips\":1}"),
        RECORD("\"x\"", LIST, "\"/a\"", "[]", ",\"more\":1"),
};

static void test_strict(void)
{
        static const char good[] = RECORD("\"x\"", LIST, "\"/a\"", "[]", "");
        g_autofree char *why = NULL;
        CniRecord *record;

        g_assert_cmpint(cni_record_parse(good, strlen(good), &record, &why), ==, 0);
        cni_record_free(record);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autofree char *reason = NULL;

                if (cni_record_parse(bad[i], strlen(bad[i]), &record, &reason) >= 0)
                        g_error("taken: %s", bad[i]);
                g_assert_nonnull(reason);
        }
        /* A machine that stopped may leave half of one. */
        for (size_t size = 0; size < strlen(good); size++) {
                g_autofree char *reason = NULL;

                g_assert_cmpint(cni_record_parse(good, size, &record, &reason), <, 0);
        }
}

/* The deepest list and result that are taken make a record that is taken. */
static void test_deep(void)
{
        g_autofree char *open = g_strnfill(CNI_DEPTH_MAX - 1, '['), *close = g_strnfill(CNI_DEPTH_MAX - 1, ']');
        g_autofree char *plugin =
                g_strdup_printf("{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"type\":\"a\",\"x\":%s%s}", open, close);
        g_autofree char *result = g_strdup_printf("{\"x\":%s%s}", open, close), *text = NULL, *why = NULL;
        CniRecord *record;
        CniList *list;

        g_assert_cmpint(cni_list_parse(plugin, strlen(plugin), &list, &why), ==, 0);
        record = cni_record_new("x", list, "/a");
        g_assert_cmpint(cni_result_parse(result, strlen(result), CNI_INTERFACE, &record->result, &why), ==, 0);
        text = cni_record_to_text(record);
        cni_record_free(record);
        g_assert_cmpint(cni_record_parse(text, strlen(text), &record, &why), ==, 0);
        cni_record_free(record);
}

static const char *const good_ports[] = {"tcp,127.0.0.1,8080,80", "udp,::1,1,65535", "sctp,,53,53", "tcp,fd00::1,1,1"};
static const char *const bad_ports[] = {
        "",         "tcp",       "icmp,,1,1",           "TCP,,1,1",  "tcp,localhost,1,1", "tcp,1.2.3,1,1",
        "tcp,,0,1", "tcp,,1,0",  "tcp,,65536,1",        "tcp,,-1,1", "tcp,,1,1,1",        "tcp,,1",
        "tcp,,x,1", "tcp,, 1,1", "tcp,127.0.0.1\n,1,1",
};

static void test_ports(void)
{
        CniRecord *record = make_record();
        g_autoptr(JsonArray) ports = cni_record_get_ports(record);
        g_autofree char *first = cni_json_print(json_array_get_object_element(ports, 0));
        g_autofree char *second = cni_json_print(json_array_get_object_element(ports, 1));
        CniPort *port;

        g_assert_cmpstr(first, ==,
                        "{\"hostPort\":8080,\"containerPort\":80,\"protocol\":\"tcp\",\"hostIP\":\"127.0.0.1\"}");
        g_assert_cmpstr(second, ==, "{\"hostPort\":53,\"containerPort\":5353,\"protocol\":\"udp\"}");
        cni_record_free(record);
        for (size_t i = 0; i < G_N_ELEMENTS(good_ports); i++) {
                g_autofree char *text = NULL;

                g_assert_cmpint(cni_port_parse(good_ports[i], &port), ==, 0);
                text = cni_port_to_text(port);
                g_assert_cmpstr(text, ==, good_ports[i]);
                cni_port_free(port);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad_ports); i++)
                if (cni_port_parse(bad_ports[i], &port) >= 0)
                        g_error("taken: %s", bad_ports[i]);
}

static void test_ids(void)
{
        static const char *const good[] = {"1000-c1", "0-a.b_c", "pool-7", "x"};
        static const char *const wrong[] = {"", ".", "..", "-a", "_a", ".a", "a/b", "a b", "a\n", "\xc3\xa4"};
        g_autofree char *longest = g_strnfill(CNI_ID_LENGTH_MAX, 'a'), *longer = g_strnfill(CNI_ID_LENGTH_MAX + 1, 'a');

        for (size_t i = 0; i < G_N_ELEMENTS(good); i++)
                g_assert_true(cni_id_is_valid(good[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
                g_assert_false(cni_id_is_valid(wrong[i]));
        g_assert_true(cni_id_is_valid(longest));
        g_assert_false(cni_id_is_valid(longer));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cni-record/round-trip", test_round_trip);
        g_test_add_func("/cni-record/strict", test_strict);
        g_test_add_func("/cni-record/deep", test_deep);
        g_test_add_func("/cni-record/ports", test_ports);
        g_test_add_func("/cni-record/ids", test_ids);
        return g_test_run();
}
