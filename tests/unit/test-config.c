/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* gangwayd.conf: what is accepted, and that each mistake is named with its line. */

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/config-load.h"
#include "model/config.h"

static Config *parse_ok(const char *text)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *message = NULL;
        int r;

        r = config_parse(text, strlen(text), "F", &config, &message);
        g_assert_cmpstr(message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
        return g_steal_pointer(&config);
}

/* words: with a space between them; NULL: none. */
static void assert_list(char **list, const char *words)
{
        g_autofree char *joined = list && *list ? g_strjoinv(" ", list) : NULL;

        g_assert_cmpstr(joined, ==, words);
}

static void assert_defaults(const Config *config)
{
        g_assert_cmpuint(config->id_range_first, ==, 1879048192U);
        g_assert_cmpuint(config->id_range_size, ==, 268304384U);
        g_assert_cmpstr(config->store_path, ==, "/var/lib/gangway");
        g_assert_cmpstr(config->runtime_path, ==, "/usr/bin/crun");
        g_assert_cmpuint(config->runtime_path_line, ==, 0);
        g_assert_cmpuint(config->max_containers_per_user, ==, 128);
        g_assert_cmpuint(config->max_processes_per_container, ==, 512);
        g_assert_cmpuint(config->max_image_bytes, ==, 68719476736U);
        g_assert_cmpuint(config->max_image_entries, ==, 2000000U);
        assert_list(config->dns_servers, NULL);
        assert_list(config->dns_search, NULL);
        assert_list(config->dns_options, NULL);
}

static void test_defaults(void)
{
        static const char *const texts[] = {"", "\n", "# nothing\n\n  \t\n", "[Ids]\n[Limits]\n", "[Runtime]"};

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(Config) config = parse_ok(texts[i]);

                assert_defaults(config);
        }
        g_assert_null(config_free(NULL));
}

static void test_values(void)
{
        g_autoptr(Config) config = parse_ok("# first\r\n"
                                            "[Ids]\r\n"
                                            "First = 65536\n"
                                            "\n"
                                            "[Limits]\n"
                                            "  ContainersPerUser=  7  \n"
                                            "ProcessesPerContainer=65536\n"
                                            "[Runtime]\n"
                                            "Path=/opt/my runtime/runc \n"
                                            "[Store]\n"
                                            "Path = /srv/images\n"
                                            "[Ids]\n"
                                            "Size=131072");

        g_assert_cmpuint(config->id_range_first, ==, 65536);
        g_assert_cmpuint(config->id_range_size, ==, 131072);
        g_assert_cmpuint(config->max_containers_per_user, ==, 7);
        g_assert_cmpuint(config->max_processes_per_container, ==, 65536);
        g_assert_cmpstr(config->runtime_path, ==, "/opt/my runtime/runc");
        g_assert_cmpstr(config->store_path, ==, "/srv/images");
        g_assert_cmpuint(config->runtime_path_line, ==, 9);
}

static void test_labels(void)
{
        g_autoptr(Config) config = parse_ok("[Labels]\nzone = eu 1 \nexample.com/gpu=a=b\n\n[Limits]\n[Labels]\n9=\n"
                                            "text=\\sa\\\\b\n");

        g_assert_cmpuint(g_hash_table_size(config->labels), ==, 4);
        g_assert_cmpstr(g_hash_table_lookup(config->labels, "zone"), ==, "eu 1");
        g_assert_cmpstr(g_hash_table_lookup(config->labels, "example.com/gpu"), ==, "a=b");
        g_assert_cmpstr(g_hash_table_lookup(config->labels, "9"), ==, "");
        g_assert_cmpstr(g_hash_table_lookup(config->labels, "text"), ==, "a\\b");
}

static void test_sizes(void)
{
        static const struct {
                const char *text;
                guint64 bytes;
        } sizes[] = {
                {"1", 1},
                {"4294967297", 4294967297},
                {"1K", 1024},
                {"3M", 3145728},
                {"64G", 68719476736},
                {"2T", 2199023255552},
                {"1024T", 1125899906842624},
                {"1125899906842624", 1125899906842624},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autofree char *text =
                        g_strdup_printf("[Limits]\nImageBytes=%s\nImageEntries=1000000000\n", sizes[i].text);
                g_autoptr(Config) config = parse_ok(text);

                g_assert_cmpuint(config->max_image_bytes, ==, sizes[i].bytes);
                g_assert_cmpuint(config->max_image_entries, ==, 1000000000U);
        }
}

