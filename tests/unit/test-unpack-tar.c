/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Root file systems as tar archives: what is made of each kind of entry, and that nothing leads outside. */

#include <sys/stat.h>
#include <sys/xattr.h>

#include "unpack-driver.h"
#include "util/error.h"

#define FILE(name_, data_)                                                                                             \
        {                                                                                                              \
                .name = (name_), .data = (data_)                                                                       \
        }

static const char *const kinds[] = {"none", "gzip", "bzip2", "xz", "lzma", "zstd", "lz4"};

static void test_entries(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar =
                tar_new({.name = "./", .type = '5', .mode = 0751, .uid = 3, .gid = 4, .time = 77},
                        {.name = "./etc/", .type = '5', .mode = 02750, .uid = 1, .gid = 2, .time = 5000},
                        {.name = "./etc/passwd", .data = "root", .mode = 0640, .gid = 42, .time = 123456},
                        {.name = "./etc/exact", .data = "x", .pax = "mtime=1234567890.123456789\n"},
                        {.name = "./bin", .type = '2', .link = "usr/bin", .uid = 9},
                        {.name = "./su", .data = "su", .mode = 04755, .uid = 65535, .gid = 65535},
                        {.name = "./sticky", .type = '5', .mode = 01777}, {.name = "./fifo", .type = '6', .mode = 0600},
                        {.name = "./link", .type = '1', .link = "./etc/passwd"},
                        {.name = "./symlink-link", .type = '1', .link = "./bin"},
                        FILE("deep/er/file", "in folders of no entry"), );
        g_autofree char *digest = bytes_digest(tar);
        struct stat file, link;

        unpack_bytes(u, tar);
        unpack_assert_done(u, 1, 0);
        g_assert_cmpuint(unpack_count(u, "layer", "0", digest), ==, 1);
        g_assert_cmpuint(unpack_count(u, "unpacked", "0", digest, "29"), ==, 1);
        unpack_assert_shows(u, "0", "040751 3 4");
        unpack_assert_shows(u, "0/etc", "042750 1 2");
        unpack_assert_shows(u, "0/etc/passwd", "100640 0 42 root");
        unpack_assert_shows(u, "0/bin", "120777 9 0 -> usr/bin");
        unpack_assert_shows(u, "0/symlink-link", "120777 9 0 -> usr/bin");
        unpack_assert_shows(u, "0/su", "104755 65535 65535 su");
        unpack_assert_shows(u, "0/sticky", "041777 0 0");
        unpack_assert_shows(u, "0/fifo", "010600 0 0");
        unpack_assert_shows(u, "0/deep/er", "040755 0 0");
        unpack_assert_shows(u, "outer", "none");
        g_assert_cmpint(unpack_stat(u, "0").st_mtime, ==, 77);
        g_assert_cmpint(unpack_stat(u, "0/etc").st_mtime, ==, 5000);
        g_assert_cmpint(unpack_stat(u, "0/etc/exact").st_mtim.tv_nsec, ==, 123456789);
        g_assert_cmpint(unpack_stat(u, "0/bin").st_mtime, ==, 1000);
        file = unpack_stat(u, "0/etc/passwd");
        link = unpack_stat(u, "0/link");
        g_assert_cmpint(file.st_ino, ==, link.st_ino);
        g_assert_cmpint(file.st_mtime, ==, 123456);
}

static GByteArray *text_tar(void)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < 20000; i++)
                g_string_append_printf(text, "line %u is not like line %u\n", i, i * 7919 % 10007);
        return tar_new({.name = "text", .data = text->str}, FILE("last", "end"));
}

static void test_compressions(void)
{
        g_autoptr(GByteArray) tar = text_tar();
        g_autofree char *digest = bytes_digest(tar);

        for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) archive = compress_bytes(tar, kinds[i]);

                g_test_message("%s: %u bytes", kinds[i], archive->len);
                unpack_bytes(u, archive);
                unpack_assert_done(u, 1, 0);
                g_assert_cmpuint(unpack_count(u, "layer", "0", digest), ==, 1);
                unpack_assert_shows(u, "0/last", "100644 0 0 end");
        }
}

