/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Constraints: what is a filter, what is said of one that is none, and which
 * of them a machine meets. */

#include "corpus.h"
#include "model/daemon-labels.h"
#include "model/filter.h"
#include "unit.h"

static Filter *parse_ok(const char *text)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Filter *filter = NULL;
        int r = filter_parse(text, &filter, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
        g_assert_cmpstr(filter_get_text(filter), ==, text);
        return filter;
}

static bool machine_meets(const char *text)
{
        static const char *const platforms[] = {"linux/amd64", "linux/386", "linux/arm64", NULL};
        static const char *const net_modes[] = {"none", "host", NULL}, *const features[] = {"idmapped-mounts", NULL};
        g_autoptr(GHashTable) labels = g_hash_table_new(g_str_hash, g_str_equal);
        const DaemonLabels machine = {platforms, net_modes, features, labels};
        g_autoptr(Filter) filter = parse_ok(text);

        (void) g_hash_table_insert(labels, "zone", "eu-1");
        (void) g_hash_table_insert(labels, "example.com/gpu", "a100");
        (void) g_hash_table_insert(labels, "empty", "");
        (void) g_hash_table_insert(labels, "text", "too complex, \"yo\" 牛\\");
        return filter_matches(filter, daemon_labels_lookup, &machine);
}

static void test_met(void)
{
        static const char *const texts[] = {
                "",
                "platform",
                "platform==linux/amd64",
                "platform==linux/arm64",
                "platform == \"linux/386\"",
                "platform!=linux/s390x",
                "platform~=^linux/arm",
                "platform~=|/3.6$|",
                "platform~=/^linux\\/386$/",
                "net.none",
                "net.host==true",
                "net.sandbox!=true",
                "feature.idmapped-mounts",
                "feature.\"idmapped-mounts\"~=true",
                "labels.zone==eu-1",
                "labels.zone!=eu-2",
                "labels.zone~=eu",
                "labels.zone~=/^eu-\\\\d$/",
                "labels.zone~=^eu-\\d$",
                "labels.\"zone\"==\"eu\\x2d1\"",
                "labels.\"example.com/gpu\"",
                "labels.example.\"com/gpu\"==a100",
                "labels.empty",
                "labels.empty==\"\"",
                "labels.text==\"too complex, \\\"yo\\\" \\u725b\\\\\"",
                "labels.text~=牛",
                "labels.zone,platform==linux/amd64, net.none",
                /* What is not there has no value: so with containerd's. */
                "labels.missing!=x",
                "labels.missing~=^$",
                "nonsense!=x",
                "platform.architecture!=amd64",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_test_message("%s", texts[i]);
                g_assert_true(machine_meets(texts[i]));
        }
}

static void test_not_met(void)
{
        static const char *const texts[] = {
                "platform==linux/s390x",
                "platform==linux",
                "platform==\"\"",
                "platform!=linux/arm64",
                "platform~=s390",
                "platform.x",
                "net",
                "net.sandbox",
                "net.sandbox==true",
                "net.none.x",
                "feature.flying",
                "labels",
                "labels.zone==eu",
                "labels.zone==EU-1",
                "labels.zone!=eu-1",
                "labels.zone~=^u",
                "labels.gpu",
                "labels.missing",
                "labels.missing==\"\"",
                "labels.missing!=\"\"",
                "labels.missing~=/./",
                "labels.empty!=\"\"",
                "nonsense",
                "labels.zone,labels.missing",
                "labels.missing,labels.zone",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_test_message("%s", texts[i]);
                g_assert_false(machine_meets(texts[i]));
        }
}

