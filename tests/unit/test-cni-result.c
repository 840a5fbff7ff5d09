/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What plugins answer: results, and errors. */

#include "corpus.h"
#include "model/cni-json.h"
#include "model/cni-result.h"

static void must_parse(const char *text, gsize size, gpointer data)
{
        g_autofree char *why = NULL;
        CniResult *result = NULL;

        g_assert_cmpint(cni_result_parse(text, size, "eth0", &result, &why), ==, 0);
        cni_result_free(result);
}

static void must_not_parse(const char *text, gsize size, gpointer data)
{
        g_autofree char *why = NULL;
        CniResult *result = NULL;

        g_assert_cmpint(cni_result_parse(text, size, "eth0", &result, &why), <, 0);
        g_assert_null(result);
        g_assert_nonnull(why);
}

static void test_corpus(void)
{
        corpus_each("cni-result", "valid", FALSE, must_parse, NULL);
        corpus_each("cni-result", "invalid", FALSE, must_not_parse, NULL);
}

static void test_result(void)
{
        static const char text[] = "{\"interfaces\":[{\"name\":\"br0\",\"mac\":\"01:00:00:00:00:00\"},"
                                   "{\"name\":\"eth1\",\"mac\":\"02:00:00:00:00:00\",\"sandbox\":\"/x\"},"
                                   "{\"name\":\"eth0\",\"mac\":\"03:00:00:00:00:00\",\"sandbox\":\"/x\"}],"
                                   "\"ips\":[{\"address\":\"10.0.0.1/8\",\"interface\":0,\"gateway\":\"10.0.0.9\"},"
                                   "{\"address\":\"10.0.0.2/8\",\"interface\":2,\"gateway\":\"10.0.0.1\"},"
                                   "{\"address\":\"10.0.0.3/8\",\"gateway\":\"10.0.0.1\"},"
                                   "{\"address\":\"10.0.0.2/8\"},"
                                   "{\"address\":\"fd00::2/64\",\"interface\":2,\"gateway\":\"fd00::1\"}]}";
        g_autofree char *why = NULL;
        CniResult *result;

        g_assert_cmpint(cni_result_parse(text, strlen(text), "eth0", &result, &why), ==, 0);
        g_assert_cmpuint(result->addresses->len, ==, 3);
        g_assert_cmpstr(g_ptr_array_index(result->addresses, 0), ==, "10.0.0.2/8");
        g_assert_cmpstr(g_ptr_array_index(result->addresses, 1), ==, "10.0.0.3/8");
        g_assert_cmpstr(g_ptr_array_index(result->addresses, 2), ==, "fd00::2/64");
        g_assert_cmpuint(result->gateways->len, ==, 2);
        g_assert_cmpstr(g_ptr_array_index(result->gateways, 0), ==, "10.0.0.1");
        g_assert_cmpstr(g_ptr_array_index(result->gateways, 1), ==, "fd00::1");
        g_assert_cmpstr(result->mac, ==, "03:00:00:00:00:00");
        cni_result_free(result);
}

static const struct {
        const char *output, *errors, *reason;
} ends[] = {
        {"{\"code\":7,\"msg\":\"bad name\",\"details\":\"a/b\"}", "noise\n", "bad name (a/b, code 7)"},
        {"{\"code\":7,\"msg\":\"bad name\"}", "", "bad name (code 7)"},
        {"{\"msg\":\"bad name\",\"details\":\"a/b\"}", "", "bad name (a/b)"},
        {"{\"msg\":\"bad name\",\"details\":\" \",\"code\":\"x\"}", "", "bad name"},
        {"{\"msg\":\"two\\nlines\\u001b[1m\"}", "", "two lines [1m"},
        {"{\"msg\":\"\"}", "panic: x\n\n", "panic: x"},
        {"{\"msg\":1}", "first\nlast\n", "last"},
        {"", "first\nlast", "last"},
        {"plain\n", "", "plain"},
        {"", " \n", NULL},
        {"\xff", "", "\xef\xbf\xbd"},
};

static void test_reason(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
                g_autofree char *reason = cni_output_to_reason(ends[i].output, strlen(ends[i].output), ends[i].errors,
                                                               strlen(ends[i].errors));

                g_assert_cmpstr(reason, ==, ends[i].reason);
        }
}

static void test_long_reason(void)
{
        g_autofree char *text = g_strnfill(100000, 'x'), *reason = cni_output_to_reason("", 0, text, 100000);

        g_assert_cmpuint(strlen(reason), ==, 1003);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/cni-result/result", test_result);
        g_test_add_func("/cni-result/reason", test_reason);
        g_test_add_func("/cni-result/long-reason", test_long_reason);
        g_test_add_func("/cni-result/corpus", test_corpus);
        return g_test_run();
}
