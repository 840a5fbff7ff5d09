/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Real root file systems through gangway-unpack, and through GNU tar: both have to make the same files, to the last
 * attribute. One is a part of this very system (Debian's), the other BusyBox's as the tests' containers have it, with
 * what such trees have rarely.
 */
#include "../unit/unpack-driver.h"

#include <sys/xattr.h>

#define ATTRIBUTES_MAX 4096

typedef struct Comparison {
        const char *made, *expected; /* the tops of the trees */
        GHashTable *links;           /* inode of a file with several names -> that of the other tree */
        guint n_files, n_links, n_attributes;
} Comparison;

static Comparison *comparison; /* nftw() has no place for it */

G_GNUC_PRINTF(1, 2) static char *run(const char *format, ...)
{
        g_autofree char *command = NULL, *errors = NULL;
        char *output = NULL;
        va_list arguments;
        int status;

        va_start(arguments, format);
        command = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        const char *const argv[] = {"sh", "-ec", command, NULL};
        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, &errors,
                                   &status, NULL));
        if (status != 0)
                g_error("%s: status %d: %s", command, status, errors);
        return output;
}

static void compare_contents(const char *made, const char *expected)
{
        g_autoptr(GMappedFile) a = g_mapped_file_new(made, FALSE, NULL), b = g_mapped_file_new(expected, FALSE, NULL);

        g_assert_nonnull(a);
        g_assert_nonnull(b);
        g_assert_cmpmem(g_mapped_file_get_contents(a), g_mapped_file_get_length(a), g_mapped_file_get_contents(b),
                        g_mapped_file_get_length(b));
}

/* Ids in an attribute are those of the tree: a capability's root, and who an access list names. */
static void subtract_base(const char *name, guint8 *value, gssize *size)
{
        if (strcmp(name, "security.capability") == 0 && *size == 24) {
                value[3] = 2;
                *size = 20;
        }
        if (g_str_has_prefix(name, "system.posix_acl_"))
                for (gssize i = 4; i + 8 <= *size; i += 8) {
                        guint32 id;

                        memcpy(&id, value + i + 4, sizeof(id));
                        id -= id == G_MAXUINT32 ? 0 : ID_BASE;
                        memcpy(value + i + 4, &id, sizeof(id));
                }
}

static void compare_attributes(const char *made, const char *expected)
{
        char a[ATTRIBUTES_MAX], b[ATTRIBUTES_MAX];
        gssize n_a = llistxattr(made, a, sizeof(a)), n_b = llistxattr(expected, b, sizeof(b));

        g_assert_cmpint(n_a, >=, 0);
        if (n_a != n_b)
                g_error("%s has other attributes than %s", made, expected);
        for (const char *name = b; name < b + n_b; name += strlen(name) + 1) {
                guint8 value[ATTRIBUTES_MAX], wanted[ATTRIBUTES_MAX];
                gssize size = lgetxattr(made, name, value, sizeof(value));
                gssize wanted_size = lgetxattr(expected, name, wanted, sizeof(wanted));

                if (size < 0)
                        g_error("%s has no %s", made, name);
                subtract_base(name, value, &size);
                g_assert_cmpmem(value, size, wanted, wanted_size);
                comparison->n_attributes++;
        }
}

static void compare_links(const struct stat *made, const struct stat *expected)
{
        gpointer other;

        g_assert_cmpuint(made->st_nlink, ==, expected->st_nlink);
        if (made->st_nlink == 1)
                return;
        comparison->n_links++;
        other = g_hash_table_lookup(comparison->links, GSIZE_TO_POINTER(expected->st_ino));
        if (other)
                g_assert_cmpuint(GPOINTER_TO_SIZE(other), ==, made->st_ino);
        g_hash_table_insert(comparison->links, GSIZE_TO_POINTER(expected->st_ino), GSIZE_TO_POINTER(made->st_ino));
}