static void test_lists(void)
{
        g_autoptr(Config) config = parse_ok("[DNS]\nServers= 192.0.2.1\t2001:DB8::1   127.0.0.1 \nSearch=example.org\n"
                                            "Options=ndots:2 edns0\n");
        g_autoptr(Config) empty = parse_ok("[DNS]\nServers=\nSearch= \n");

        assert_list(config->dns_servers, "192.0.2.1 2001:db8::1 127.0.0.1");
        assert_list(config->dns_search, "example.org");
        assert_list(config->dns_options, "ndots:2 edns0");
        assert_defaults(empty);
}

static void test_network(void)
{
        g_autoptr(Config) usual = parse_ok("");
        g_autoptr(Config) config =
                parse_ok("[Network]\nProvider=pasta\nList=/etc/net.conflist\nPluginPath=/a:/b c\nPool=3\n");

        g_assert_cmpuint(usual->network_provider, ==, NETWORK_CNI);
        g_assert_cmpuint(usual->network_pool_size, ==, 0);
        g_assert_cmpuint(config->network_provider, ==, NETWORK_PASTA);
        g_assert_cmpuint(config->network_pool_size, ==, 3);
        g_assert_cmpstr(config->network_list, ==, "/etc/net.conflist");
        g_assert_cmpstr(config->network_plugin_path, ==, "/a:/b c");
}

static void test_range_bounds(void)
{
        g_autoptr(Config) last = parse_ok("[Ids]\nFirst=2147352576\nSize=131072\n");
        g_autoptr(Config) whole = parse_ok("[Ids]\nFirst=65536\nSize=2147418112\n");

        g_assert_cmpuint(last->id_range_first, ==, 2147352576U);
        g_assert_cmpuint(whole->id_range_size, ==, 2147418112U);
}

