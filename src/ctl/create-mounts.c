/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What the caller owns is opened here, with the caller's own rights, and handed over as a file descriptor: the daemon
 * looks up no path, so it can't be made to show a folder that the caller may not see. A path of the host is one for the
 * daemon, which asks polkit first.
 *
 * The root is the first mount, so that its index is 0; the others follow in the order in which they were given.
 */

#include "config.h"

#include "ctl/create-mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/grant-option.h"
#include "util/cleanup.h"
#include "util/error.h"

static void free_mount(void *data)
{
        mount_option_free(data);
}

static MountOption *mount_new(MountType type, const char *destination, const char *source)
{
        MountOption *mount = g_new0(MountOption, 1);

        mount->type = type;
        mount->destination = g_strdup(destination);
        mount->source = g_strdup(source);
        return mount;
}

static MountOption *mount_copy(const MountOption *mount)
{
        MountOption *copy = g_new(MountOption, 1);

        *copy = *mount;
        copy->destination = g_strdup(mount->destination);
        copy->source = g_strdup(mount->source);
        copy->id = g_strdup(mount->id);
        copy->sharing = g_strdup(mount->sharing);
        copy->selector = g_strdup(mount->selector);
        return copy;
}

static int plan_root(const CreateOptions *options, GPtrArray *mounts, sd_bus_error *error)
{
        bool mounted = create_options_mount_root(options);
        int given = !!options->rootfs + !!options->host_path + !!options->image + mounted;
        MountOption *root;

        if (given > 1)
                return error_invalid(error,
                                     _("the root file system is given twice; an image, --rootfs, --host-path and "
                                       "--mount with dst=/ can't go together"));
        if (given == 0)
                return error_invalid(error, _("the root file system is missing, give an IMAGE or --rootfs DIR"));
        if (mounted && (options->output || options->read_only))
                return error_invalid(error, _("--output and --read-only can't go with a --mount that has dst=/; write "
                                              "output or ro there"));
        if (mounted)
                return 0;
        if (options->rootfs)
                root = mount_new(MOUNT_BIND, "/", options->rootfs);
        else if (options->host_path)
                root = mount_new(MOUNT_HOST, "/", options->host_path);
        else
                root = mount_new(MOUNT_IMAGE, "/", options->image);
        root->read_only = options->read_only;
        root->output = options->output;
        g_ptr_array_add(mounts, root);
        return 0;
}

static bool has_grant(const GPtrArray *mounts, MountType type, const char *id)
{
        for (guint i = 0; i < mounts->len; i++) {
                const MountOption *mount = mounts->pdata[i];

                if (mount->type == type && strcmp(mount->id, id) == 0)
                        return true;
        }
        return false;
}

static MountOption *grant_new(MountType type, const char *destination, const char *id)
{
        MountOption *mount = mount_new(type, destination, NULL);

        mount->id = g_strdup(id);
        return mount;
}

/* A secret or an agent that is given to a container is of use to it, also where no mount says so. */
static int plan_secret(GPtrArray *mounts, const SecretOption *secret, sd_bus_error *error)
{
        g_autofree char *place = mount_option_secret_place(secret->id);

        if (secret->is_variable || has_grant(mounts, MOUNT_SECRET, secret->id))
                return 0;
        if (!place)
                return error_invalid(error,
                                     _("--secret: the id '%s' makes no file name, say by --mount where it is to be"),
                                     secret->id);
        g_ptr_array_add(mounts, grant_new(MOUNT_SECRET, place, secret->id));
        return 0;
}

int create_mounts_plan(const CreateOptions *options, GPtrArray **ret, sd_bus_error *error)
{
        g_autoptr(GPtrArray) mounts = g_ptr_array_new_with_free_func(free_mount);
        int r;

        r = plan_root(options, mounts, error);
        if (r < 0)
                return r;
        for (guint i = 0; i < options->mounts->len; i++)
                g_ptr_array_add(mounts, mount_copy(options->mounts->pdata[i]));
        for (guint i = 0; i < options->secrets->len; i++) {
                r = plan_secret(mounts, options->secrets->pdata[i], error);
                if (r < 0)
                        return r;
        }
        for (guint i = 0; i < options->agents->len; i++) {
                const AgentOption *agent = options->agents->pdata[i];

                if (!has_grant(mounts, MOUNT_SSH, agent->id))
                        g_ptr_array_add(mounts, grant_new(MOUNT_SSH, NULL, agent->id));
        }
        *ret = g_steal_pointer(&mounts);
        return 0;
}

static int append_text(sd_bus_message *message, const char *key, const char *value)
{
        return value ? sd_bus_message_append(message, "{sv}", key, "s", value) : 0;
}

static int append_flag(sd_bus_message *message, const char *key, bool value)
{
        return value ? sd_bus_message_append(message, "{sv}", key, "b", true) : 0;
}