static void test_sentences(void)
{
        static const struct {
                const char *text, *part;
        } cases[] = {
                {"platform=linux/amd64",
                 "The constraint 'platform=linux/amd64' is wrong at position 9: here has to be =="},
                {"a==b,", "position 6: a field's name is"},
                {"labels.?x", "position 8: a field's name is"},
                {"labels.|x|", "position 8: a field's name is"},
                {"a==b,c==", "position 9: a value has to be here; an empty one is \"\""},
                {"a==/b/", "position 4: a value that begins with / has to stand in double quotes"},
                {"a==\x01", "position 4: a character that can't be seen"},
                {"牛", "position 1: a field's name is"},
                {"a==牛牛 b", "position 6: behind a value there can only be a comma"},
                {"a~= \"b", "position 5: there is no second \""},
                {"a~=/b", "position 4: there is no second /"},
                {"a==\"x\\q\"", "position 6: there is no such escape between quotes; a \\ itself is \\\\"},
                {"a==\"x\\xzz\"", "position 6: this is no number of a byte"},
                {"a==\"x\\ud800\"", "position 6: this is no number of a character"},
                {"a==b,c~=(d", "position 9: the regular expression has a ( without its )"},
                {"a~=b{1000}", "position 4: the regular expression is too large"},
                {"a==\xff", "is no UTF-8"},
        };
        g_autofree char *most = g_strnfill(FILTER_LENGTH_MAX, 'a'), *more = g_strnfill(FILTER_LENGTH_MAX + 1, 'a');
        g_autoptr(Filter) longest = parse_ok(most);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Filter *filter = NULL;
        int r;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                r = filter_parse(cases[i].text, &filter, &error);
                g_assert_null(filter);
                g_test_message("%s", error.message);
                assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, cases[i].part);
        }
        r = filter_parse(more, &filter, &error);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "has 1025 bytes, the limit is 1024");
        g_assert_null(filter_free(NULL));
}

static void must_parse(const char *text, gsize size, gpointer data)
{
        g_autofree char *copy = g_strndup(text, size);
        g_autoptr(Filter) filter = parse_ok(copy);
}

static void must_not_parse(const char *text, gsize size, gpointer data)
{
        g_autofree char *copy = g_strndup(text, size);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Filter *filter = NULL;
        int r = filter_parse(copy, &filter, &error);

        g_assert_null(filter);
        g_test_message("%s", error.message);
        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "constraint");
}

static void test_corpus(void)
{
        corpus_each("filter", "valid", FALSE, must_parse, NULL);
        corpus_each("filter", "invalid", FALSE, must_not_parse, NULL);
}

static void test_labels(void)
{
        static const char *const keys[] = {"a", "9", "zone", "example.com/gpu", "A-b_c.d/e"};
        static const char *const bad_keys[] = {"", "-a", ".a", "/a", "a b", "a=b", "ä", "a\"b", "a\tb"};
        g_autofree char *most = g_strnfill(LABEL_KEY_MAX, 'a'), *more = g_strnfill(LABEL_KEY_MAX + 1, 'a');
        g_autofree char *longest = g_strnfill(LABEL_VALUE_MAX, 'a'), *longer = g_strnfill(LABEL_VALUE_MAX + 1, 'a');

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
                g_assert_true(label_key_is_valid(keys[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(bad_keys); i++)
                g_assert_false(label_key_is_valid(bad_keys[i]));
        g_assert_true(label_key_is_valid(most));
        g_assert_false(label_key_is_valid(more));
        g_assert_true(label_value_is_valid(""));
        g_assert_true(label_value_is_valid("too complex, \"yo\" 牛"));
        g_assert_true(label_value_is_valid(longest));
        g_assert_false(label_value_is_valid(longer));
        g_assert_false(label_value_is_valid("a\nb"));
        g_assert_false(label_value_is_valid("\x7f"));
        g_assert_false(label_value_is_valid("\xc2\x85"));
        g_assert_false(label_value_is_valid("\xff"));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/filter/met", test_met);
        g_test_add_func("/filter/not-met", test_not_met);
        g_test_add_func("/filter/sentences", test_sentences);
        g_test_add_func("/filter/corpus", test_corpus);
        g_test_add_func("/filter/labels", test_labels);
        return g_test_run();
}
