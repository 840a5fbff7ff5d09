/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/mount-spec.h"

#include <string.h>

#include "model/id-ranges.h"
#include "model/image-name.h"
#include "util/cleanup.h"
#include "util/error.h"

#define SECRET_MODE 0400U
#define SSH_MODE    0600U
#define SSH_ID      "default"
#define SSH_FOLDER  "/run/gangway/ssh"

static const char *const mount_types[] = {[MOUNT_BIND] = "bind",
                                          [MOUNT_CACHE] = "cache",
                                          [MOUNT_TMPFS] = "tmpfs",
                                          [MOUNT_SECRET] = "secret",
                                          [MOUNT_SSH] = "ssh"};
static const char *const sharings[] = {
        [CACHE_SHARED] = "shared", [CACHE_PRIVATE] = "private", [CACHE_LOCKED] = "locked"};

DEFINE_WORD_TABLE(mount_type, MountType, mount_types)
DEFINE_WORD_TABLE(cache_sharing, CacheSharing, sharings)

#define BIND   (1U << MOUNT_BIND)
#define CACHE  (1U << MOUNT_CACHE)
#define TMPFS  (1U << MOUNT_TMPFS)
#define SECRET (1U << MOUNT_SECRET)
#define SSH    (1U << MOUNT_SSH)

/* Which types take a key, and which must have it. */
static const struct {
        MountKey key;
        const char *name;
        unsigned types;
        unsigned needed_by;
} keys[] = {
        {MOUNT_KEY_SELECTOR, "selector", BIND | CACHE, 0}, {MOUNT_KEY_OUTPUT, "output", BIND | CACHE, 0},
        {MOUNT_KEY_IMAGE, "image", BIND | CACHE, 0},       {MOUNT_KEY_SOURCE, "source", BIND, 0},
        {MOUNT_KEY_HOST_PATH, "host-path", BIND, 0},       {MOUNT_KEY_ID, "id", CACHE | SECRET | SSH, CACHE | SECRET},
        {MOUNT_KEY_SHARING, "sharing", CACHE, 0},          {MOUNT_KEY_SIZE, "size", TMPFS, 0},
        {MOUNT_KEY_UID, "uid", SECRET | SSH, 0},           {MOUNT_KEY_GID, "gid", SECRET | SSH, 0},
        {MOUNT_KEY_MODE, "mode", SECRET | SSH, 0},         {MOUNT_KEY_OPTIONAL, "optional", SECRET | SSH, 0},
};

MountSpec *mount_spec_new(void)
{
        MountSpec *mount = g_new0(MountSpec, 1);

        mount->source = -1;
        return mount;
}

MountSpec *mount_spec_free(MountSpec *mount)
{
        if (!mount)
                return NULL;
        safe_close(mount->source);
        g_free(mount->destination);
        g_free(mount->selector);
        g_free(mount->image);
        g_free(mount->host_path);
        g_free(mount->id);
        g_free(mount);
        return NULL;
}

/* Absolute, without ".", ".." and doubled slashes. Two slashes at the beginning are kept by GLib, since POSIX lets them
 * mean something; here they don't. */
static char *make_plain(const char *path)
{
        g_autofree char *plain = g_canonicalize_filename(path, "/");

        return g_strdup(plain + strspn(plain, "/") - 1);
}

bool mount_spec_is_root(const MountSpec *mount)
{
        g_autofree char *plain = make_plain(mount->destination);

        return strcmp(plain, "/") == 0;
}

bool mount_spec_has_input(const MountSpec *mount)
{
        return mount->image || mount->source >= 0 || mount->host_path;
}

bool mount_spec_is_below_dev(const MountSpec *mount)
{
        return g_str_has_prefix(mount->destination, "/dev/");
}