static const struct {
        const char *text;
        const char *message; /* its beginning */
        const char *hint;    /* a part of the rest, or NULL */
} mistakes[] = {
        {"[Ids]\nFrist=65536\n", "F:2: There is no key Frist in [Ids];", "First, Size"},
        {"[Ids]\nPath=/x\n", "F:2: There is no key Path in [Ids];", NULL},
        {"[Ids]\nfirst=65536\n", "F:2: There is no key first in [Ids];", NULL},
        {"[Ids]\nFirst[de]=65536\n", "F:2: There is no key First[de] in [Ids];", NULL},
        {"\n\n[Id]\n", "F:3: There is no group [Id];",
         "[Ids], [Store], [Runtime], [Limits], [Network], [DNS], [Labels]."},
        {"First=65536\n", "F:1: First= stands before the first [Group].", NULL},
        {"[Ids]\nhello\n", "F:2: 'hello' is no", NULL},
        {"[Ids\n", "F:1: '[Ids' is no", NULL},
        {"[]\n", "F:1: '[]' is no", NULL},
        {"[Ids]\n=3\n", "F:2: '=3' is no", NULL},
        {"[Ids]\nFirst=65536\n# x\nFirst=131072\n", "F:4: [Ids] First= is set twice;", "line 2"},
        {"[Ids]\nFirst=65536\n[Runtime]\n[Ids]\nFirst=65536\n", "F:5: [Ids] First= is set twice;", "line 2"},
        {"[Ids]\nFirst=\n", "F:2: [Ids] First= is not allowed;", "a multiple of 65536 from 65536 to"},
        {"[Ids]\nFirst=many\n", "F:2: [Ids] First=many is not allowed;", NULL},
        {"[Ids]\nFirst=0\n", "F:2: [Ids] First=0 is not allowed;", NULL},
        {"[Ids]\nFirst=-65536\n", "F:2: [Ids] First=-65536 is not allowed;", NULL},
        {"[Ids]\nFirst=65537\n", "F:2: [Ids] First=65537 is not allowed;", NULL},
        {"[Ids]\nFirst=60000\n", "F:2: [Ids] First=60000 is not allowed;", NULL},
        {"[Ids]\nFirst=2147483648\n", "F:2: [Ids] First=2147483648 is not allowed;", NULL},
        {"[Ids]\nFirst=4295032832\n", "F:2: [Ids] First=4295032832 is not allowed;", NULL},
        {"[Ids]\nFirst=18446744073709617152\n", "F:2: [Ids] First=18446744073709617152 is not allowed;", NULL},
        {"[Ids]\nFirst=0x10000\n", "F:2: [Ids] First=0x10000 is not allowed;", NULL},
        {"[Ids]\nSize=0\n", "F:2: [Ids] Size=0 is not allowed;", NULL},
        {"[Ids]\nSize=65536 # one\n", "F:2: [Ids] Size=65536 # one is not allowed;", NULL},
        {"[Ids]\nFirst=2147352576\n", "F:2: [Ids] First=2147352576 and Size=268304384 reach beyond 2147483647;",
         "at most 131072."},
        {"[Ids]\nFirst=2147352576\nSize=196608\n", "F:3: [Ids] First=2147352576 and Size=196608 reach", NULL},
        {"[Ids]\nFirst=2147418112\n", "F:2: [Ids] First=2147418112 is not allowed;", "to 2147352576."},
        {"[Ids]\nSize=65536\n", "F:2: [Ids] Size=65536 is not allowed;", "from 131072 to"},
        {"[Store]\nPath=var/lib\n", "F:2: [Store] Path=var/lib is not allowed;", "absolute path, as /var/lib/gangway"},
        {"[Store]\nFirst=1\n", "F:2: There is no key First in [Store];", "are Path"},
        {"[Ids]\nSize=2147418112\n", "F:2: [Ids] First=1879048192 and Size=2147418112 reach", "at most 268435456."},
        {"[Limits]\nContainersPerUser=0\n", "F:2: [Limits] ContainersPerUser=0 is not allowed;",
         "a whole number from 1 to 32768"},
        {"[Limits]\nContainersPerUser=1.5\n", "F:2: [Limits] ContainersPerUser=1.5 is not allowed;", NULL},
        {"[Limits]\nProcessesPerContainer=65537\n", "F:2: [Limits] ProcessesPerContainer=65537 is not allowed;", NULL},
        {"[Limits]\nImageBytes=0\n", "F:2: [Limits] ImageBytes=0 is not allowed;",
         "a number of bytes, which may end with K, M, G or T, from 1 to 1125899906842624"},
        {"[Limits]\nImageBytes=0G\n", "F:2: [Limits] ImageBytes=0G is not allowed;", NULL},
        {"[Limits]\nImageBytes=G\n", "F:2: [Limits] ImageBytes=G is not allowed;", NULL},
        {"[Limits]\nImageBytes=1g\n", "F:2: [Limits] ImageBytes=1g is not allowed;", NULL},
        {"[Limits]\nImageBytes=1GB\n", "F:2: [Limits] ImageBytes=1GB is not allowed;", NULL},
        {"[Limits]\nImageBytes=1 G\n", "F:2: [Limits] ImageBytes=1 G is not allowed;", NULL},
        {"[Limits]\nImageBytes=1025T\n", "F:2: [Limits] ImageBytes=1025T is not allowed;", NULL},
        {"[Limits]\nImageBytes=16777216T\n", "F:2: [Limits] ImageBytes=16777216T is not allowed;", NULL},
        {"[Limits]\nImageEntries=1K\n", "F:2: [Limits] ImageEntries=1K is not allowed;", NULL},
        {"[Limits]\nImageEntries=1000000001\n", "F:2: [Limits] ImageEntries=1000000001 is not allowed;", NULL},
        {"[Runtime]\nPath=crun\n", "F:2: [Runtime] Path=crun is not allowed;", "absolute path"},
        {"[Runtime]\nPath=\n", "F:2: [Runtime] Path= is not allowed;", NULL},
        {"[Runtime]\nPath=/a\\qb\n", "F:2: [Runtime] Path=/a\\qb is not allowed;", "s, n, t, r"},
        {"[Runtime]\nPath=/a\\tb\n", "F:2: [Runtime] Path=/a\\tb is not allowed;", "control"},
        {"[Network]\nProvider=slirp\n", "F:2: [Network] Provider=slirp is not allowed;", "cni or pasta."},
        {"[Network]\nProvider=\n", "F:2: [Network] Provider= is not allowed;", NULL},
        {"[Network]\nPluginPath=/a:b\n", "F:2: [Network] PluginPath=/a:b is not allowed;", "with ':' between them"},
        {"[Network]\nPluginPath=/a:\n", "F:2: [Network] PluginPath=/a: is not allowed;", NULL},
        {"[Network]\nList=net.conflist\n", "F:2: [Network] List=net.conflist is not allowed;", "an absolute path"},
        {"[Network]\nPool=257\n", "F:2: [Network] Pool=257 is not allowed;", "from 0 to 256"},
        {"[DNS]\nServer=192.0.2.1\n", "F:2: There is no key Server in [DNS];", "are Servers, Search, Options."},
        {"[Limits]\n[DNS]\nServers=192.0.2.1 x\n", "F:3: [DNS] Servers= holds 'x', which is not allowed;",
         "a list of IP addresses, as 192.0.2.1"},
        {"[DNS]\nServers=192.0.2.1,192.0.2.2\n", "F:2: [DNS] Servers= holds '192.0.2.1,192.0.2.2',", NULL},
        {"[DNS]\nServers=fe80::1%eth0\n", "F:2: [DNS] Servers= holds 'fe80::1%eth0',", NULL},
        {"[DNS]\nServers=1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4\n", "F:2: [DNS] Servers= holds 4 words;", "3 at most."},
        {"[DNS]\nSearch=a#b\n", "F:2: [DNS] Search= holds 'a#b',", "names of domains"},
        {"[DNS]\nSearch=a\\nb\n", "F:2: [DNS] Search= holds 'a\\nb',", NULL},
        {"[DNS]\n\nOptions=Ndots\n", "F:3: [DNS] Options= holds 'Ndots',", "resolv.conf(5), as ndots:2."},
        {"[Labels]\n-a=b\n", "F:2: [Labels] -a= is not allowed;", "a letter or digit first, at most 128."},
        {"[Labels]\na b=c\n", "F:2: [Labels] a b= is not allowed;", NULL},
        {"[Labels]\na[de]=c\n", "F:2: [Labels] a[de]= is not allowed;", NULL},
        {"[Labels]\na=b\n\na=c\n", "F:4: [Labels] a= is set twice;", "line 2"},
        {"[Labels]\na=b\\tc\n", "F:2: [Labels] a= is not allowed with this value;", "255 bytes without control"},
        {"[Labels]\na=b\\q\n", "F:2: [Labels] a=b\\q is not allowed;", "s, n, t, r"},
        {"[labels]\na=b\n", "F:1: There is no group [labels];", NULL},
        {"[Runtime]\nPath=/\xff\n", "F:2: This line is no valid UTF-8.", NULL},
};

