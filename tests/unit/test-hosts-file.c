/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /etc/hosts: its text, what an extra host may be, and that nothing else gets into the file. */

#include "model/hosts-file.h"

#include "corpus.h"
#include "model/ip-address.h"
#include "unit.h"

static void free_host(gpointer host)
{
        extra_host_free(host);
}

static void test_text(void)
{
        g_autoptr(GPtrArray) hosts = g_ptr_array_new_with_free_func(free_host);
        g_autofree char *plain = hosts_file_text("web", hosts), *more = NULL;

        g_assert_cmpstr(plain, ==, "127.0.0.1\tlocalhost web\n::1\tlocalhost ip6-localhost ip6-loopback\n");
        g_ptr_array_add(hosts, extra_host_new("db", "192.0.2.7"));
        g_ptr_array_add(hosts, extra_host_new("db", "2001:0DB8::0:1"));
        for (guint i = 0; i < hosts->len; i++)
                g_assert_cmpint(extra_host_check(hosts->pdata[i], NULL), ==, 0);
        more = hosts_file_text("a.b", hosts);
        g_assert_cmpstr(more, ==,
                        "127.0.0.1\tlocalhost a.b\n::1\tlocalhost ip6-localhost ip6-loopback\n"
                        "192.0.2.7\tdb\n2001:db8::1\tdb\n");
        g_assert_null(extra_host_free(NULL));
}

static void test_addresses(void)
{
        static const struct {
                const char *text, *normal;
        } addresses[] = {
                {"192.0.2.1", "192.0.2.1"},
                {"0.0.0.0", "0.0.0.0"},
                {"255.255.255.255", "255.255.255.255"},
                {"::", "::"},
                {"2001:DB8:0:0::1", "2001:db8::1"},
                {"::ffff:192.0.2.1", "192.0.2.1"},
                {"fe80::1", "fe80::1"},
                {"", NULL},
                {"192.0.2", NULL},
                {"192.0.2.256", NULL},
                {"192.0.2.01", NULL},
                {" 192.0.2.1", NULL},
                {"192.0.2.1\n", NULL},
                {"192.0.2.1/24", NULL},
                {"[::1]", NULL},
                {"fe80::1%eth0", NULL},
                {"::1::", NULL},
                {"12345::", NULL},
                {"host-gateway", NULL},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
                g_autofree char *normal = ip_address_normalize(addresses[i].text);

                g_assert_cmpstr(normal, ==, addresses[i].normal);
        }
}

static void assert_bad(const char *name, const char *address, const char *part)
{
        g_autoptr(ExtraHost) host = extra_host_new(name, address);
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = extra_host_check(host, &error);

        assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, part);
        g_assert_cmpstr(host->address, ==, address);
}

static void test_bad(void)
{
        static const char *const names[] = {"",    "a b", "a\tb",  "a\nb", "a#b", "#",        "a\x01", "a\x7f", "-a",
                                            ".a",  "a/b", "a:b",   "a\rb", "\n",  "\xc3\xa9", "a\v",   "a,b",   "*",
                                            "a;b", "a%b", "a\x1b", "a\\",  "a'b", "[a]",      " host"};
        g_autofree char *longest = g_strnfill(EXTRA_HOST_NAME_MAX, 'x'), *longer = g_strnfill(254, 'x');
        g_autofree char *huge = g_strnfill(100000, '1');
        g_autoptr(ExtraHost) good = extra_host_new(longest, "::1");

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
                assert_bad(names[i], "192.0.2.1", "' in the option 'extra-hosts' can't be a host name: 1 to 253");
        assert_bad("a b", "192.0.2.1", "'a b'");
        assert_bad(longer, "192.0.2.1", "can't be a host name");
        g_assert_cmpint(extra_host_check(good, NULL), ==, 0);
        assert_bad("a", "", "failed to parse IP ");
        assert_bad("a", "x.y", "failed to parse IP x.y");
        assert_bad("a", "\xff", "failed to parse IP \xef\xbf\xbd");
        assert_bad("a", huge, "failed to parse IP 1111");
}

/* A file of the corpus: the address, a tab, and the name. */
static ExtraHost *parse(const char *text, gsize size)
{
        g_autofree char *whole = g_strndup(text, size);
        char *tab = strchr(whole, '\t');

        if (!tab)
                return extra_host_new("", whole);
        *tab = '\0';
        return extra_host_new(tab + 1, whole);
}

static int check(const char *text, gsize size)
{
        g_autoptr(ExtraHost) host = parse(text, size);

        return extra_host_check(host, NULL);
}

static void must_parse(const char *text, gsize size, gpointer data)
{
        g_assert_cmpint(check(text, size), ==, 0);
}

static void must_not_parse(const char *text, gsize size, gpointer data)
{
        g_assert_cmpint(check(text, size), ==, -EINVAL);
}

static void test_corpus(void)
{
        corpus_each("extra-hosts", "valid", TRUE, must_parse, NULL);
        corpus_each("extra-hosts", "invalid", TRUE, must_not_parse, NULL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/hosts-file/text", test_text);
        g_test_add_func("/hosts-file/addresses", test_addresses);
        g_test_add_func("/hosts-file/bad", test_bad);
        g_test_add_func("/hosts-file/corpus", test_corpus);
        return g_test_run();
}
