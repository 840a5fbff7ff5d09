/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One mount: which keys go with which types, what values may be, and what the destination becomes. */

#include <fcntl.h>

#include "model/mount-spec.h"
#include "unit.h"

#define INVALID SD_BUS_ERROR_INVALID_ARGS
#define TEN(c)  c c c c c c c c c c

static const char *const types[] = {"bind", "cache", "tmpfs", "secret", "ssh"};

/* Each key, and for which types it is there: b, c, t, s (secret), a (ssh agent). */
static const struct {
        MountKey key;
        const char *name, *types;
} keys[] = {
        {MOUNT_KEY_SELECTOR, "selector", "bc"},
        {MOUNT_KEY_OUTPUT, "output", "bc"},
        {MOUNT_KEY_IMAGE, "image", "bc"},
        {MOUNT_KEY_SOURCE, "source", "b"},
        {MOUNT_KEY_HOST_PATH, "host-path", "b"},
        {MOUNT_KEY_ID, "id", "csa"},
        {MOUNT_KEY_SHARING, "sharing", "c"},
        {MOUNT_KEY_SIZE, "size", "t"},
        {MOUNT_KEY_UID, "uid", "sa"},
        {MOUNT_KEY_GID, "gid", "sa"},
        {MOUNT_KEY_MODE, "mode", "sa"},
        {MOUNT_KEY_OPTIONAL, "optional", "sa"},
};

static void set_key(MountSpec *mount, MountKey key)
{
        mount->keys |= key;
        switch (key) {
        case MOUNT_KEY_SELECTOR:
                mount->selector = g_strdup("sub");
                break;
        case MOUNT_KEY_OUTPUT:
                mount->output = true;
                break;
        case MOUNT_KEY_IMAGE:
                mount->image = g_strdup("debian:12");
                break;
        case MOUNT_KEY_SOURCE:
                mount->source = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
                break;
        case MOUNT_KEY_HOST_PATH:
                mount->host_path = g_strdup("/srv/data");
                break;
        case MOUNT_KEY_ID:
                mount->id = g_strdup("key");
                break;
        case MOUNT_KEY_SIZE:
                mount->size = 4096;
                break;
        case MOUNT_KEY_UID:
                mount->uid = 1;
                break;
        case MOUNT_KEY_GID:
                mount->gid = 1;
                break;
        case MOUNT_KEY_MODE:
                mount->mode = 0440;
                break;
        case MOUNT_KEY_OPTIONAL:
                mount->optional = true;
                break;
        case MOUNT_KEY_SHARING:
                break;
        }
}

/* One with what its type must have. */
static MountSpec *new_mount(MountType type, const char *destination)
{
        MountSpec *mount = mount_spec_new();

        mount->type = type;
        mount->destination = g_strdup(destination);
        if (type == MOUNT_CACHE || type == MOUNT_SECRET)
                set_key(mount, MOUNT_KEY_ID);
        return mount;
}

static void assert_good(MountSpec *mount)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = mount_spec_check(mount, true, &error);

        g_assert_cmpstr(error.message, ==, NULL);
        g_assert_cmpint(r, ==, 0);
}

static void assert_bad(MountSpec *mount, const char *part)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = mount_spec_check(mount, true, &error);

        assert_refused(r, &error, INVALID, part);
}

static void test_keys(void)
{
        static const char letters[] = "bctsa";

        for (int type = MOUNT_BIND; type <= MOUNT_SSH; type++)
                for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                        g_autoptr(MountSpec) mount = new_mount((MountType) type, "/a");
                        g_autofree char *part = g_strdup_printf(
                                "The mount at '/a' is of type %s, which takes no key '%s'", types[type], keys[i].name);

                        g_test_message("%s, %s", types[type], keys[i].name);
                        if (!(mount->keys & keys[i].key))
                                set_key(mount, keys[i].key);
                        /* These two need something to go with. */
                        if (keys[i].key == MOUNT_KEY_SELECTOR && type == MOUNT_BIND)
                                set_key(mount, MOUNT_KEY_IMAGE);
                        if (keys[i].key == MOUNT_KEY_OUTPUT && type == MOUNT_CACHE)
                                set_key(mount, MOUNT_KEY_IMAGE);
                        if (strchr(keys[i].types, letters[type]))
                                assert_good(mount);
                        else
                                assert_bad(mount, part);
                }
}

