/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A path is taken as text, as it is written: ".." goes to the folder that is named before it, and a symlink that leads
 * into another mount is not found there. The daemon looks a path up within one mount and never leaves it.
 */

#include "config.h"

#include "ctl/container-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "util/cleanup.h"
#include "util/error.h"

#define ENTRIES_MAX 4096U /* in one answer of ReadDirectory */

bool container_file_split(const char *text, char **ret_container, char **ret_path)
{
        const char *colon = strchr(text, ':');
        g_autofree char *path = NULL;

        if (!colon || colon == text)
                return false;
        /* Two slashes at the beginning would stay two. */
        path = g_strconcat("/", colon + 1 + strspn(colon + 1, "/"), NULL);
        *ret_container = g_strndup(text, (gsize) (colon - text));
        *ret_path = g_canonicalize_filename(path, "/");
        return true;
}

const char *path_below(const char *path, const char *mount_point)
{
        size_t length = strlen(mount_point);

        if (strcmp(mount_point, "/") == 0)
                return path;
        if (strncmp(path, mount_point, length) != 0)
                return NULL;
        if (path[length] == '/')
                return path + length;
        return path[length] ? NULL : "/";
}

/* Calls each with every mount of the container, whose destinations are absolute and clean. */
typedef void (*MountFunction)(uint32_t index, const char *destination, void *data);

static int for_each_mount(Ctl *ctl, const char *container, MountFunction each, void *data, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *reply = NULL;
        const char *type, *destination;
        uint32_t index;
        int r;

        r = sd_bus_message_new_method_call(ctl->bus, &message, CTL_SERVICE, container,
                                           "org.freedesktop.DBus.Properties", "Get");
        if (r >= 0)
                r = sd_bus_message_append(message, "ss", CTL_CONTAINER, "Mounts");
        if (r >= 0)
                r = ctl_call(ctl, message, &reply, error);
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'v', "a(uss)");
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(uss)");
        if (r < 0)
                return ctl_bus_failure(r, error);
        while ((r = sd_bus_message_read(reply, "(uss)", &index, &type, &destination)) > 0)
                each(index, destination, data);
        return r < 0 ? ctl_bus_failure(r, error) : 0;
}

typedef struct MountSearch {
        const char *path;
        GString *known; /* the destinations, for who asked for another one */
        bool found;
        uint32_t index;
        size_t length;
        char *below; /* path as seen from the mount that was found */
} MountSearch;

static void match_same(uint32_t index, const char *destination, void *data)
{
        MountSearch *search = data;

        g_string_append_printf(search->known, "%s%s", search->known->len > 0 ? ", " : "", destination);
        if (strcmp(destination, search->path) != 0)
                return;
        search->found = true;
        search->index = index;
}

static void match_longest(uint32_t index, const char *destination, void *data)
{
        MountSearch *search = data;
        const char *below = path_below(search->path, destination);

        if (!below || (search->found && strlen(destination) < search->length))
                return;
        search->found = true;
        search->index = index;
        search->length = strlen(destination);
        g_free(search->below);
        search->below = g_strdup(below);
}

int container_mount_at(Ctl *ctl, const char *container, const char *path, uint32_t *ret, sd_bus_error *error)
{
        g_autoptr(GString) known = g_string_new(NULL);
        MountSearch search = {.path = path, .known = known};
        int r;

        r = for_each_mount(ctl, container, match_same, &search, error);
        if (r < 0)
                return r;
        if (!search.found)
                return error_invalid(error, _("no mount of the container is at '%s'; there are %s"), path, known->str);
        *ret = search.index;
        return 0;
}

