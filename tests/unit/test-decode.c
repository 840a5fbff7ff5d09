/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The arguments of CreateContainer, from real messages: what is read, and what is refused by name. */

#include <sys/stat.h>

#include "decode-fixture.h"
#include "service/decode-container.h"

/* The options of a container that is all right, but for what comes behind. */
#define ROOT_MOUNT "mounts", "aa{sv}", 1, 2, "destination", "s", "/", "host-path", "s", "/srv/root"

static ContainerSpec *container_ok(sd_bus_message *m)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        ContainerSpec *spec = NULL;
        int r = decode_container(m, &spec, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
        g_assert_cmpint(sd_bus_message_at_end(m, true), >, 0);
        return spec;
}

static void container_fails(sd_bus_message *m, const char *name, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        ContainerSpec *spec = NULL;
        int r = decode_container(m, &spec, &error);

        g_assert_null(spec);
        assert_refused(r, &error, name, part);
}

static void test_container(Fixture *f, gconstpointer data)
{
        g_autoptr(ContainerSpec) spec = container_ok(make_message(f, "sa{sv}", "web", 1, ROOT_MOUNT));

        g_assert_cmpstr(spec->name, ==, "web");
        g_assert_cmpstr(spec->hostname, ==, "web");
        g_assert_cmpint(spec->net_mode, ==, NET_SANDBOX);
        g_assert_cmpint(spec->security_mode, ==, SECURITY_SANDBOX);
        g_assert_false(spec->watch_bus);
        g_assert_cmpuint(spec->mounts->len, ==, 1);
        g_assert_cmpuint(spec->rlimits->len, ==, 0);
        g_assert_cmpuint(spec->scope_properties->len, ==, 0);
}

static void test_container_full(Fixture *f, gconstpointer data)
{
        g_autoptr(ContainerSpec) spec = NULL;
        const MountSpec *mount;
        const ResourceLimit *limit;
        const ScopeProperty *property;
        struct stat given, kept;

        spec = container_ok(make_message(
                f, "sa{sv}", "web", 9, "mounts", "aa{sv}", 1, 5, "type", "s", "bind", "destination", "s", "/", "source",
                "h", f->folder, "read-only", "b", 1, "output", "b", 1, "net-mode", "s", "host", "security-mode", "s",
                "insecure", "hostname", "s", "box", "watch-bus", "b", 1, "scope-properties", "a(sv)", 2, "TasksMax",
                "t", UINT64_C(1) << 40, "AllowedCPUs", "ay", 2, 3, 1, "rlimits", "a{s(tt)}", 2, "NOFILE", UINT64_C(10),
                UINT64_MAX, "CORE", UINT64_C(0), UINT64_C(0), "extra-hosts", "a(ss)", 2, "db", "192.0.2.1", "six",
                "2001:DB8::1", "dns-servers", "as", 1, "192.0.2.53"));
        g_assert_cmpint(spec->net_mode, ==, NET_HOST);
        g_assert_cmpint(spec->security_mode, ==, SECURITY_INSECURE);
        g_assert_cmpstr(spec->hostname, ==, "box");
        g_assert_true(spec->watch_bus);
        g_assert_cmpuint(spec->extra_hosts->len, ==, 2);
        g_assert_cmpstr(((const ExtraHost *) spec->extra_hosts->pdata[0])->name, ==, "db");
        g_assert_cmpstr(((const ExtraHost *) spec->extra_hosts->pdata[1])->address, ==, "2001:db8::1");
        g_assert_cmpuint(spec->dns_servers->len, ==, 1);
        g_assert_cmpstr(spec->dns_servers->pdata[0], ==, "192.0.2.53");

        mount = container_spec_get_root(spec);
        g_assert_cmpint(mount->type, ==, MOUNT_BIND);
        g_assert_cmpstr(mount->destination, ==, "/");
        g_assert_true(mount->read_only);
        g_assert_true(mount->output);
        g_assert_null(mount->host_path);
        assert_cloexec(mount->source);
        g_assert_cmpint(fstat(f->folder, &given), ==, 0);
        g_assert_cmpint(fstat(mount->source, &kept), ==, 0);
        g_assert_cmpuint(given.st_ino, ==, kept.st_ino);

        g_assert_cmpuint(spec->scope_properties->len, ==, 2);
        property = spec->scope_properties->pdata[0];
        g_assert_cmpstr(property->name, ==, "TasksMax");
        g_assert_cmpuint(property->number, ==, UINT64_C(1) << 40);
        property = spec->scope_properties->pdata[1];
        g_assert_cmpmem(g_bytes_get_data(property->bytes, NULL), g_bytes_get_size(property->bytes), "\3\1", 2);

        g_assert_cmpuint(spec->rlimits->len, ==, 2);
        limit = spec->rlimits->pdata[0];
        g_assert_cmpstr(limit->name, ==, "NOFILE");
        g_assert_cmpuint(limit->soft, ==, 10);
        g_assert_cmpuint(limit->hard, ==, UINT64_MAX);
}

