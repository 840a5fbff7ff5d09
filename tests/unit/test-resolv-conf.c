/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* /etc/resolv.conf: which servers are taken, what is kept, and that nothing else gets into the file. */

#include "model/resolv-conf.h"

#include "corpus.h"
#include "unit.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_SERVER  "# There is no DNS server: "

static char *make(const char *text, const ResolvConfRequest *request)
{
        return g_string_free(resolv_conf_make(text, strlen(text), request), FALSE);
}

static const struct {
        const char *text, *made;
} sandboxes[] = {
        {"nameserver 192.0.2.1\n", "nameserver 192.0.2.1\n"},
        {"nameserver 192.0.2.1", "nameserver 192.0.2.1\n"},
        {"# x\n\nnameserver 192.0.2.1\n; y\n", "nameserver 192.0.2.1\n"},
        {"search a b\nnameserver 127.0.0.1\nnameserver 192.0.2.1\noptions ndots:3\n",
         "nameserver 192.0.2.1\nsearch a b\noptions ndots:3\n"},
        {"domain a\r\nnameserver 192.0.2.1\r\nsortlist 192.0.2.0/24\r\n",
         "nameserver 192.0.2.1\ndomain a\nsortlist 192.0.2.0/24\n"},
        {"nameserver 127.0.0.53\nnameserver 2001:DB8::1\n", "nameserver 2001:db8::1\n"},
        {"nameserver ::1\nnameserver 127.255.0.1\nnameserver 127.1\nnameserver 0.0.0.0\nnameserver ::\n"
         "nameserver ::ffff:127.0.0.1\nnameserver 2130706433\nnameserver 0177.0.0.1\nnameserver 192.0.2.9\n",
         "nameserver 192.0.2.9\n"},
        {"nameserver fe80::1%eth0\nnameserver fe80::1%2\nnameserver fe80::2\n", "nameserver fe80::2\n"},
        {"nameserver 192.0.2.1 # first\nnameserver\t 192.0.2.2\tx\n", "nameserver 192.0.2.1\nnameserver 192.0.2.2\n"},
        {"nameserver 192.0.2.1\nsearch\nsearch  \noptions\n", "nameserver 192.0.2.1\n"},
        {"nameserver 192.0.2.1\nlookup file bind\nfamily inet4\n nameserver 192.0.2.2\n", "nameserver 192.0.2.1\n"},
        {"nameserver 192.0.2.1\nsearch a\tb\n", "nameserver 192.0.2.1\nsearch a b\n"},
        {"nameserver 192.0.2.1\nsearch a\x1b[2J\n", "nameserver 192.0.2.1\n"},
};

static void test_sandbox(void)
{
        const ResolvConfRequest request = {.servers = WORDS("203.0.113.1")};

        for (size_t i = 0; i < G_N_ELEMENTS(sandboxes); i++) {
                g_autofree char *made = make(sandboxes[i].text, &request);

                g_assert_cmpstr(made, ==, sandboxes[i].made);
        }
}

static void test_host(void)
{
        static const char text[] =
                "# stub\r\nnameserver 127.0.0.53\nnameserver fe80::1%eth0\0x\noptions edns0 trust-ad";
        const ResolvConfRequest request = {.host_network = true, .servers = WORDS("203.0.113.1")};
        GString *made = resolv_conf_make(text, sizeof(text) - 1, &request);
        g_autofree char *none = make("search a\n", &request), *dns = NULL;

        g_assert_cmpmem(made->str, made->len, text, sizeof(text) - 1);
        g_string_free(made, TRUE);
        g_assert_cmpstr(none, ==, "nameserver 203.0.113.1\nsearch a\n");
        dns = make("nameserver 127.0.0.53\nsearch a\n",
                   &(const ResolvConfRequest){.host_network = true, .dns_servers = WORDS("192.0.2.1")});
        g_assert_cmpstr(dns, ==, "nameserver 192.0.2.1\nsearch a\n");
}

static void test_dns_servers(void)
{
        const ResolvConfRequest request = {.dns_servers = WORDS("192.0.2.5", "127.0.0.1"),
                                           .servers = WORDS("203.0.113.1"),
                                           .search = WORDS("not"),
                                           .options = WORDS("not")};
        g_autofree char *made = make("nameserver 192.0.2.1\nsearch a\noptions ndots:3\n", &request);
        g_autofree char *of_none = make("", &request);

        g_assert_cmpstr(made, ==, "nameserver 192.0.2.5\nnameserver 127.0.0.1\nsearch a\noptions ndots:3\n");
        g_assert_cmpstr(of_none, ==, "nameserver 192.0.2.5\nnameserver 127.0.0.1\n");
}

