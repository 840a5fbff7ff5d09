/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Archives made byte by byte, since no program writes such ones, and their compression. */

#include <archive.h>

#include "unpack-driver.h"

#define BLOCK 512U

/* The ustar header of POSIX. */
typedef struct Header {
        char name[100], mode[8], uid[8], gid[8], size[12], time[12], checksum[8], type, link[100], magic[6], version[2];
        char user[32], group[32], major[8], minor[8], prefix[155], padding[12];
} Header;

G_STATIC_ASSERT(sizeof(Header) == BLOCK);

static void copy_text(char *field, gsize size, const char *text)
{
        memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static void pad(GByteArray *tar)
{
        static const guint8 zeros[BLOCK] = {};

        g_byte_array_append(tar, zeros, (BLOCK - tar->len % BLOCK) % BLOCK);
}

static void add_raw(GByteArray *tar, const TarEntry *entry, gsize size)
{
        char type = entry->type ?: '0';
        gboolean small_ids = entry->uid < 01000000 && entry->gid < 01000000;
        unsigned mode = entry->mode ?: (type == '5' ? 0755 : 0644), checksum = 0;
        Header header = {.type = type, .magic = "ustar", .version = {'0', '0'}};
        const guint8 *bytes = (const guint8 *) &header;

        copy_text(header.name, sizeof(header.name), entry->name);
        copy_text(header.link, sizeof(header.link), entry->link ?: "");
        (void) g_snprintf(header.mode, sizeof(header.mode), "%07o", mode);
        (void) g_snprintf(header.uid, sizeof(header.uid), "%07o", small_ids ? (unsigned) entry->uid : 0);
        (void) g_snprintf(header.gid, sizeof(header.gid), "%07o", small_ids ? (unsigned) entry->gid : 0);
        (void) g_snprintf(header.size, sizeof(header.size), "%011o", (unsigned) size);
        (void) g_snprintf(header.time, sizeof(header.time), "%011o", (unsigned) (entry->time ?: 1000));
        if (type == '3' || type == '4') {
                (void) g_snprintf(header.major, sizeof(header.major), "%07o", 1);
                (void) g_snprintf(header.minor, sizeof(header.minor), "%07o", 3);
        }
        memset(header.checksum, ' ', sizeof(header.checksum));
        for (gsize i = 0; i < sizeof(header); i++)
                checksum += bytes[i];
        (void) g_snprintf(header.checksum, sizeof(header.checksum), "%06o", checksum);

        g_byte_array_append(tar, bytes, sizeof(header));
        if (size > 0)
                g_byte_array_append(tar, (const guint8 *) entry->data, (guint) size);
        pad(tar);
}

/* A record has its own length in front, in decimal, the digits of that included. */
static void add_record(GString *records, const char *record)
{
        gsize rest = strlen(record) + 2, digits = 1;

        for (gsize power = 10; rest + digits >= power; power *= 10)
                digits++;
        g_string_append_printf(records, "%" G_GSIZE_FORMAT " %s\n", rest + digits, record);
}

static void add_pax(GByteArray *tar, const char *pax)
{
        g_autoptr(GString) records = g_string_new(NULL);
        g_auto(GStrv) lines = g_strsplit(pax, "\n", -1);

        for (char **line = lines; *line; line++)
                if (**line)
                        add_record(records, *line);
        add_raw(tar, &(const TarEntry){.name = "pax", .type = 'x', .data = records->str}, records->len);
}

void tar_add_entry(GByteArray *tar, const TarEntry *entry)
{
        gsize size = entry->size ?: entry->data ? entry->size ?: strlen(entry->data) : 0;

        if (entry->pax)
                add_pax(tar, entry->pax);
        add_raw(tar, entry, size);
}

void tar_end(GByteArray *tar)
{
        static const guint8 zeros[2 * BLOCK] = {};

        g_byte_array_append(tar, zeros, sizeof(zeros));
}

GByteArray *tar_new_entries(const TarEntry *entries, gsize n)
{
        GByteArray *tar = g_byte_array_new();

        for (gsize i = 0; i < n; i++)
                tar_add_entry(tar, &entries[i]);
        tar_end(tar);
        return tar;
}

static la_ssize_t append(struct archive *archive, void *data, const void *bytes, size_t size)
{
        g_byte_array_append(data, bytes, (guint) size);
        return (la_ssize_t) size;
}

GByteArray *compress_bytes(const GByteArray *bytes, const char *kind)
{
        GByteArray *result = g_byte_array_new();
        struct archive *archive = archive_write_new();
        struct archive_entry *entry = archive_entry_new();

        if (strcmp(kind, "none") != 0)
                g_assert_cmpint(archive_write_add_filter_by_name(archive, kind), ==, ARCHIVE_OK);
        g_assert_cmpint(archive_write_set_format_raw(archive), ==, ARCHIVE_OK);
        /* No padding at the end. */
        g_assert_cmpint(archive_write_set_bytes_in_last_block(archive, 1), ==, ARCHIVE_OK);
        g_assert_cmpint(archive_write_open(archive, result, NULL, append, NULL), ==, ARCHIVE_OK);
        archive_entry_set_filetype(entry, AE_IFREG);
        g_assert_cmpint(archive_write_header(archive, entry), ==, ARCHIVE_OK);
        g_assert_cmpint(archive_write_data(archive, bytes->data, bytes->len), ==, bytes->len);
        g_assert_cmpint(archive_write_close(archive), ==, ARCHIVE_OK);
        archive_entry_free(entry);
        archive_write_free(archive);
        return result;
}

char *bytes_digest(const GByteArray *bytes)
{
        g_autofree char *hex = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);

        return g_strconcat("sha256:", hex, NULL);
}