/* A file of several gzip members is one, and zeros at its end are a tape's. */
static void test_gzip_members(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = text_tar(), first = g_byte_array_new(), second = g_byte_array_new();
        g_autoptr(GByteArray) archive = NULL, more = NULL;

        g_byte_array_append(first, tar->data, 1000);
        g_byte_array_append(second, tar->data + 1000, tar->len - 1000);
        archive = compress_bytes(first, "gzip");
        more = compress_bytes(second, "gzip");
        g_byte_array_append(archive, more->data, more->len);
        g_byte_array_set_size(archive, archive->len + 512);
        memset(archive->data + archive->len - 512, 0, 512);
        unpack_bytes(u, archive);
        unpack_assert_done(u, 1, 0);
        unpack_assert_shows(u, "0/last", "100644 0 0 end");
}

static void test_truncated(void)
{
        g_autoptr(GByteArray) tar = text_tar();

        for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autoptr(GByteArray) whole = compress_bytes(tar, kinds[i]);
                /* In the contents; before the last bytes, which are checksums; and nearly nothing. */
                const guint sizes[] = {whole->len / 2, whole->len - 1, whole->len - 512, 7};

                for (guint j = 0; j < G_N_ELEMENTS(sizes); j++) {
                        g_autoptr(Unpack) u = unpack_new();
                        g_autoptr(GByteArray) archive = g_byte_array_new();

                        /* Half a block of zeros is missing of an archive that has two. */
                        if (j == 1 && i == 0)
                                continue;
                        g_byte_array_append(archive, whole->data, j == 2 && i == 0 ? whole->len - 1024 : sizes[j]);
                        g_test_message("%s, %u of %u bytes", kinds[i], archive->len, whole->len);
                        unpack_bytes(u, archive);
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, "The archive");
                        unpack_assert_shows(u, "0", "none");
                }
        }
}

static void test_corrupt(void)
{
        g_autoptr(GByteArray) tar = text_tar();

        for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) archive = compress_bytes(tar, kinds[i]);

                if (i == 0)
                        archive->data[0] ^= 1; /* the checksum of the header */
                else
                        for (guint j = 0; j < 64; j++)
                                archive->data[archive->len / 2 + j] ^= 0xff;
                g_test_message("%s", kinds[i]);
                unpack_bytes(u, archive);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "The archive");
        }
        {
                /* Only gzip's checksum tells: a byte of a stored block. */
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) archive = compress_bytes(tar, "gzip");

                archive->data[archive->len - 8] ^= 1;
                unpack_bytes(u, archive);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "damaged");
        }
}

static void test_not_an_archive(void)
{
        static const char *const texts[] = {"",         "x",   "#!/bin/sh\necho this is no archive\n",
                                            "\x1f\x8b", "BZh", "\x28\xb5\x2f\xfd"};

        for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) bytes = g_byte_array_new();

                g_byte_array_append(bytes, (const guint8 *) texts[i], strlen(texts[i]));
                unpack_bytes(u, bytes);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "The archive");
        }
}

/* An archive of nothing is one, too. */
static void test_empty_archive(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = g_byte_array_new();

        tar_end(tar);
        unpack_bytes(u, tar);
        unpack_assert_done(u, 1, 0);
        unpack_assert_shows(u, "0", "040755 0 0");
}

static void test_devices(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(GByteArray) tar = tar_new({.name = "dev/null", .type = '3'}, {.name = "dev/sda", .type = '4'},
                                            FILE(".wh.plain", "no whiteout here"));

        unpack_bytes(u, tar);
        unpack_assert_done(u, 1, 2);
        unpack_assert_shows(u, "0/dev/null", "none");
        unpack_assert_shows(u, "0/dev/sda", "none");
        unpack_assert_shows(u, "0/.wh.plain", "100644 0 0 no whiteout here");
}

static void test_ids(void)
{
        static const struct {
                TarEntry entry;
                const char *part;
        } cases[] = {
                {{.name = "etc/much", .uid = 65536}, "'etc/much': its owner is 65536"},
                {{.name = "much", .gid = 100000}, "its group is 100000"},
                {{.name = "much", .pax = "uid=4294967295\n"}, "its owner is 4294967295"},
                {{.name = "much",
                  .pax = "SCHILY.acl.access=user::rw-,user:70000:r--:70000,group::r--,mask::r--,other::r--\n"},
                 "access list's id is 70000"},
                {{.name = "much", .pax = "SCHILY.acl.access=user::rw-,user:joe:r--,group::r--,mask::r--,other::r--\n"},
                 "the user 'joe', who is not in the archive's own /etc/passwd"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(GByteArray) tar = tar_new(FILE("fine", "x"), cases[i].entry);

                unpack_bytes(u, tar);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].part);
        }
}