int container_file_find(Ctl *ctl, const char *text, ContainerFile *ret, sd_bus_error *error)
{
        g_autofree char *name = NULL, *path = NULL, *container = NULL;
        MountSearch search = {};
        int r;

        if (!container_file_split(text, &name, &path))
                return error_invalid(error, _("'%s' is not of the form CONTAINER:PATH"), text);
        r = ctl_find_container(ctl, name, &container, error);
        if (r < 0)
                return r;
        search.path = path;
        r = for_each_mount(ctl, container, match_longest, &search, error);
        if (r >= 0 && !search.found)
                r = error_invalid(error, _("no mount of the container holds '%s'"), path);
        if (r < 0) {
                g_free(search.below);
                return r;
        }
        *ret = (ContainerFile){
                .ctl = ctl, .container = g_steal_pointer(&container), .mount = search.index, .path = search.below};
        return 0;
}

void container_file_done(ContainerFile *file)
{
        g_clear_pointer(&file->container, g_free);
        g_clear_pointer(&file->path, g_free);
}

/* Appends {sv} with bytes. */
static int append_bytes(sd_bus_message *message, const char *key, const char *bytes)
{
        int r;

        if ((r = sd_bus_message_open_container(message, 'e', "sv")) < 0 ||
            (r = sd_bus_message_append(message, "s", key)) < 0 ||
            (r = sd_bus_message_open_container(message, 'v', "ay")) < 0 ||
            (r = sd_bus_message_append_array(message, 'y', bytes, strlen(bytes))) < 0 ||
            (r = sd_bus_message_close_container(message)) < 0)
                return r;
        return sd_bus_message_close_container(message);
}

/* Options of a call for a file. Strings on the bus are UTF-8, and names of files are what they are. */
typedef struct FileOptions {
        bool follow;
        uint32_t limit;    /* 0: none */
        const char *after; /* NULL: from the beginning */
} FileOptions;

static int append_options(sd_bus_message *message, const char *path, const FileOptions *options)
{
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        if ((!g_utf8_validate(path, -1, NULL) && (r = append_bytes(message, "path-bytes", path)) < 0) ||
            (options->follow && (r = sd_bus_message_append(message, "{sv}", "follow", "b", true)) < 0) ||
            (options->limit && (r = sd_bus_message_append(message, "{sv}", "limit", "u", options->limit)) < 0) ||
            (options->after && (r = append_bytes(message, "after-bytes", options->after)) < 0))
                return r;
        return sd_bus_message_close_container(message);
}

static int call_for_file(const ContainerFile *file, const char *member, const char *below, FileOptions options,
                         sd_bus_message **ret, sd_bus_error *error)
{
        g_autofree char *path = g_build_filename(file->path, *below ? below : NULL, NULL);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = ctl_new_call(file->ctl, file->container, member, &message, error);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "us", file->mount, g_utf8_validate(path, -1, NULL) ? path : "");
        if (r >= 0)
                r = append_options(message, path, &options);
        if (r < 0)
                return ctl_bus_failure(r, error);
        return ctl_call(file->ctl, message, ret, error);
}

static int read_text(sd_bus_message *reply, char **target)
{
        const char *text;
        int r;

        r = sd_bus_message_read(reply, "v", "s", &text);
        if (r < 0)
                return r;
        g_free(*target);
        *target = g_strdup(text);
        return 0;
}

static int read_bytes(sd_bus_message *reply, char **target)
{
        const void *bytes;
        size_t size;
        int r;

        if ((r = sd_bus_message_enter_container(reply, 'v', "ay")) < 0 ||
            (r = sd_bus_message_read_array(reply, 'y', &bytes, &size)) < 0)
                return r;
        g_free(*target);
        *target = g_strndup(bytes, size);
        return sd_bus_message_exit_container(reply);
}