static int append_number(sd_bus_message *message, const char *key, bool given, uint32_t value)
{
        return given ? sd_bus_message_append(message, "{sv}", key, "u", value) : 0;
}

/* The caller's folder or file; a root is a folder. */
static int append_folder(sd_bus_message *message, const MountOption *mount, sd_bus_error *error)
{
        bool root = strcmp(mount->destination, "/") == 0;
        _cleanup_close_ int fd = open(mount->source, O_PATH | O_CLOEXEC | (root ? O_DIRECTORY : 0));
        int r;

        if (fd < 0) {
                r = -errno;
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't open '%s': %s"), mount->source, g_strerror(-r));
                return r;
        }
        return sd_bus_message_append(message, "{sv}", "source", "h", fd);
}

static int append_source(sd_bus_message *message, const MountOption *mount, sd_bus_error *error)
{
        g_autofree char *path = NULL;

        switch (mount->type) {
        case MOUNT_BIND:
                return append_folder(message, mount, error);
        case MOUNT_IMAGE:
        case MOUNT_CACHE:
                return append_text(message, "image", mount->source);
        case MOUNT_HOST:
                path = g_canonicalize_filename(mount->source, NULL);
                return append_text(message, "host-path", path);
        default:
                return 0;
        }
}

/* What the bus calls a type. */
static const char *type_on_bus(MountType type)
{
        static const char *const words[MOUNT_TYPES] = {
                [MOUNT_CACHE] = "cache", [MOUNT_TMPFS] = "tmpfs", [MOUNT_SECRET] = "secret", [MOUNT_SSH] = "ssh"};

        return words[type] ?: "bind";
}

static int append_mount(sd_bus_message *message, const MountOption *mount, sd_bus_error *error)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'a', "{sv}")) < 0 ||
            (r = append_text(message, "type", type_on_bus(mount->type))) < 0 ||
            (r = append_text(message, "destination", mount->destination)) < 0 ||
            (r = append_source(message, mount, error)) < 0 || (r = append_text(message, "id", mount->id)) < 0 ||
            (r = append_text(message, "sharing", mount->sharing)) < 0 ||
            (r = append_text(message, "selector", mount->selector)) < 0 ||
            (r = append_flag(message, "read-only", mount->read_only)) < 0 ||
            (r = append_flag(message, "output", mount->output)) < 0 ||
            (r = append_flag(message, "optional", mount->optional)) < 0 ||
            (r = append_number(message, "uid", mount->has_uid, mount->uid)) < 0 ||
            (r = append_number(message, "gid", mount->has_gid, mount->gid)) < 0 ||
            (r = append_number(message, "mode", mount->has_mode, mount->mode)) < 0)
                return r;
        if (mount->size > 0 && (r = sd_bus_message_append(message, "{sv}", "size", "t", mount->size)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

/* Opens the member key of an a{sv}, an array of elements. */
static int open_member(sd_bus_message *message, const char *key, const char *element)
{
        g_autofree char *signature = g_strconcat("a", element, NULL);
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", key)) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', signature)) < 0)
                return r;
        return sd_bus_message_open_container(message, 'a', element);
}

static int close_member(sd_bus_message *message)
{
        int r;

        for (int i = 0; i < 3; i++)
                if ((r = sd_bus_message_close_container(message)) < 0)
                        return r;
        return 0;
}

static int append_secrets(sd_bus_message *message, const GPtrArray *secrets, sd_bus_error *error)
{
        int r;

        if (secrets->len == 0)
                return 0;
        r = open_member(message, "secrets", "{sv}");
        for (guint i = 0; r >= 0 && i < secrets->len; i++)
                r = secret_option_append(message, secrets->pdata[i], error);
        return r < 0 ? r : close_member(message);
}

static int append_agents(sd_bus_message *message, const GPtrArray *agents, sd_bus_error *error)
{
        int r;

        if (agents->len == 0)
                return 0;
        r = open_member(message, "ssh-agents", "{sh}");
        for (guint i = 0; r >= 0 && i < agents->len; i++)
                r = agent_option_append(message, agents->pdata[i], error);
        return r < 0 ? r : close_member(message);
}

int create_mounts_append(sd_bus_message *message, const CreateOptions *options, sd_bus_error *error)
{
        g_autoptr(GPtrArray) mounts = NULL;
        int r;

        r = create_mounts_plan(options, &mounts, error);
        if (r < 0)
                return r;
        r = open_member(message, "mounts", "a{sv}");
        for (guint i = 0; r >= 0 && i < mounts->len; i++)
                r = append_mount(message, mounts->pdata[i], error);
        if (r < 0 || (r = close_member(message)) < 0 || (r = append_secrets(message, options->secrets, error)) < 0)
                return r;
        return append_agents(message, options->agents, error);
}