static void test_mistakes(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
                g_autofree char *message = NULL;
                Config *config = GINT_TO_POINTER(1);

                g_test_message("%s", mistakes[i].text);
                g_assert_cmpint(config_parse(mistakes[i].text, strlen(mistakes[i].text), "F", &config, &message), ==,
                                -EINVAL);
                g_assert_true(config == GINT_TO_POINTER(1));
                g_test_message("%s", message);
                g_assert_true(g_str_has_prefix(message, mistakes[i].message));
                if (mistakes[i].hint)
                        g_assert_nonnull(strstr(message, mistakes[i].hint));
        }
}

static void test_nul(void)
{
        static const char text[] = "[Limits]\nContainersPerUser=1\0\n2\n";
        g_autofree char *message = NULL;
        Config *config = NULL;

        g_assert_cmpint(config_parse(text, sizeof(text) - 1, "F", &config, &message), ==, -EINVAL);
        g_assert_true(g_str_has_prefix(message, "F:2: A NUL byte"));
}

/* The text is used by its size, not up to a NUL that may not be there. */
static void test_size(void)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *message = NULL;
        const char *text = "[Limits]\nContainersPerUser=123";
        g_autofree char *part = g_memdup2(text, strlen(text) - 1);

        g_assert_cmpint(config_parse(part, strlen(text) - 1, "F", &config, &message), ==, 0);
        g_assert_cmpuint(config->max_containers_per_user, ==, 12);
}

typedef struct Folder {
        char *path;
        char *file;
        char *runtime;
} Folder;

static void folder_set_up(Folder *folder, const void *data)
{
        folder->path = g_dir_make_tmp("gangway-config-XXXXXX", NULL);
        g_assert_nonnull(folder->path);
        folder->file = g_build_filename(folder->path, "gangwayd.conf", NULL);
        folder->runtime = g_build_filename(folder->path, "runtime", NULL);
}

static void folder_tear_down(Folder *folder, const void *data)
{
        (void) g_unlink(folder->file);
        (void) g_remove(folder->runtime);
        g_assert_cmpint(g_rmdir(folder->path), ==, 0);
        g_free(folder->path);
        g_free(folder->file);
        g_free(folder->runtime);
}