static void test_container_options(Fixture *f, gconstpointer data)
{
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "net_mode", "s", "none"), INVALID, "'net_mode'");
        container_fails(make_message(f, "sa{sv}", "", 1, "", "s", "x"), INVALID, "''");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "watch-bus", "s", "yes"), INVALID,
                        "'watch-bus' is of the type 'b', not 's'");
        container_fails(make_message(f, "sa{sv}", "", 1, "mounts", "a{sv}", 0), INVALID,
                        "'mounts' is of the type 'aa{sv}'");
        container_fails(make_message(f, "sa{sv}", "", 3, ROOT_MOUNT, "hostname", "s", "a", "hostname", "s", "b"),
                        INVALID, "'hostname' is given twice");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "net-mode", "s", "bridge"), INVALID,
                        "'bridge' is no net-mode");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "security-mode", "s", "Insecure"), INVALID,
                        "'Insecure'");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "hostname", "s", "a b"), INVALID, "'a b'");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "extra-hosts", "a(ss)", 1, "db", "1.2.3"), INVALID,
                        "failed to parse IP 1.2.3");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "extra-hosts", "a(ss)", 1, "1.2.3.4 a", "::1"),
                        INVALID, "'1.2.3.4 a' in the option 'extra-hosts'");
        container_fails(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "dns-servers", "s", "192.0.2.1"), INVALID,
                        "'dns-servers' is of the type 'as', not 's'");
        container_fails(make_message(f, "sa{sv}", "a/b", 1, ROOT_MOUNT), INVALID, "'a/b'");
        container_fails(make_message(f, "sa{sv}", "", 0), INVALID, "'mounts'");
}

/* An option that is refused after fds were read leaves none of them open. */
static void test_container_mounts(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
        unsigned before;

        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 2, "destination", "s", "/", "readonly", "b", 1);
        container_fails(f->m, INVALID, "mount key 'readonly'");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 2, "destination", "s", "/", "read-only", "s", "yes");
        container_fails(f->m, INVALID, "mount key 'read-only' is of the type 'b', not 's'");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 2, "destination", "s", "/", "destination", "s", "/");
        container_fails(f->m, INVALID, "mount key 'destination' is given twice");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 2, "destination", "s", "/", "type", "s", "volume");
        container_fails(f->m, INVALID, "'volume' is no mount type");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 2, "destination", "s", "/tmp", "type", "s", "tmpfs");
        container_fails(f->m, INVALID, "no mount at '/'");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 4, "destination", "s", "/c", "type", "s", "cache", "id",
                     "s", "c", "sharing", "s", "Shared");
        container_fails(f->m, INVALID, "'Shared' is no sharing of a cache");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 0);
        container_fails(f->m, INVALID, "no destination");
        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 2, "destination", "s", "/", "source", "h", file);
        container_fails(f->m, INVALID, "'source' is neither a folder nor a regular file");

        make_message(f, "sa{sv}", "", 1, "mounts", "aa{sv}", 1, 3, "source", "h", f->folder, "destination", "s", "/",
                     "x", "b", 1);
        before = count_fds();
        container_fails(f->m, INVALID, "mount key 'x'");
        g_assert_cmpuint(count_fds(), ==, before);
}