static int read_key(sd_bus_message *reply, const char *key, FileEntry *entry)
{
        if (strcmp(key, "name") == 0)
                return read_text(reply, &entry->name);
        if (strcmp(key, "name-bytes") == 0)
                return read_bytes(reply, &entry->name);
        if (strcmp(key, "type") == 0)
                return read_text(reply, &entry->type);
        if (strcmp(key, "target") == 0)
                return read_text(reply, &entry->target);
        if (strcmp(key, "target-bytes") == 0)
                return read_bytes(reply, &entry->target);
        if (strcmp(key, "size") == 0)
                return sd_bus_message_read(reply, "v", "t", &entry->size);
        if (strcmp(key, "mode") == 0)
                return sd_bus_message_read(reply, "v", "u", &entry->mode);
        if (strcmp(key, "uid") == 0)
                return sd_bus_message_read(reply, "v", "u", &entry->uid);
        if (strcmp(key, "gid") == 0)
                return sd_bus_message_read(reply, "v", "u", &entry->gid);
        if (strcmp(key, "mtime") == 0)
                return sd_bus_message_read(reply, "v", "x", &entry->mtime);
        return sd_bus_message_skip(reply, "v");
}

/* Reads an a{sv}. Returns 1, or 0 at the end of the array around it; after a failure entry may be filled in half. */
static int read_entry(sd_bus_message *reply, FileEntry *entry)
{
        const char *key;
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        if (r <= 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                r = sd_bus_message_read(reply, "s", &key);
                if (r >= 0)
                        r = read_key(reply, key, entry);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        r = sd_bus_message_exit_container(reply);
        if (r < 0)
                return r;
        return entry->type ? 1 : -EBADMSG;
}

int container_file_stat(const ContainerFile *file, const char *below, bool follow, FileEntry *ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        FileEntry entry = {};
        int r;

        r = call_for_file(file, "StatFile", below, (FileOptions){.follow = follow}, &reply, error);
        if (r < 0)
                return r;
        r = read_entry(reply, &entry);
        if (r <= 0) {
                file_entry_done(&entry);
                return ctl_bus_failure(r < 0 ? r : -EBADMSG, error);
        }
        *ret = entry;
        return 0;
}

static void entry_free(void *data)
{
        file_entry_done(data);
        g_free(data);
}

static int compare_entries(const void *a, const void *b)
{
        const FileEntry *const *left = a, *const *right = b;

        return strcmp((*left)->name, (*right)->name);
}

/* A name that would lead elsewhere is no name. */
static bool is_file_name(const char *name)
{
        return name && *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Reads aa{sv} to its end and adds its entries. */
static int read_entries(sd_bus_message *reply, GPtrArray *entries)
{
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (r >= 0) {
                FileEntry *entry = g_new0(FileEntry, 1);

                g_ptr_array_add(entries, entry);
                r = read_entry(reply, entry);
                if (r == 0) {
                        g_ptr_array_set_size(entries, (int) entries->len - 1);
                        break;
                }
                if (r > 0 && !is_file_name(entry->name))
                        r = -EBADMSG;
        }
        return r;
}

int container_file_list(const ContainerFile *file, const char *below, GPtrArray **ret, sd_bus_error *error)
{
        g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func(entry_free);
        FileOptions options = {.limit = ENTRIES_MAX};
        guint before;
        int r;

        do {
                _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

                before = entries->len;
                if (before > 0)
                        options.after = ((const FileEntry *) entries->pdata[before - 1])->name;
                r = call_for_file(file, "ReadDirectory", below, options, &reply, error);
                if (r < 0)
                        return r;
                r = read_entries(reply, entries);
                if (r < 0)
                        return ctl_bus_failure(r, error);
        } while (entries->len - before == ENTRIES_MAX);
        g_ptr_array_sort(entries, compare_entries);
        *ret = g_steal_pointer(&entries);
        return 0;
}

int container_file_open(const ContainerFile *file, const char *below, int *ret, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r, fd;

        r = call_for_file(file, "OpenFile", below, (FileOptions){}, &reply, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "h", &fd);
        if (r >= 0) {
                fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
                r = fd < 0 ? -errno : 0;
        }
        if (r < 0)
                return ctl_bus_failure(r, error);
        *ret = fd;
        return 0;
}

void file_entry_done(FileEntry *entry)
{
        g_clear_pointer(&entry->name, g_free);
        g_clear_pointer(&entry->type, g_free);
        g_clear_pointer(&entry->target, g_free);
}