static void write_file(const char *path, const char *text, int mode)
{
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

/* Loads a file that names the folder's runtime in line 3. */
static int load(const Folder *folder, Config **ret, char **ret_message)
{
        g_autofree char *text = g_strdup_printf("\n[Runtime]\nPath=%s\n", folder->runtime);

        write_file(folder->file, text, 0644);
        return config_load(folder->file, ret, ret_message);
}

static void test_load(Folder *folder, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *message = NULL;

        write_file(folder->runtime, "#!/bin/sh\n", 0755);
        g_assert_cmpint(load(folder, &config, &message), ==, 0);
        g_assert_cmpstr(config->runtime_path, ==, folder->runtime);
        g_assert_cmpuint(config->runtime_path_line, ==, 3);
        g_assert_null(message);
}

static void test_load_missing_file(Folder *folder, const void *data)
{
        g_autoptr(Config) config = NULL;
        g_autofree char *message = NULL;
        int r;

        /* Without a file there is nothing but the default runtime, which this machine has or has not. */
        r = config_load(folder->file, &config, &message);
        if (access(CONFIG_RUNTIME_PATH_DEFAULT, X_OK) == 0) {
                g_assert_cmpint(r, ==, 0);
                assert_defaults(config);
        } else {
                g_assert_cmpint(r, ==, -ENOENT);
                g_assert_nonnull(strstr(message, ": The default of [Runtime] Path=, /usr/bin/crun, is not there;"));
        }
}

static void assert_load_fails(const Folder *folder, int error, const char *sentence)
{
        g_autofree char *message = NULL, *expected = NULL;
        Config *config = NULL;

        g_assert_cmpint(load(folder, &config, &message), ==, error);
        g_assert_null(config);
        expected = g_strdup_printf("%s:3: [Runtime] Path=%s %s;", folder->file, folder->runtime, sentence);
        g_test_message("%s", message);
        g_assert_true(g_str_has_prefix(message, expected));
}

static void test_load_bad_runtime(Folder *folder, const void *data)
{
        assert_load_fails(folder, -ENOENT, "is not there");

        write_file(folder->runtime, "", 0644);
        assert_load_fails(folder, -EACCES, "is not executable");

        g_assert_cmpint(g_unlink(folder->runtime), ==, 0);
        g_assert_cmpint(g_mkdir(folder->runtime, 0755), ==, 0);
        assert_load_fails(folder, -EACCES, "is no regular file");
}

static void test_load_unreadable(Folder *folder, const void *data)
{
        g_autofree char *message = NULL;
        Config *config = NULL;

        g_assert_cmpint(config_load(folder->path, &config, &message), ==, -EIO);
        g_assert_true(g_str_has_prefix(message, folder->path));
        g_assert_null(config);
}

/* The file that is installed: it sets nothing, and each line that is commented out is the default. */
static void test_shipped_file(void)
{
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "..", "data", "gangwayd.conf", NULL);
        g_autoptr(GRegex) regex = g_regex_new("^#(?=[A-Za-z]+=)", G_REGEX_MULTILINE, 0, NULL);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL, *set = NULL;
        g_autoptr(Config) as_is = NULL, all = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, &error));
        as_is = parse_ok(text);
        assert_defaults(as_is);

        set = g_regex_replace_literal(regex, text, -1, 0, "", 0, NULL);
        g_assert_cmpuint(strlen(text) - strlen(set), ==, 15);
        all = parse_ok(set);
        g_assert_cmpuint(all->runtime_path_line, >, 0);
        all->runtime_path_line = 0;
        assert_defaults(all);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/config/defaults", test_defaults);
        g_test_add_func("/config/values", test_values);
        g_test_add_func("/config/labels", test_labels);
        g_test_add_func("/config/sizes", test_sizes);
        g_test_add_func("/config/lists", test_lists);
        g_test_add_func("/config/network", test_network);
        g_test_add_func("/config/range-bounds", test_range_bounds);
        g_test_add_func("/config/mistakes", test_mistakes);
        g_test_add_func("/config/nul", test_nul);
        g_test_add_func("/config/size", test_size);
        g_test_add_func("/config/shipped-file", test_shipped_file);
        g_test_add("/config/load", Folder, NULL, folder_set_up, test_load, folder_tear_down);
        g_test_add("/config/load-missing-file", Folder, NULL, folder_set_up, test_load_missing_file, folder_tear_down);
        g_test_add("/config/load-bad-runtime", Folder, NULL, folder_set_up, test_load_bad_runtime, folder_tear_down);
        g_test_add("/config/load-unreadable", Folder, NULL, folder_set_up, test_load_unreadable, folder_tear_down);
        return g_test_run();
}
