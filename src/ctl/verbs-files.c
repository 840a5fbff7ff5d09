/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * cp and ls: the files of a container, which need not run for it.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus-json.h"
#include "ctl/container-file.h"
#include "ctl/copy-out.h"
#include "ctl/file-listing.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "util/cleanup.h"

static int source_stat(void *data, const char *below, bool follow, FileEntry *ret, sd_bus_error *error)
{
        return container_file_stat(data, below, follow, ret, error);
}

static int source_list(void *data, const char *below, GPtrArray **ret, sd_bus_error *error)
{
        return container_file_list(data, below, ret, error);
}

static int source_open(void *data, const char *below, int *ret, sd_bus_error *error)
{
        return container_file_open(data, below, ret, error);
}

int verb_cp(Ctl *ctl, int argc, char **argv)
{
        static const struct option options[] = {OPTIONS_COMMON, OPTIONS_END};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(container_file_done) ContainerFile file = {};
        CopySource source = {.stat = source_stat, .list = source_list, .open = source_open, .data = &file};
        g_autofree char *container = NULL, *path = NULL, *name = NULL;
        const char *from, *to;
        bool contents;
        int c, r, status;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (option_common(ctl, c, argv, &status))
                        return status;
        if (argc - optind != 2)
                return option_usage(argv, _("it takes CONTAINER:PATH and DESTINATION"));
        from = argv[optind];
        to = argv[optind + 1];
        if (!container_file_split(from, &container, &path))
                return option_usage(argv, _("the first is to be CONTAINER:PATH; files are copied out of a container, "
                                            "not into it"));
        name = g_path_get_basename(path);
        contents = strcmp(path, "/") == 0 || g_str_has_suffix(from, "/.");
        r = container_file_find(ctl, from, &file, &error);
        if (r >= 0)
                r = copy_out(&source, name, contents, to, &error);
        return r < 0 ? report_failure(&error, r) : 0;
}

typedef struct ListOptions {
        bool long_lines;
        bool json;
} ListOptions;

/* JSON is UTF-8: where text is not, its odd bytes are replaced. */
static void set_text(JsonObject *object, const char *member, const char *text)
{
        g_autofree char *valid = g_utf8_make_valid(text, -1);

        json_object_set_string_member(object, member, valid);
}

static JsonObject *entry_to_object(const FileEntry *entry)
{
        JsonObject *object = json_object_new();

        set_text(object, "name", entry->name);
        json_object_set_string_member(object, "type", entry->type);
        json_object_set_int_member(object, "size", (gint64) entry->size);
        json_object_set_int_member(object, "mode", entry->mode & 07777);
        json_object_set_int_member(object, "uid", entry->uid);
        json_object_set_int_member(object, "gid", entry->gid);
        json_object_set_int_member(object, "mtime", entry->mtime);
        if (entry->target)
                set_text(object, "target", entry->target);
        return object;
}

static void print_json(const GPtrArray *entries)
{
        g_autoptr(JsonNode) node = json_node_alloc();
        g_autoptr(JsonArray) list = json_array_new();

        for (guint i = 0; i < entries->len; i++)
                json_array_add_object_element(list, entry_to_object(entries->pdata[i]));
        json_node_init_array(node, list);
        bus_json_print(node, TRUE);
}

static void print_long(const FileEntry *entry, const char *name)
{
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(entry->mtime / G_USEC_PER_SEC);
        g_autofree char *mode = listing_mode(entry->type, entry->mode),
                        *date = time ? g_date_time_format(time, "%Y-%m-%d %H:%M") : g_strdup("-"),
                        *target = entry->target ? listing_name(entry->target) : NULL;

        printf("%s %5u %5u %10" G_GUINT64_FORMAT " %-16s %s%s%s\n", mode, entry->uid, entry->gid, entry->size, date,
               name, target ? " -> " : "", target ?: "");
}

static void print_entries(const GPtrArray *entries, const ListOptions *options)
{
        bool terminal = isatty(STDOUT_FILENO);

        if (options->json) {
                print_json(entries);
                return;
        }
        for (guint i = 0; i < entries->len; i++) {
                const FileEntry *entry = entries->pdata[i];
                /* Alone, and not for people to look at, a name is what it is. */
                g_autofree char *name =
                        terminal || options->long_lines ? listing_name(entry->name) : g_strdup(entry->name);

                if (options->long_lines)
                        print_long(entry, name);
                else
                        puts(name);
        }
}

static void free_entry(void *data)
{
        file_entry_done(data);
        g_free(data);
}

/* What is in the folder, or the one file that is there. */
static int read_entries(const ContainerFile *file, const char *text, bool follow, GPtrArray **ret, sd_bus_error *error)
{
        FileEntry *entry = g_new0(FileEntry, 1);
        GPtrArray *entries;
        int r;

        r = container_file_stat(file, "", follow, entry, error);
        if (r < 0 || strcmp(entry->type, "directory") == 0) {
                free_entry(entry);
                return r < 0 ? r : container_file_list(file, "", ret, error);
        }
        g_free(entry->name);
        entry->name = g_strdup(strchr(text, ':') + 1);
        entries = g_ptr_array_new_with_free_func(free_entry);
        g_ptr_array_add(entries, entry);
        *ret = entries;
        return 0;
}

int verb_ls(Ctl *ctl, int argc, char **argv)
{
        static const struct option options[] = {OPTIONS_COMMON, {"json", no_argument, NULL, OPTION_JSON}, OPTIONS_END};
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(container_file_done) ContainerFile file = {};
        g_autoptr(GPtrArray) entries = NULL;
        ListOptions list = {};
        int c, r, status;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT "l", options, NULL)) >= 0)
                if (c == 'l')
                        list.long_lines = true;
                else if (c == OPTION_JSON)
                        list.json = true;
                else if (option_common(ctl, c, argv, &status))
                        return status;
        if (argc - optind != 1)
                return option_usage(argv, _("it takes one CONTAINER:PATH"));
        r = container_file_find(ctl, argv[optind], &file, &error);
        if (r >= 0)
                /* As ls(1) does: with -l a symlink itself is looked at, unless a slash says that it is a folder. */
                r = read_entries(&file, argv[optind], !list.long_lines || g_str_has_suffix(argv[optind], "/"), &entries,
                                 &error);
        if (r < 0)
                return report_failure(&error, r);
        print_entries(entries, &list);
        return report_flush();
}