static bool is_at_or_below(const char *path, const char *folder)
{
        size_t length = strlen(folder);

        return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

static size_t count_components(const char *plain)
{
        size_t count = 0;

        for (const char *p = plain; *p; p++)
                if (*p == '/' && p[1])
                        count++;
        return count;
}

/* An ssh mount has a place of its own where none is given, which is called as the agent is. */
static int set_default_destination(MountSpec *mount, sd_bus_error *error)
{
        if (mount->type != MOUNT_SSH)
                return 0;
        if (!mount->id)
                mount->id = g_strdup(SSH_ID);
        if (mount->destination)
                return 0;
        if (strchr(mount->id, '/') || !*mount->id)
                return error_invalid(error,
                                     "The mount of the agent '%.255s' has no destination, and its 'id' can't be the "
                                     "name of a file; give it a destination",
                                     mount->id);
        mount->at_default = true;
        mount->destination = g_strdup_printf(SSH_FOLDER "/%s.sock", mount->id);
        return 0;
}

static int check_destination(MountSpec *mount, sd_bus_error *error)
{
        char *plain;
        int r;

        r = set_default_destination(mount, error);
        if (r < 0)
                return r;
        if (!mount->destination)
                return error_invalid(error, "The mount number %u has no destination; give it one, for example \"/\"",
                                     mount->index);
        if (strlen(mount->destination) > MOUNT_DESTINATION_MAX)
                return error_invalid(error, "The destination '%.64s…' of the mount number %u is longer than %u bytes",
                                     mount->destination, mount->index, MOUNT_DESTINATION_MAX);
        plain = make_plain(mount->destination);
        g_free(mount->destination);
        mount->destination = plain;
        if (count_components(plain) > MOUNT_DESTINATION_DEEP)
                return error_invalid(error, "The destination '%.64s…' has more than %u components", plain,
                                     MOUNT_DESTINATION_DEEP);
        if (is_at_or_below(plain, "/proc") || is_at_or_below(plain, "/sys"))
                return error_invalid(error,
                                     "The destination '%s' lies in the kernel's own files, which nothing can "
                                     "be mounted over",
                                     plain);
        if (strcmp(plain, "/dev") == 0)
                return error_invalid(error, "The destination '/dev' is the runtime's; a mount can lie below it only");
        return 0;
}

static int check_keys(const MountSpec *mount, sd_bus_error *error)
{
        unsigned type = 1U << mount->type;

        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
                bool given = mount->keys & keys[i].key;

                if (given && !(keys[i].types & type))
                        return error_invalid(error, "The mount at '%s' is of type %s, which takes no key '%s'",
                                             mount->destination, mount_type_to_string(mount->type), keys[i].name);
                if (!given && keys[i].needed_by & type)
                        return error_invalid(error, "The mount at '%s' of type %s has no key '%s'", mount->destination,
                                             mount_type_to_string(mount->type), keys[i].name);
        }
        return 0;
}

/* A path as a person reads it: it begins with what it leads to. */
static int check_host_path(const MountSpec *mount, sd_bus_error *error)
{
        g_autofree char *plain = make_plain(*mount->host_path ? mount->host_path : "/");

        if (strcmp(plain, mount->host_path) != 0)
                return error_invalid(error,
                                     "The host-path '%.256s' is not absolute, or has a '.', a '..', or a '/' too many",
                                     mount->host_path);
        return 0;
}