/* Every key, each of the type that takes it; a boolean that is false is as good as none. */
static void test_container_mount_keys(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        g_autoptr(ContainerSpec) spec = NULL;
        const MountSpec *root, *cache, *tmpfs, *secret, *ssh, *single;

        make_message(f, "sa{sv}", "", 3, "mounts", "aa{sv}", 6,
                     /* root */ 5, "destination", "s", "/", "image", "s", "debian:12", "output", "b", 1, "read-only",
                     "b", 1, "selector", "s", "sub",
                     /* cache */ 5, "type", "s", "cache", "destination", "s", "/c", "id", "s", "go", "sharing", "s",
                     "locked", "image", "s", "seed",
                     /* tmpfs */ 5, "type", "s", "tmpfs", "destination", "s", "/t", "size", "t", UINT64_C(1) << 40,
                     "output", "b", 0, "optional", "b", 0,
                     /* secret */ 6, "type", "s", "secret", "destination", "s", "/s", "id", "s", "key", "uid", "u", 1,
                     "gid", "u", 2, "mode", "u", 0444,
                     /* ssh */ 3, "type", "s", "ssh", "destination", "s", "/a", "optional", "b", 1,
                     /* file */ 3, "destination", "s", "/f", "source", "h", file, "read-only", "b", 1, "secrets",
                     "a{sv}", 2, "key", "ay", 3, 1, 2, 3, "other", "h", f->folder, "ssh-agents", "a{sh}", 1, "default",
                     f->agent);
        spec = container_ok(f->m);
        root = spec->mounts->pdata[0];
        g_assert_cmpstr(root->image, ==, "debian:12");
        g_assert_cmpstr(root->selector, ==, "sub");
        g_assert_true(root->output && root->read_only);
        cache = spec->mounts->pdata[1];
        g_assert_cmpint(cache->type, ==, MOUNT_CACHE);
        g_assert_cmpstr(cache->id, ==, "go");
        g_assert_cmpint(cache->sharing, ==, CACHE_LOCKED);
        g_assert_cmpstr(cache->image, ==, "seed");
        tmpfs = spec->mounts->pdata[2];
        g_assert_cmpuint(tmpfs->size, ==, UINT64_C(1) << 40);
        secret = spec->mounts->pdata[3];
        g_assert_cmpuint(secret->uid, ==, 1);
        g_assert_cmpuint(secret->gid, ==, 2);
        g_assert_cmpuint(secret->mode, ==, 0444);
        g_assert_false(secret->optional);
        ssh = spec->mounts->pdata[4];
        g_assert_true(ssh->optional);
        g_assert_cmpstr(ssh->id, ==, "default");
        single = spec->mounts->pdata[5];
        g_assert_true(single->source_is_file);
        assert_cloexec(single->source);

        g_assert_cmpmem(g_bytes_get_data(container_spec_find_secret(spec, "key")->bytes, NULL), 3, "\1\2\3", 3);
        g_assert_null(container_spec_find_secret(spec, "other")->bytes);
        assert_cloexec(container_spec_find_secret(spec, "other")->fd);
        assert_cloexec(container_spec_find_agent(spec, "default")->fd);
}

static void test_container_secrets(Fixture *f, gconstpointer data)
{
        g_autofree char *large = g_malloc0(SECRET_SIZE_MAX + 1);
        unsigned before;

        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "secrets", "a{sv}", 1, "key", "s", "text");
        container_fails(f->m, INVALID, "The secret 'key' is of the type 's'");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "secrets", "a{sv}", 2, "key", "ay", 0, "key", "ay", 0);
        container_fails(f->m, INVALID, "'secrets' has 'key' twice");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "secrets", "a{sv}", 1, "", "ay", 0);
        container_fails(f->m, INVALID, "The id '' of secrets");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "ssh-agents", "a{sh}", 2, "a", f->agent, "a", f->agent);
        container_fails(f->m, INVALID, "'ssh-agents' has 'a' twice");

        f->m = sd_bus_message_unref(f->m);
        g_assert_cmpint(sd_bus_message_new_method_call(f->bus, &f->m, NULL, "/x", "org.example.X", "X"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(f->m, "s", ""), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(f->m, 'a', "{sv}"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(f->m, 'e', "sv"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(f->m, "s", "secrets"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(f->m, 'v', "a{sv}"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(f->m, 'a', "{sv}"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(f->m, 'e', "sv"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(f->m, "s", "big"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(f->m, 'v', "ay"), >=, 0);
        g_assert_cmpint(sd_bus_message_append_array(f->m, 'y', large, SECRET_SIZE_MAX + 1), >=, 0);
        for (int i = 0; i < 6; i++)
                g_assert_cmpint(sd_bus_message_close_container(f->m), >=, 0);
        g_assert_cmpint(sd_bus_message_seal(f->m, 1, 0), >=, 0);
        container_fails(f->m, INVALID, "The secret 'big' has 512001 bytes, the limit is 512000");

        /* One that is refused after fds were read leaves none of them open. */
        make_message(f, "sa{sv}", "", 3, "secrets", "a{sv}", 1, "a", "h", f->folder, "ssh-agents", "a{sh}", 1, "a",
                     f->agent, "x", "b", 1);
        before = count_fds();
        container_fails(f->m, INVALID, "option 'x'");
        g_assert_cmpuint(count_fds(), ==, before);
}

/* A connection is no place where an agent can be found again and again. */
static void test_container_agents(Fixture *f, gconstpointer data)
{
        _cleanup_close_ int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_close_ int file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
        const int wrong[] = {connection, file, f->folder};
        g_autoptr(ContainerSpec) spec = NULL;
        const MountSpec *mount;

        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "ssh-agents", "a{sh}", 1, "work", wrong[i]);
                container_fails(f->m, INVALID, "the agent 'work'");
        }
        make_message(f, "sa{sv}", "", 2, "mounts", "aa{sv}", 3, 2, "destination", "s", "/", "host-path", "s", "/srv", 2,
                     "type", "s", "ssh", "destination", "s", "/agent", 2, "type", "s", "ssh", "id", "s", "work",
                     "ssh-agents", "a{sh}", 2, "default", f->agent, "work", f->agent);
        spec = container_ok(f->m);
        mount = spec->mounts->pdata[2];
        g_assert_cmpstr(mount->destination, ==, "/run/gangway/ssh/work.sock");
        g_assert_cmpstr(container_spec_get_agent_path(spec), ==, "/run/gangway/ssh/work.sock");
        g_assert_true(container_spec_has_agents(spec));

        make_message(f, "sa{sv}", "", 2, "mounts", "aa{sv}", 2, 2, "destination", "s", "/", "host-path", "s", "/srv", 2,
                     "type", "s", "ssh", "id", "s", "../work", "ssh-agents", "a{sh}", 1, "../work", f->agent);
        container_fails(f->m, INVALID, "give it a destination");
}

static void test_container_scope_properties(Fixture *f, gconstpointer data)
{
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "scope-properties", "a(sv)", 1, "Slice", "s", "system.slice");
        container_fails(f->m, INVALID, "'Slice' can't be set; those that can are AllowedCPUs, ");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "scope-properties", "a(sv)", 1, "TasksMax", "u", 7);
        container_fails(f->m, INVALID, "'TasksMax' is of the type 't', not 'u'");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "scope-properties", "a(sv)", 1, "AllowedCPUs", "s", "0-3");
        container_fails(f->m, INVALID, "'AllowedCPUs' is of the type 'ay', not 's'");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "scope-properties", "a(sv)", 2, "TasksMax", "t", UINT64_C(1),
                     "TasksMax", "t", UINT64_C(2));
        container_fails(f->m, INVALID, "'TasksMax' is given twice");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "rlimits", "a{s(tt)}", 1, "NOSUCH", UINT64_C(1), UINT64_C(1));
        container_fails(f->m, INVALID, "'NOSUCH'");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "rlimits", "a{s(tt)}", 2, "CPU", UINT64_C(1), UINT64_C(1), "CPU",
                     UINT64_C(1), UINT64_C(1));
        container_fails(f->m, INVALID, "'CPU' is given twice");
}