static int compare_one(const char *expected, const struct stat *wanted, int type, struct FTW *where)
{
        g_autofree char *made = g_strconcat(comparison->made, expected + strlen(comparison->expected), NULL);
        struct stat st;

        if (lstat(made, &st) < 0)
                g_error("%s is not there", made);
        comparison->n_files++;
        if (st.st_mode != wanted->st_mode || st.st_uid - ID_BASE != wanted->st_uid ||
            st.st_gid - ID_BASE != wanted->st_gid || st.st_mtim.tv_sec != wanted->st_mtim.tv_sec ||
            st.st_mtim.tv_nsec != wanted->st_mtim.tv_nsec)
                g_error("%s has mode %o, owner %u:%u, time %ld.%09ld, and %s %o, %u:%u, %ld.%09ld", made, st.st_mode,
                        st.st_uid - ID_BASE, st.st_gid - ID_BASE, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, expected,
                        wanted->st_mode, wanted->st_uid, wanted->st_gid, wanted->st_mtim.tv_sec,
                        wanted->st_mtim.tv_nsec);
        compare_attributes(made, expected);
        if (S_ISREG(st.st_mode)) {
                g_assert_cmpint(st.st_size, ==, wanted->st_size);
                g_assert_cmpint(ABS(st.st_blocks - wanted->st_blocks), <=, 16);
                compare_links(&st, wanted);
                compare_contents(made, expected);
        }
        if (S_ISLNK(st.st_mode)) {
                g_autofree char *a = g_file_read_link(made, NULL), *b = g_file_read_link(expected, NULL);

                g_assert_cmpstr(a, ==, b);
        }
        return 0;
}

static void compare(const char *made, const char *expected)
{
        g_autoptr(GHashTable) links = g_hash_table_new(NULL, NULL);
        g_autofree char *a = run("find '%s' | wc -l", made), *b = run("find '%s' | wc -l", expected);
        Comparison state = {.made = made, .expected = expected, .links = links};
        int r;

        comparison = &state;
        r = nftw(expected, compare_one, 64, FTW_PHYS);
        g_assert_cmpint(r, ==, 0);
        g_assert_cmpstr(a, ==, b);
        g_test_message("%u files, %u with several names, %u attributes", state.n_files, state.n_links,
                       state.n_attributes);
}

/* options: of tar, for writing. prune: what of the folder is left out, as tests of find(1). */
static void compare_archive(const char *folder, const char *options, const char *prune)
{
        g_autoptr(Unpack) u = unpack_new();
        _cleanup_(remove_tree) char *tree = make_tree();
        g_autofree char *archive = g_build_filename(tree, "archive", NULL);
        g_autofree char *expected = g_build_filename(tree, "tar", NULL);
        g_autofree char *made = g_build_filename(u->target, "0", NULL);

        u->entries_max = 1000000;
        u->ratio_max = 1000;
        u->bytes_max = G_GUINT64_CONSTANT(8) << 30;
        g_free(run(
                "cd '%s' && find . -xdev \\( %s \\) -prune -o -print0 | tar --null --no-recursion -T - --numeric-owner "
                "%s -cf '%s'",
                folder, prune, options, archive));
        g_free(run("mkdir '%s' && tar -C '%s' --numeric-owner --xattrs --xattrs-include='*' --acls -xpf '%s'", expected,
                   expected, archive));
        unpack_file(u, archive);
        unpack_assert_done(u, 1, 0);
        compare(made, expected);
}

/* Enough of it to have all kinds of files; all of it takes minutes. */
static void test_debian(void)
{
        compare_archive("/", "--zstd --format=posix --xattrs --acls",
                        "-path './[!belsuv]*' -o -path ./sys -o -path ./boot -o -path ./etc/machine-id -o -path "
                        "'./usr/[!bsl]*' "
                        "-o -path ./usr/local -o -path ./usr/libexec -o -path './usr/lib/[!st]*' "
                        "-o -path './usr/share/[!z]*' -o -path './usr/bin/[a-o]*' -o -path './var/[!lm]*' "
                        "-o -path ./var/log -o -path './var/lib/[!d]*' -o -path './var/lib/docker*' -o -type s");
}