static void assert_attribute(const Unpack *u, const char *path, const char *name, const char *expected, gssize size)
{
        g_autofree char *full = g_build_filename(u->target, path, NULL);
        char value[256];
        gssize length = lgetxattr(full, name, value, sizeof(value));

        g_assert_cmpint(length, ==, size);
        if (size > 0)
                g_assert_cmpmem(value, length, expected, size);
}

static void test_attributes(void)
{
        g_autoptr(Unpack) u = unpack_new();
        /* cap_net_raw=ep, in base64: a pax record of text has no NUL in it. */
        g_autoptr(GByteArray) tar =
                tar_new({.name = "file",
                         .data = "x",
                         .pax = "SCHILY.xattr.user.color=red\nSCHILY.xattr.trusted.overlay.opaque=y\nSCHILY.xattr."
                                "security.selinux=s\n"},
                        {.name = "dir", .type = '5', .pax = "SCHILY.xattr.user.color=blue\n"},
                        {.name = "ping",
                         .data = "x",
                         .mode = 04755,
                         .uid = 5,
                         .pax = "LIBARCHIVE.xattr.security.capability=AQAAAgAgAAAAAAAAAAAAAAAAAAA\n"},
                        {.name = "acl",
                         .data = "x",
                         .mode = 0640,
                         .pax = "SCHILY.acl.access=user::rw-,user:web:r--:33,group::r--,mask::r--,other::---\n"});
        struct {
                guint32 magic, data[5];
        } capability;

        unpack_bytes(u, tar);
        unpack_assert_done(u, 1, 0);
        assert_attribute(u, "0/file", "user.color", "red", 3);
        assert_attribute(u, "0/file", "trusted.overlay.opaque", NULL, -1);
        assert_attribute(u, "0/file", "security.selinux", NULL, -1);
        assert_attribute(u, "0/dir", "user.color", "blue", 4);
        {
                g_autofree char *ping = g_build_filename(u->target, "0/ping", NULL);
                g_autofree char *acl = g_build_filename(u->target, "0/acl", NULL);
                /* version, then tag, permissions and id of each entry */
                struct {
                        guint32 version;
                        struct {
                                guint16 tag, permissions;
                                guint32 id;
                        } entries[5];
                } list;

                /* It belongs to the image's root, so the kernel tells its own as version 3. */
                g_assert_cmpint(getxattr(ping, "security.capability", &capability, sizeof(capability)), ==, 24);
                g_assert_cmphex(capability.magic, ==, 0x03000001);
                g_assert_cmphex(capability.data[0], ==, 1 << 13);
                g_assert_cmpuint(capability.data[4], ==, ID_BASE);
                unpack_assert_shows(u, "0/ping", "104755 5 0 x");
                g_assert_cmpint(getxattr(acl, "system.posix_acl_access", &list, sizeof(list)), ==, sizeof(list));
                g_assert_cmpuint(list.entries[1].tag, ==, 2);
                g_assert_cmpuint(list.entries[1].permissions, ==, 4);
                g_assert_cmpuint(list.entries[1].id, ==, ID_BASE + 33);
        }
}

/* More than the file system takes is the image's fault, and no full disk. */
static void test_large_attribute(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autofree char *value = g_strnfill(60000, 'v'), *pax = g_strdup_printf("SCHILY.xattr.user.large=%s\n", value);
        g_autoptr(GByteArray) tar = tar_new({.name = "file", .data = "x", .pax = pax});

        unpack_bytes(u, tar);
        if (u->error_name)
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "attribute 'user.large' of 60000 bytes");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-tar/entries", test_entries);
        unpack_add_test("/unpack-tar/compressions", test_compressions);
        unpack_add_test("/unpack-tar/gzip-members", test_gzip_members);
        unpack_add_test("/unpack-tar/truncated", test_truncated);
        unpack_add_test("/unpack-tar/corrupt", test_corrupt);
        unpack_add_test("/unpack-tar/not-an-archive", test_not_an_archive);
        unpack_add_test("/unpack-tar/empty-archive", test_empty_archive);
        unpack_add_test("/unpack-tar/devices", test_devices);
        unpack_add_test("/unpack-tar/ids", test_ids);
        unpack_add_test("/unpack-tar/attributes", test_attributes);
        unpack_add_test("/unpack-tar/large-attribute", test_large_attribute);
        return g_test_run();
}
