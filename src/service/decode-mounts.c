/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/decode-mounts.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "model/container-spec.h"
#include "service/decode.h"
#include "util/error.h"

static int read_type(sd_bus_message *m, void *target, sd_bus_error *error)
{
        int r = decode_word(m, "mount type", mount_type_from_string, "bind, cache, tmpfs, secret, ssh", error);

        if (r >= 0)
                ((MountSpec *) target)->type = (MountType) r;
        return r;
}

static int read_sharing(sd_bus_message *m, void *target, sd_bus_error *error)
{
        MountSpec *mount = target;
        int r = decode_word(m, "sharing of a cache", cache_sharing_from_string, "shared, private, locked", error);

        if (r >= 0) {
                mount->sharing = (CacheSharing) r;
                mount->keys |= MOUNT_KEY_SHARING;
        }
        return r;
}

/* Without asking the file system's server, which may be the caller's own and not answer. */
static int read_source(sd_bus_message *m, void *target, sd_bus_error *error)
{
        MountSpec *mount = target;
        struct statx st;
        int fd = decode_fd(m);

        if (fd < 0)
                return fd;
        mount->source = fd;
        mount->keys |= MOUNT_KEY_SOURCE;
        if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
                return -errno;
        mount->source_is_file = S_ISREG(st.stx_mode);
        if (!S_ISDIR(st.stx_mode) && !S_ISREG(st.stx_mode))
                return error_invalid(error, "The mount key 'source' is neither a folder nor a regular file");
        return 0;
}

static int read_destination(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((MountSpec *) target)->destination);
}

static int read_read_only(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((MountSpec *) target)->read_only);
}

/* Readers of keys that go with some types only: the key is noted as given. */
#define READ_STRING(member, key)                                                                                       \
        static int read_##member(sd_bus_message *m, void *target, sd_bus_error *error)                                 \
        {                                                                                                              \
                ((MountSpec *) target)->keys |= (key);                                                                 \
                return decode_string(m, &((MountSpec *) target)->member);                                              \
        }
#define READ_NUMBER(member, key, type)                                                                                 \
        static int read_##member(sd_bus_message *m, void *target, sd_bus_error *error)                                 \
        {                                                                                                              \
                ((MountSpec *) target)->keys |= (key);                                                                 \
                return sd_bus_message_read(m, type, &((MountSpec *) target)->member);                                  \
        }
#define READ_BOOL(member, key)                                                                                         \
        static int read_##member(sd_bus_message *m, void *target, sd_bus_error *error)                                 \
        {                                                                                                              \
                MountSpec *mount = target;                                                                             \
                int r = decode_bool(m, &mount->member);                                                                \
                                                                                                                       \
                mount->keys |= mount->member ? (key) : 0U;                                                             \
                return r;                                                                                              \
        }

READ_STRING(selector, MOUNT_KEY_SELECTOR)
READ_STRING(image, MOUNT_KEY_IMAGE)
READ_STRING(host_path, MOUNT_KEY_HOST_PATH)
READ_STRING(id, MOUNT_KEY_ID)
READ_NUMBER(size, MOUNT_KEY_SIZE, "t")
READ_NUMBER(uid, MOUNT_KEY_UID, "u")
READ_NUMBER(gid, MOUNT_KEY_GID, "u")
READ_NUMBER(mode, MOUNT_KEY_MODE, "u")
READ_BOOL(output, MOUNT_KEY_OUTPUT)
READ_BOOL(optional, MOUNT_KEY_OPTIONAL)

int decode_mounts(sd_bus_message *m, void *target, sd_bus_error *error)
{
        static const OptionRow rows[] = {
                {"type", "s", read_type},
                {"destination", "s", read_destination},
                {"read-only", "b", read_read_only},
                {"selector", "s", read_selector},
                {"output", "b", read_output},
                {"image", "s", read_image},
                {"source", "h", read_source},
                {"host-path", "s", read_host_path},
                {"id", "s", read_id},
                {"sharing", "s", read_sharing},
                {"size", "t", read_size},
                {"uid", "u", read_uid},
                {"gid", "u", read_gid},
                {"mode", "u", read_mode},
                {"optional", "b", read_optional},
                {NULL, NULL, NULL},
        };
        ContainerSpec *spec = target;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_at_end(m, false)) == 0) {
                MountSpec *mount = mount_spec_new();

                g_ptr_array_add(spec->mounts, mount);
                if (spec->mounts->len > MOUNTS_MAX)
                        return error_invalid(error, "The option 'mounts' has more than %u mounts", MOUNTS_MAX);
                r = decode_options(m, "mount key", rows, mount, error);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}