static void test_needed_keys(void)
{
        static const MountType with_id[] = {MOUNT_CACHE, MOUNT_SECRET};

        for (size_t i = 0; i < G_N_ELEMENTS(with_id); i++) {
                g_autoptr(MountSpec) mount = mount_spec_new();

                mount->type = with_id[i];
                mount->destination = g_strdup("/a");
                assert_bad(mount, "has no key 'id'");
        }
}

static void test_defaults(void)
{
        g_autoptr(MountSpec) bind = new_mount(MOUNT_BIND, "/a"), secret = new_mount(MOUNT_SECRET, "/a"),
                             ssh = new_mount(MOUNT_SSH, "/a"), open_one = new_mount(MOUNT_SECRET, "/a");

        assert_good(bind);
        assert_good(secret);
        assert_good(ssh);
        open_one->keys |= MOUNT_KEY_MODE;
        assert_good(open_one);
        g_assert_cmpuint(secret->mode, ==, 0400);
        g_assert_cmpuint(ssh->mode, ==, 0600);
        g_assert_cmpstr(ssh->id, ==, "default");
        /* A mode of 0 that was asked for is one. */
        g_assert_cmpuint(open_one->mode, ==, 0);
        g_assert_cmpint(bind->source, ==, -1);
        g_assert_false(mount_spec_has_input(bind));
}

static void test_destinations(void)
{
        static const struct {
                const char *given, *plain;
        } destinations[] = {
                {"/", "/"},
                {"//", "/"},
                {"/.", "/"},
                {"/..", "/"},
                {"/a/..", "/"},
                {".", "/"},
                {"a", "/a"},
                {"//a", "/a"},
                {"/a/", "/a"},
                {"/a//b/./c/..", "/a/b"},
                {"../a", "/a"},
                {"/process", "/process"},
                {"/a/proc", "/a/proc"},
                {"/dev/shm", "/dev/shm"},
                {"/device", "/device"},
                {"/proc/../a", "/a"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(destinations); i++) {
                g_autoptr(MountSpec) mount = new_mount(MOUNT_BIND, destinations[i].given);

                g_test_message("'%s'", destinations[i].given);
                assert_good(mount);
                g_assert_cmpstr(mount->destination, ==, destinations[i].plain);
                g_assert_cmpint(mount_spec_is_root(mount), ==, destinations[i].plain[1] == '\0');
                g_assert_cmpint(mount_spec_is_below_dev(mount), ==, g_str_has_prefix(destinations[i].plain, "/dev/"));
        }
}

static void test_bad_destinations(void)
{
        static const char *const bad[] = {"/proc", "/proc/self/x", "proc", "/sys", "/a/../sys/fs/cgroup",
                                          "/dev",  "dev/"};
        g_autoptr(MountSpec) none = new_mount(MOUNT_BIND, NULL);
        g_autoptr(GString) longest = g_string_new("/"), deepest = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(MountSpec) mount = new_mount(MOUNT_TMPFS, bad[i]);

                g_test_message("'%s'", bad[i]);
                assert_bad(mount, "The destination '/");
        }
        none->index = 7;
        assert_bad(none, "The mount number 7 has no destination");

        while (longest->len < MOUNT_DESTINATION_MAX)
                g_string_append_c(longest, 'x');
        g_autoptr(MountSpec) most = new_mount(MOUNT_TMPFS, longest->str);
        assert_good(most);
        g_autoptr(MountSpec) more = new_mount(MOUNT_TMPFS, g_string_append_c(longest, 'x')->str);
        assert_bad(more, "longer than 1024 bytes");

        for (unsigned i = 0; i < MOUNT_DESTINATION_DEEP; i++)
                g_string_append(deepest, "/x");
        g_autoptr(MountSpec) deep = new_mount(MOUNT_TMPFS, deepest->str);
        assert_good(deep);
        g_autoptr(MountSpec) deeper = new_mount(MOUNT_TMPFS, g_string_append(deepest, "/x")->str);
        assert_bad(deeper, "more than 40 components");
}