static void test_configured(void)
{
        static const char text[] = "nameserver 127.0.0.1\nsearch a\noptions ndots:3\nsortlist 192.0.2.0\n";
        const char *const none[] = {NULL};
        g_autofree char *servers = make(text, &(const ResolvConfRequest){.dns_servers = none,
                                                                         .servers = WORDS("203.0.113.1", "2001:db8::1"),
                                                                         .search = none,
                                                                         .options = none});
        g_autofree char *all = make(text, &(const ResolvConfRequest){.servers = WORDS("203.0.113.1"),
                                                                     .search = WORDS("b", "c"),
                                                                     .options = WORDS("rotate", "edns0")});
        g_autofree char *nothing = make(text, &(const ResolvConfRequest){.search = WORDS("b")});
        g_autofree char *empty = make("", &(const ResolvConfRequest){});

        g_assert_cmpstr(servers, ==,
                        "nameserver 203.0.113.1\nnameserver 2001:db8::1\nsearch a\noptions ndots:3\n"
                        "sortlist 192.0.2.0\n");
        g_assert_cmpstr(all, ==, "nameserver 203.0.113.1\nsortlist 192.0.2.0\nsearch b c\noptions rotate edns0\n");
        g_assert_true(g_str_has_prefix(nothing, NO_SERVER));
        g_assert_true(g_str_has_suffix(nothing, ".\nsearch a\noptions ndots:3\nsortlist 192.0.2.0\n"));
        g_assert_nonnull(strstr(nothing, "Servers= in [DNS] of gangwayd.conf"));
        g_assert_true(g_str_has_prefix(empty, NO_SERVER));
        g_assert_true(strchr(empty, '\n') == empty + strlen(empty) - 1);
}

static void test_stub(void)
{
        static const struct {
                const char *text;
                bool stub;
        } rows[] = {
                {"nameserver 127.0.0.53\n", true},
                {"nameserver 127.0.0.54\nnameserver 127.0.0.53", true},
                {"#\noptions edns0 trust-ad\nnameserver 127.0.0.53\r\nsearch .\n", true},
                {"nameserver 127.0.0.53\nnameserver 192.0.2.1\n", false},
                {"nameserver 127.0.0.1\n", false},
                {"nameserver 127.0.0.53\nnameserver ::1\n", false},
                {"nameserver 127.0.0.53\nnameserver x\n", true},
                {"#nameserver 127.0.0.53\n", false},
                {"", false},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_test_message("%s", rows[i].text);
                g_assert_true(resolv_conf_is_stub(rows[i].text, strlen(rows[i].text)) == rows[i].stub);
        }
}

static void test_words(void)
{
        static const char *const domains[] = {"example.org", "_tcp.a", ".", "A-1."};
        static const char *const no_domains[] = {"", "a b", "a#", "a\n", "\xc3\xa9", "a,b"};
        static const char *const options[] = {"ndots:2", "edns0", "trust-ad", "no_tld_query", "use-vc"};
        static const char *const no_options[] = {"", "ndots: 2", "Ndots", "2", "a\n", "a,b", "ndots=2"};
        g_autofree char *domain = g_strnfill(254, 'a'), *option = g_strnfill(65, 'a');

        for (size_t i = 0; i < G_N_ELEMENTS(domains); i++)
                g_assert_true(resolv_conf_is_domain(domains[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(no_domains); i++)
                g_assert_false(resolv_conf_is_domain(no_domains[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
                g_assert_true(resolv_conf_is_option(options[i]));
        for (size_t i = 0; i < G_N_ELEMENTS(no_options); i++)
                g_assert_false(resolv_conf_is_option(no_options[i]));
        g_assert_false(resolv_conf_is_domain(domain));
        g_assert_false(resolv_conf_is_option(option));
}

static guint count_servers(const char *text, gsize size)
{
        GString *made = resolv_conf_make(text, size, &(const ResolvConfRequest){});
        g_auto(GStrv) parts = g_strsplit(made->str, "nameserver ", -1);

        g_string_free(made, TRUE);
        return g_strv_length(parts) - 1;
}

static void has_server(const char *text, gsize size, gpointer data)
{
        g_assert_cmpuint(count_servers(text, size), >, 0);
}

static void has_no_server(const char *text, gsize size, gpointer data)
{
        g_assert_cmpuint(count_servers(text, size), ==, 0);
}

static void test_corpus(void)
{
        corpus_each("resolv-conf", "valid", FALSE, has_server, NULL);
        corpus_each("resolv-conf", "invalid", FALSE, has_no_server, NULL);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/resolv-conf/sandbox", test_sandbox);
        g_test_add_func("/resolv-conf/host", test_host);
        g_test_add_func("/resolv-conf/dns-servers", test_dns_servers);
        g_test_add_func("/resolv-conf/configured", test_configured);
        g_test_add_func("/resolv-conf/stub", test_stub);
        g_test_add_func("/resolv-conf/words", test_words);
        g_test_add_func("/resolv-conf/corpus", test_corpus);
        return g_test_run();
}