static void set_attribute(const char *root, const char *path, const char *name, const void *value, gsize size)
{
        g_autofree char *full = g_build_filename(root, path, NULL);

        if (setxattr(full, name, value, size, 0) < 0)
                g_error("%s of %s: %m", name, path);
}

/* The kernel's form of an access list: of others, of user 33 and of group 44. tar writes their names, and on its own
 * looks them up here; for gangway, they have to be in the archive. */
static void set_access_list(const char *root, const char *path, const char *name)
{
        static const struct {
                guint32 version;
                struct {
                        guint16 tag, permissions;
                        guint32 id;
                } entries[6];
        } list = {2,
                  {{0x01, 7, G_MAXUINT32},
                   {0x02, 4, 33},
                   {0x04, 5, G_MAXUINT32},
                   {0x08, 6, 44},
                   {0x10, 7, G_MAXUINT32},
                   {0x20, 1, G_MAXUINT32}}};

        set_attribute(root, path, name, &list, sizeof(list));
}

static void add_rarities(const char *root)
{
        /* cap_net_raw=ep */
        static const guint32 capability[5] = {GUINT32_TO_LE(0x02000001), GUINT32_TO_LE(1 << 13)};

        g_free(run(
                "cd '%s' && mkdir -p many/deep/folders && ln bin/busybox many/one && ln bin/busybox many/deep/two && "
                "ln -s ../../etc many/deep/link && chown -h 33:44 many/deep/link && mkfifo many/fifo && "
                "chown 7:8 many/fifo && cp bin/busybox many/ping && cp bin/busybox many/su && chown 9:10 many/su && "
                "chmod 6755 many/su && truncate -s 20M many/sparse && "
                "printf x | dd of=many/sparse bs=1 seek=10M conv=notrunc 2>&1 && "
                "touch \"many/$(printf 'caf\\351')\" \"many/$(printf 'new\\nline')\" many/$(printf '%%0200d' 7) && "
                "chmod 1777 tmp && getent passwd 33 >>etc/passwd && getent group 44 >>etc/group",
                root));
        set_attribute(root, "many/one", "user.color", "red", 3);
        set_attribute(root, "many/deep", "user.color", "blue", 4);
        set_attribute(root, "many/ping", "security.capability", capability, sizeof(capability));
        set_access_list(root, "many/su", "system.posix_acl_access");
        set_access_list(root, "many/deep/folders", "system.posix_acl_default");
        g_free(run("cd '%s' && chmod 0100 many/deep && touch -d 1999-12-31T23:59:59.123456789Z many/su && "
                   "touch -h -d 1980-01-01 many/deep/link && touch -d 2001-01-01 many/deep/folders many/deep many .",
                   root));
}

static void test_busybox(void)
{
        static const char *const options[] = {"--format=posix --xattrs --acls --gzip --sparse",
                                              "--format=posix --xattrs --acls --xz", "--format=gnu --lzma"};

        for (guint i = 0; i < G_N_ELEMENTS(options); i++) {
                _cleanup_(remove_tree) char *tree = make_tree();
                g_autofree char *root = g_build_filename(tree, "root", NULL);

                g_free(run("'%s/tools/make-rootfs' '%s'", GANGWAY_SOURCE_ROOT, root));
                add_rarities(root);
                compare_archive(root, options[i], "-false");
        }
}

int main(int argc, char **argv)
{
        const char *folder = g_getenv("GANGWAY_TEST_DIR");

        g_test_init(&argc, &argv, NULL);
        if (!folder) {
                g_print("1..0 # SKIP this is not the throw-away system\n");
                return EXIT_SUCCESS;
        }
        g_assert_cmpint(g_mkdir_with_parents(folder, 0755), ==, 0);
        g_setenv("TMPDIR", folder, TRUE);
        unpack_add_test("/unpack/debian", test_debian);
        unpack_add_test("/unpack/busybox", test_busybox);
        return g_test_run();
}
