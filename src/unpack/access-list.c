/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* They are set in the kernel's form (linux/posix_acl_xattr.h): libacl would ask for names where there is nobody. */

#include "unpack/access-list.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "unpack/sentence.h"
#include "util/cleanup.h"
#include "util/error.h"

#define ID_MAX       65535
#define DATABASE_MAX (4U * 1024U * 1024U)

/* Who may what. */
typedef struct Right {
        uint16_t tag, permissions; /* as the kernel has them */
        int64_t id;                /* -1: by name, or nobody's in particular */
        char *name;
} Right;

/* The lists of a path: that of access, and a folder's for what is made in it. */
typedef struct Lists {
        GArray *access, *defaults; /* of Right */
} Lists;

static const struct {
        int from;
        uint16_t to;
} tags[] = {
        {ARCHIVE_ENTRY_ACL_USER_OBJ, ACL_USER_OBJ},   {ARCHIVE_ENTRY_ACL_USER, ACL_USER},
        {ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ}, {ARCHIVE_ENTRY_ACL_GROUP, ACL_GROUP},
        {ARCHIVE_ENTRY_ACL_MASK, ACL_MASK},           {ARCHIVE_ENTRY_ACL_OTHER, ACL_OTHER},
};

static void right_clear(void *data)
{
        Right *right = data;

        g_free(right->name);
}

static void lists_free(void *data)
{
        Lists *lists = data;

        g_array_unref(lists->access);
        g_array_unref(lists->defaults);
        g_free(lists);
}

static GArray *rights_new(void)
{
        GArray *rights = g_array_new(FALSE, FALSE, sizeof(Right));

        g_array_set_clear_func(rights, right_clear);
        return rights;
}

GHashTable *access_lists_new(void)
{
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, lists_free);
}

static bool is_named(const Right *right)
{
        return right->tag == ACL_USER || right->tag == ACL_GROUP;
}

/* Reads a list of an entry. Returns whether all of its ids are known. */
static bool read_list(const Entry *entry, int kind, GArray *rights)
{
        int type, permissions, tag, id;
        const char *name;
        bool known = true;

        if (archive_entry_acl_reset(entry->archive_entry, kind) == 0)
                return true;
        while (archive_entry_acl_next(entry->archive_entry, kind, &type, &permissions, &tag, &id, &name) ==
               ARCHIVE_OK) {
                Right right = {.permissions = permissions & (ACL_READ | ACL_WRITE | ACL_EXECUTE), .id = -1};

                for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
                        if (tags[i].from == tag)
                                right.tag = tags[i].to;
                if (is_named(&right)) {
                        right.id = id;
                        right.name = g_strdup(name);
                        known = known && id >= 0;
                }
                g_array_append_val(rights, right);
        }
        return known;
}

static int set_list(const char *path, const char *attribute, const GArray *rights)
{
        g_autofree struct posix_acl_xattr_header *value = NULL;
        size_t size = sizeof(*value) + rights->len * sizeof(struct posix_acl_xattr_entry);
        struct posix_acl_xattr_entry *to;

        if (rights->len == 0)
                return 0;
        value = g_malloc0(size);
        value->a_version = GUINT32_TO_LE(POSIX_ACL_XATTR_VERSION);
        to = (struct posix_acl_xattr_entry *) (value + 1);
        /* The kernel wants them in the order of the tags. */
        for (size_t i = 0; i < G_N_ELEMENTS(tags); i++)
                for (unsigned j = 0; j < rights->len; j++) {
                        const Right *right = &g_array_index(rights, Right, j);

                        if (right->tag == tags[i].to)
                                *to++ = (struct posix_acl_xattr_entry){
                                        .e_tag = GUINT16_TO_LE(right->tag),
                                        .e_perm = GUINT16_TO_LE(right->permissions),
                                        .e_id = is_named(right) ? GUINT32_TO_LE((uint32_t) right->id)
                                                                : (uint32_t) ACL_UNDEFINED_ID,
                                };
                }
        return lsetxattr(path, attribute, value, size, 0) < 0 ? -errno : 0;
}