static void test_root_is_bind(void)
{
        for (int type = MOUNT_CACHE; type <= MOUNT_SSH; type++) {
                g_autoptr(MountSpec) mount = new_mount((MountType) type, "/a/..");

                assert_bad(mount, types[type]);
        }
}

static void test_bind(void)
{
        static const struct {
                unsigned keys;
                const char *part;
        } bad[] = {
                {MOUNT_KEY_SOURCE | MOUNT_KEY_HOST_PATH, "both 'source' and 'host-path'"},
                {MOUNT_KEY_SOURCE | MOUNT_KEY_IMAGE, "both 'image' and 'source'"},
                {MOUNT_KEY_HOST_PATH | MOUNT_KEY_IMAGE, "both 'image' and 'host-path'"},
                {MOUNT_KEY_SELECTOR, "a 'selector' and nothing to select from"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(MountSpec) mount = new_mount(MOUNT_BIND, "/a");

                for (size_t k = 0; k < G_N_ELEMENTS(keys); k++)
                        if (bad[i].keys & keys[k].key)
                                set_key(mount, keys[k].key);
                assert_bad(mount, bad[i].part);
                assert_bad(mount, "'/a'");
        }
}

static void test_host_paths(void)
{
        static const char *const bad[] = {"srv/root", "", "/srv/../etc", "/srv/./root", "//srv", "/srv//root", "/srv/"};
        static const char *const good[] = {"/", "/srv", "/srv/.hidden", "/srv/a b"};

        for (size_t i = 0; i < G_N_ELEMENTS(bad) + G_N_ELEMENTS(good); i++) {
                bool is_bad = i < G_N_ELEMENTS(bad);
                g_autoptr(MountSpec) mount = new_mount(MOUNT_BIND, "/a");
                g_autofree char *quoted = NULL;

                mount->keys = MOUNT_KEY_HOST_PATH;
                mount->host_path = g_strdup(is_bad ? bad[i] : good[i - G_N_ELEMENTS(bad)]);
                quoted = g_strdup_printf("'%s'", mount->host_path);
                if (is_bad)
                        assert_bad(mount, quoted);
                else
                        assert_good(mount);
        }
}

/* A single file has no throw-away layer. */
static void test_single_file(void)
{
        static const struct {
                const char *destination;
                bool read_only, output, selector;
                const char *part; /* NULL: all right */
        } files[] = {
                {"/a", true, false, false, NULL},
                {"/a", false, true, false, NULL},
                {"/a", true, true, false, NULL},
                {"/a", false, false, false, "single file, which no throw-away layer can lie over"},
                {"/", true, false, false, "is a single file, and must be a folder"},
                {"/a", true, false, true, "a 'selector', and its 'source' is a single file"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
                g_autoptr(MountSpec) mount = new_mount(MOUNT_BIND, files[i].destination);

                set_key(mount, MOUNT_KEY_SOURCE);
                mount->source_is_file = true;
                mount->read_only = files[i].read_only;
                if (files[i].output)
                        set_key(mount, MOUNT_KEY_OUTPUT);
                if (files[i].selector)
                        set_key(mount, MOUNT_KEY_SELECTOR);
                if (files[i].part)
                        assert_bad(mount, files[i].part);
                else
                        assert_good(mount);
        }
}

static MountSpec *with_text(MountType type, MountKey key, const char *text)
{
        MountSpec *mount = new_mount(type, "/a");

        mount->keys |= key;
        if (key == MOUNT_KEY_IMAGE) {
                mount->image = g_strdup(text);
        } else if (key == MOUNT_KEY_ID) {
                g_free(mount->id);
                mount->id = g_strdup(text);
        } else {
                set_key(mount, MOUNT_KEY_IMAGE);
                mount->selector = g_strdup(text);
        }
        return mount;
}

static void test_texts(void)
{
        static const struct {
                MountType type;
                MountKey key;
                const char *text, *part;
        } bad[] = {
                {MOUNT_BIND, MOUNT_KEY_IMAGE, "", "image's name"},
                {MOUNT_BIND, MOUNT_KEY_IMAGE, "a b", "'a b' can't be an image's name"},
                {MOUNT_BIND, MOUNT_KEY_IMAGE, "../x", "'../x'"},
                {MOUNT_CACHE, MOUNT_KEY_IMAGE, "-x", "'-x'"},
                {MOUNT_BIND, MOUNT_KEY_SELECTOR, "", "'selector' of the mount at '/a' has 0 bytes"},
                {MOUNT_CACHE, MOUNT_KEY_ID, "", "'id' of the mount at '/a' has 0 bytes"},
                {MOUNT_SECRET, MOUNT_KEY_ID, "a\nb", "control character"},
                {MOUNT_SSH, MOUNT_KEY_ID, TEN(TEN("xyz")), "has 300 bytes"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(MountSpec) mount = with_text(bad[i].type, bad[i].key, bad[i].text);

                g_test_message("row %zu", i);
                assert_bad(mount, bad[i].part);
        }
}

static void test_numbers(void)
{
        g_autoptr(MountSpec) nothing = new_mount(MOUNT_TMPFS, "/a"), all = new_mount(MOUNT_TMPFS, "/a"),
                             uid = new_mount(MOUNT_SECRET, "/a"), setuid = new_mount(MOUNT_SECRET, "/a");

        nothing->keys = MOUNT_KEY_SIZE;
        assert_bad(nothing, "'size' of the mount at '/a' is 0");
        all->keys = MOUNT_KEY_SIZE;
        all->size = UINT64_MAX;
        assert_bad(all, "'size' of the mount at '/a' is 18446744073709551615");
        uid->keys |= MOUNT_KEY_UID;
        uid->uid = 65536;
        assert_bad(uid, "'uid' of the mount at '/a' is 65536; the highest one in this container is 65535");
        setuid->keys |= MOUNT_KEY_MODE;
        setuid->mode = 04755;
        assert_bad(setuid, "'mode' of the mount at '/a' is 04755");
}

static void test_words(void)
{
        g_assert_cmpint(cache_sharing_from_string("shared"), ==, CACHE_SHARED);
        g_assert_cmpint(cache_sharing_from_string("private"), ==, CACHE_PRIVATE);
        g_assert_cmpint(cache_sharing_from_string("locked"), ==, CACHE_LOCKED);
        g_assert_cmpint(cache_sharing_from_string("Shared"), ==, -EINVAL);
        g_assert_cmpstr(cache_sharing_to_string(CACHE_LOCKED), ==, "locked");
        g_assert_null(mount_spec_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/mount-spec/keys", test_keys);
        g_test_add_func("/mount-spec/needed-keys", test_needed_keys);
        g_test_add_func("/mount-spec/defaults", test_defaults);
        g_test_add_func("/mount-spec/destinations", test_destinations);
        g_test_add_func("/mount-spec/bad-destinations", test_bad_destinations);
        g_test_add_func("/mount-spec/root-is-bind", test_root_is_bind);
        g_test_add_func("/mount-spec/bind", test_bind);
        g_test_add_func("/mount-spec/host-paths", test_host_paths);
        g_test_add_func("/mount-spec/single-file", test_single_file);
        g_test_add_func("/mount-spec/texts", test_texts);
        g_test_add_func("/mount-spec/numbers", test_numbers);
        g_test_add_func("/mount-spec/words", test_words);
        return g_test_run();
}