static int check_bind(const MountSpec *mount, sd_bus_error *error)
{
        static const struct {
                MountKey one, other;
                const char *names;
        } pairs[] = {
                {MOUNT_KEY_SOURCE, MOUNT_KEY_HOST_PATH, "'source' and 'host-path'"},
                {MOUNT_KEY_IMAGE, MOUNT_KEY_SOURCE, "'image' and 'source'"},
                {MOUNT_KEY_IMAGE, MOUNT_KEY_HOST_PATH, "'image' and 'host-path'"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
                if (mount->keys & pairs[i].one && mount->keys & pairs[i].other)
                        return error_invalid(error, "The mount at '%s' has both %s; give it one of them",
                                             mount->destination, pairs[i].names);
        if (mount->host_path && check_host_path(mount, error) < 0)
                return -EINVAL;
        if (mount->selector && !mount_spec_has_input(mount))
                return error_invalid(error,
                                     "The mount at '%s' has a 'selector' and nothing to select from: no image, source "
                                     "or host-path",
                                     mount->destination);
        if (!mount->source_is_file)
                return 0;
        if (mount_spec_is_root(mount))
                return error_invalid(error, "The 'source' of the mount at '/' is a single file, and must be a folder");
        if (mount->selector)
                return error_invalid(error, "The mount at '%s' has a 'selector', and its 'source' is a single file",
                                     mount->destination);
        if (!mount->read_only && !mount->output)
                return error_invalid(error,
                                     "The 'source' of the mount at '%s' is a single file, which no throw-away layer "
                                     "can lie over: give it 'read-only', or 'output' to have the file itself written",
                                     mount->destination);
        return 0;
}

static int check_id(const MountSpec *mount, sd_bus_error *error)
{
        size_t length = strlen(mount->id);

        if (length < 1 || length > MOUNT_ID_MAX)
                return error_invalid(error, "The 'id' of the mount at '%s' has %zu bytes; it has 1 to %u",
                                     mount->destination, length, MOUNT_ID_MAX);
        for (const char *p = mount->id; *p; p++)
                if (g_ascii_iscntrl(*p))
                        return error_invalid(error, "The 'id' of the mount at '%s' has a control character",
                                             mount->destination);
        return 0;
}

static int check_values(const MountSpec *mount, bool sandboxed, sd_bus_error *error)
{
        uint32_t id_max = sandboxed ? ID_RANGE_SIZE - 1 : UINT32_MAX - 1;

        if (mount->image && !image_name_is_valid(mount->image))
                return error_invalid(error,
                                     "'%.128s' can't be an image's name (the mount at '%s'): it has " IMAGE_NAME_RULE,
                                     mount->image, mount->destination);
        if (mount->selector && (!*mount->selector || strlen(mount->selector) > MOUNT_SELECTOR_MAX))
                return error_invalid(error, "The 'selector' of the mount at '%s' has %zu bytes; it has 1 to %u",
                                     mount->destination, strlen(mount->selector), MOUNT_SELECTOR_MAX);
        if (mount->keys & MOUNT_KEY_SIZE && (mount->size == 0 || mount->size > INT64_MAX))
                return error_invalid(error,
                                     "The 'size' of the mount at '%s' is %" G_GUINT64_FORMAT
                                     "; it is in bytes, and without it half of the memory can be filled",
                                     mount->destination, mount->size);
        if (mount->uid > id_max || mount->gid > id_max)
                return error_invalid(error,
                                     "The '%s' of the mount at '%s' is %u; the highest one in this container "
                                     "is %u",
                                     mount->uid > id_max ? "uid" : "gid", mount->destination,
                                     mount->uid > id_max ? mount->uid : mount->gid, id_max);
        if (mount->mode & ~0777U)
                return error_invalid(error,
                                     "The 'mode' of the mount at '%s' is 0%o; it is of the permission bits, at "
                                     "most 0777",
                                     mount->destination, mount->mode);
        return 0;
}

static void set_defaults(MountSpec *mount)
{
        if (!(mount->keys & MOUNT_KEY_MODE))
                mount->mode = mount->type == MOUNT_SECRET ? SECRET_MODE : mount->type == MOUNT_SSH ? SSH_MODE : 0;
}

int mount_spec_check(MountSpec *mount, bool sandboxed, sd_bus_error *error)
{
        int r;

        r = check_destination(mount, error);
        if (r < 0)
                return r;
        if (mount->type != MOUNT_BIND && mount_spec_is_root(mount))
                return error_invalid(error, "The mount at '/' is of type %s; the root is a bind mount",
                                     mount_type_to_string(mount->type));
        r = check_keys(mount, error);
        if (r < 0)
                return r;
        set_defaults(mount);
        if (mount->id && check_id(mount, error) < 0)
                return -EINVAL;
        r = check_values(mount, sandboxed, error);
        if (r < 0)
                return r;
        if (mount->type == MOUNT_CACHE && mount->output && !mount->image)
                return error_invalid(error,
                                     "The mount at '%s' of type cache has the key 'output', which stands for its seed, "
                                     "and no key 'image'",
                                     mount->destination);
        return mount->type == MOUNT_BIND ? check_bind(mount, error) : 0;
}