static int set_lists(const char *path, const Lists *lists, const char *what, sd_bus_error *error)
{
        g_autofree char *name = NULL, *start = NULL;
        int r;

        r = set_list(path, "system.posix_acl_access", lists->access);
        if (r >= 0)
                r = set_list(path, "system.posix_acl_default", lists->defaults);
        if (r >= 0)
                return 0;
        name = sentence_name(path);
        start = g_strdup_printf("%s can't be unpacked at '%s': its access list can't be set", what, name);
        return sentence_disk_error(error, start, -r);
}

int access_lists_take(GHashTable *waiting, const Entry *entry, const char *what, sd_bus_error *error)
{
        Lists *lists;
        bool known;
        int r = 0;

        if (g_hash_table_size(waiting) > 0)
                g_hash_table_remove(waiting, entry->path);
        if (archive_entry_acl_types(entry->archive_entry) == 0 || (entry->type != AE_IFREG && entry->type != AE_IFDIR))
                return 0;

        lists = g_new0(Lists, 1);
        lists->access = rights_new();
        lists->defaults = rights_new();
        known = read_list(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, lists->access);
        known = read_list(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, lists->defaults) && known;
        if (!known) {
                g_hash_table_replace(waiting, g_strdup(entry->path), lists);
                return 0;
        }
        r = set_lists(entry->path, lists, what, error);
        lists_free(lists);
        return r;
}

/* A database of the archive, or "". */
static char *read_database(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        g_autofree char *text = g_malloc0(DATABASE_MAX + 1);
        struct stat st;
        size_t size = 0;
        ssize_t n;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return g_strdup("");
        while ((n = read(fd, text + size, DATABASE_MAX - size)) > 0)
                size += (size_t) n;
        return g_steal_pointer(&text);
}

/* The number of a name: "NAME:x:NUMBER:…" at the beginning of a line. Returns -1 where it is not there. */
static int64_t find_id(const char *database, const char *name)
{
        size_t length = strlen(name);

        for (const char *line = database; line; line = strchr(line, '\n')) {
                const char *password, *number;
                char *end;
                guint64 id;

                line += *line == '\n';
                if (strncmp(line, name, length) != 0 || line[length] != ':')
                        continue;
                password = line + length + 1;
                number = password + strcspn(password, ":\n");
                if (*number != ':' || !g_ascii_isdigit(number[1]))
                        continue;
                id = g_ascii_strtoull(number + 1, &end, 10);
                return *end == ':' && id <= ID_MAX ? (int64_t) id : -1;
        }
        return -1;
}

static int find_ids(const char *path, GArray *rights, const char *users, const char *groups, const char *what,
                    sd_bus_error *error)
{
        for (unsigned i = 0; i < rights->len; i++) {
                Right *right = &g_array_index(rights, Right, i);
                bool is_user = right->tag == ACL_USER;

                if (!is_named(right) || right->id >= 0)
                        continue;
                right->id = find_id(is_user ? users : groups, right->name ?: "");
                if (right->id < 0) {
                        g_autofree char *file = sentence_name(path), *name = sentence_name(right->name ?: "");

                        return error_set(
                                error, ERROR_INVALID_IMAGE,
                                "%s can't be unpacked at '%s': its access list has the %s '%s', who is not in the "
                                "archive's own %s",
                                what, file, is_user ? "user" : "group", name, is_user ? "/etc/passwd" : "/etc/group");
                }
        }
        return 0;
}

int access_lists_apply(GHashTable *waiting, const char *what, sd_bus_error *error)
{
        g_autofree char *users = NULL, *groups = NULL;
        GHashTableIter iterator;
        void *key, *value;

        if (g_hash_table_size(waiting) == 0)
                return 0;
        users = read_database("etc/passwd");
        groups = read_database("etc/group");
        g_hash_table_iter_init(&iterator, waiting);
        while (g_hash_table_iter_next(&iterator, &key, &value)) {
                const Lists *lists = value;
                int r;

                r = find_ids(key, lists->access, users, groups, what, error);
                if (r >= 0)
                        r = find_ids(key, lists->defaults, users, groups, what, error);
                if (r >= 0)
                        r = set_lists(key, lists, what, error);
                if (r < 0)
                        return r;
        }
        return 0;
}
