/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/entry.h"

#include <archive.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "unpack/sentence.h"
#include "util/error.h"

#define ID_MAX 65535

int entry_error(const Entry *entry, const char *what, sd_bus_error *error, const char *format, ...)
{
        g_autofree char *name = sentence_name(entry->path), *reason = NULL;
        va_list arguments;

        va_start(arguments, format);
        reason = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        return error_set(error, ERROR_INVALID_IMAGE, "%s can't be unpacked at '%s': %s", what, name, reason);
}

int entry_disk_error(const Entry *entry, const char *what, sd_bus_error *error, int errnum)
{
        g_autofree char *name = sentence_name(entry->path);
        g_autofree char *start = g_strdup_printf("%s can't be unpacked at '%s'", what, name);

        return sentence_disk_error(error, start, errnum);
}

/* Returns a text of what is wrong with it, or NULL. ret has room for PATH_MAX. */
static char *clean_path(const char *path, uint64_t depth_max, char *ret)
{
        uint64_t depth = 0;
        char *end = ret;

        if (strlen(path) >= PATH_MAX)
                return g_strdup_printf("the path has more than %d bytes", PATH_MAX - 1);
        while (*path) {
                size_t length = strcspn(path, "/");

                if (length == 2 && path[0] == '.' && path[1] == '.')
                        return g_strdup("the path has a '..' in it");
                if (length > NAME_MAX)
                        return g_strdup_printf("the path has a component of more than %d bytes", NAME_MAX);
                if (length > 0 && !(length == 1 && path[0] == '.')) {
                        if (++depth > depth_max)
                                return g_strdup_printf(
                                        "the path has more than %" PRIu64 " components, which is the limit", depth_max);
                        if (end > ret)
                                *end++ = '/';
                        end = mempcpy(end, path, length);
                }
                path += length + strspn(path + length, "/");
        }
        if (end == ret)
                *end++ = '.';
        *end = '\0';
        return NULL;
}

static int set_path(const char *path, uint64_t depth_max, char *ret, const char *what, sd_bus_error *error)
{
        g_autofree char *wrong = clean_path(path, depth_max, ret), *name = NULL;

        if (!wrong)
                return 0;
        name = sentence_name(path);
        return error_set(error, ERROR_INVALID_IMAGE, "%s can't be unpacked at '%s': %s", what, name, wrong);
}

int entry_read(Entry *entry, struct archive_entry *archive_entry, uint64_t depth_max, const char *what,
               sd_bus_error *error)
{
        const char *path = archive_entry_pathname(archive_entry), *link = archive_entry_hardlink(archive_entry);
        int r;

        entry->archive_entry = archive_entry;
        entry->type = link ? 0 : archive_entry_filetype(archive_entry);
        *entry->path = *entry->link = '\0';
        if (!path || !*path)
                return error_set(error, ERROR_INVALID_IMAGE, "%s has an entry without a name", what);

        r = set_path(path, depth_max, entry->path, what, error);
        if (r >= 0 && link)
                r = set_path(link, depth_max, entry->link, what, error);
        if (r < 0)
                return r;
        if (strcmp(entry->path, ".") == 0 && entry->type != AE_IFDIR)
                return entry_error(entry, what, error, "its top folder is said to be no folder");

        archive_entry_copy_pathname(archive_entry, entry->path);
        if (link)
                archive_entry_copy_hardlink(archive_entry, entry->link);
        return 0;
}

static int check_id(const Entry *entry, const char *kind, int64_t id, const char *what, sd_bus_error *error)
{
        if (id >= 0 && id <= ID_MAX)
                return 0;
        return entry_error(entry, what, error, "its %s is %" PRIi64 ", and an image has the ids 0 to %d only", kind, id,
                           ID_MAX);
}

static int check_acl(const Entry *entry, const char *what, sd_bus_error *error)
{
        const int kinds = ARCHIVE_ENTRY_ACL_TYPE_ACCESS | ARCHIVE_ENTRY_ACL_TYPE_DEFAULT;
        int type, permset, tag, id;
        const char *name;

        if (archive_entry_acl_types(entry->archive_entry) & ~kinds)
                return entry_error(entry, what, error, "it has an access list that is none of POSIX");
        if (archive_entry_acl_reset(entry->archive_entry, kinds) == 0)
                return 0;
        while (archive_entry_acl_next(entry->archive_entry, kinds, &type, &permset, &tag, &id, &name) == ARCHIVE_OK) {
                int r;

                if (tag != ARCHIVE_ENTRY_ACL_USER && tag != ARCHIVE_ENTRY_ACL_GROUP)
                        continue;
                /* By name only: who that is shows later. */
                if (id < 0 && name && *name)
                        continue;
                r = check_id(entry, "access list's id", id, what, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

int entry_check_ids(const Entry *entry, const char *what, sd_bus_error *error)
{
        int r;

        r = check_id(entry, "owner", archive_entry_uid(entry->archive_entry), what, error);
        if (r >= 0)
                r = check_id(entry, "group", archive_entry_gid(entry->archive_entry), what, error);
        return r < 0 ? r : check_acl(entry, what, error);
}