static void test_container_constraints(Fixture *f, gconstpointer data)
{
        g_autoptr(ContainerSpec) spec = container_ok(make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "constraints", "as",
                                                                  3, "platform==linux/arm64", "", "net.none"));

        g_assert_cmpuint(spec->constraints->len, ==, 3);
        g_assert_cmpstr(filter_get_text(spec->constraints->pdata[2]), ==, "net.none");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "constraints", "as", 2, "net.none", "net.");
        container_fails(f->m, INVALID, "The constraint 'net.' is wrong at position 5");
        make_message(f, "sa{sv}", "", 2, ROOT_MOUNT, "constraints", "as", 17, "", "", "", "", "", "", "", "", "", "",
                     "", "", "", "", "", "", "");
        container_fails(f->m, INVALID, "'constraints' has more than 16 entries");
}

/* A word that is too long to be shown whole is not cut in the middle of a character: sd-bus would not send that. */
static void test_long_words(Fixture *f, gconstpointer data)
{
        for (int shift = 0; shift < 3; shift++) {
                g_autoptr(GString) word = g_string_new("xxx");

                g_string_truncate(word, (gsize) shift);
                for (int i = 0; i < 100; i++)
                        g_string_append(word, "\xe2\x82\xac");
                container_fails(make_message(f, "sa{sv}", "", 1, word->str, "b", 1), INVALID, "\xe2\x82\xac");
                make_message(f, "sa{sv}", "", 1, "net-mode", "s", word->str);
                container_fails(f->m, INVALID, "\xe2\x82\xac");
                make_message(f, "sa{sv}", "", 1, "scope-properties", "a(sv)", 1, word->str, "b", 1);
                container_fails(f->m, INVALID, "\xe2\x82\xac");
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        add("/decode/container", test_container);
        add("/decode/container/full", test_container_full);
        add("/decode/container/options", test_container_options);
        add("/decode/container/mounts", test_container_mounts);
        add("/decode/container/mount-keys", test_container_mount_keys);
        add("/decode/container/secrets", test_container_secrets);
        add("/decode/container/agents", test_container_agents);
        add("/decode/container/scope-properties", test_container_scope_properties);
        add("/decode/container/constraints", test_container_constraints);
        add("/decode/container/long-words", test_long_words);
        return g_test_run();
}
