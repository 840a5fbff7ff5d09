/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * images, tag and rmi: what there is in the store, and under which names.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/bus-json.h"
#include "ctl/list.h"
#include "ctl/options.h"
#include "ctl/quantities.h"
#include "ctl/report.h"
#include "util/cleanup.h"

/* A digest is shown this far, which is enough to tell images apart. */
#define DIGEST_SHOWN ((int) strlen("sha256:0123456789ab"))

/* What the daemon knows besides goes into the same object. */
static int read_details(sd_bus_message *reply, JsonObject *object)
{
        g_autoptr(JsonNode) node = NULL;
        g_autoptr(GList) names = NULL;
        JsonObject *details;
        int r;

        r = bus_json_read(reply, &node);
        if (r < 0)
                return r;
        details = json_node_get_object(node);
        names = json_object_get_members(details);
        for (GList *i = names; i; i = i->next)
                if (!json_object_has_member(object, i->data))
                        json_object_set_member(object, i->data,
                                               json_node_copy(json_object_get_member(details, i->data)));
        return 0;
}

static int read_image(sd_bus_message *reply, JsonArray *list)
{
        g_autoptr(JsonObject) object = json_object_new();
        const char *name, *digest;
        uint64_t created, size;
        uint32_t owner;
        int r, system;

        r = sd_bus_message_read(reply, "sbutts", &name, &system, &owner, &created, &size, &digest);
        if (r < 0)
                return r;
        json_object_set_string_member(object, "name", name);
        json_object_set_boolean_member(object, "system", system);
        json_object_set_int_member(object, "owner", owner);
        json_object_set_int_member(object, "created", (gint64) created);
        json_object_set_int_member(object, "size", (gint64) size);
        json_object_set_string_member(object, "digest", digest);
        r = read_details(reply, object);
        if (r < 0)
                return r;
        json_array_add_object_element(list, g_steal_pointer(&object));
        return 0;
}

static int read_images(sd_bus_message *reply, JsonArray *list)
{
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "(sbuttsa{sv})");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(reply, 'r', "sbuttsa{sv}")) > 0) {
                r = read_image(reply, list);
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(reply);
                if (r < 0)
                        return r;
        }
        return r;
}

/* What is not known of an image is not told. */
static const char *get_platform(JsonObject *object)
{
        return json_object_has_member(object, "platform") ? json_object_get_string_member(object, "platform") : "-";
}

static void print_image(JsonObject *object, int width, int platform_width)
{
        g_autoptr(GDateTime) created = g_date_time_new_from_unix_local(json_object_get_int_member(object, "created"));
        g_autofree char *date = created ? g_date_time_format(created, "%Y-%m-%d %H:%M") : g_strdup("-"),
                        *size = quantity_format_size((uint64_t) json_object_get_int_member(object, "size")),
                        *owner = json_object_get_boolean_member(object, "system")
                                         ? g_strdup("system")
                                         : g_strdup_printf("%" G_GINT64_FORMAT,
                                                           json_object_get_int_member(object, "owner"));

        printf("%-*s %-10s %-16s %7s %-*s %.*s\n", width, json_object_get_string_member(object, "name"), owner, date,
               size, platform_width, get_platform(object), DIGEST_SHOWN,
               json_object_get_string_member(object, "digest"));
}

static void print_images(JsonArray *list)
{
        int width = (int) strlen("IMAGE"), platform_width = (int) strlen("PLATFORM");

        for (guint i = 0; i < json_array_get_length(list); i++) {
                JsonObject *object = json_array_get_object_element(list, i);

                width = MAX(width, (int) strlen(json_object_get_string_member(object, "name")));
                platform_width = MAX(platform_width, (int) strlen(get_platform(object)));
        }
        printf("%-*s %-10s %-16s %7s %-*s %s\n", width, "IMAGE", "OWNER", "CREATED", "SIZE", platform_width, "PLATFORM",
               "DIGEST");
        for (guint i = 0; i < json_array_get_length(list); i++)
                print_image(json_array_get_object_element(list, i), width, platform_width);
}

int verb_images(Ctl *ctl, int argc, char **argv)
{
        return list_run(ctl, argc, argv, &(const ListVerb){"ListImages", read_images, print_images});
}

/* Parses [--system]. Returns true where the verb is over. */
static bool parse_system_option(Ctl *ctl, int argc, char **argv, bool *ret_system, int *ret_status)
{
        static const struct option options[] = {
                OPTIONS_COMMON, {"system", no_argument, NULL, OPTION_SYSTEM}, OPTIONS_END};
        int c;

        *ret_system = false;
        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (c == OPTION_SYSTEM)
                        *ret_system = true;
                else if (option_common(ctl, c, argv, ret_status))
                        return true;
        return false;
}

/* Calls member with these names; new_name may be NULL. */
static int call_for_image(Ctl *ctl, const char *member, const char *name, const char *new_name, bool system)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = ctl_connect(ctl, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, NULL, member, &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", name);
        if (r >= 0 && new_name)
                r = sd_bus_message_append(message, "s", new_name);
        if (r >= 0)
                r = system ? sd_bus_message_append(message, "a{sv}", 1, "system", "b", true)
                           : sd_bus_message_append(message, "a{sv}", 0);
        if (r >= 0) {
                ctl_offer_agent(ctl);
                r = ctl_call(ctl, message, NULL, &error);
        }
        return r < 0 ? report_failure(&error, r) : 0;
}

int verb_tag(Ctl *ctl, int argc, char **argv)
{
        bool system;
        int status;

        if (parse_system_option(ctl, argc, argv, &system, &status))
                return status;
        if (argc - optind != 2)
                return option_usage(argv, _("it takes IMAGE and NEW_NAME"));
        return call_for_image(ctl, "TagImage", argv[optind], argv[optind + 1], system);
}

/* One that can't be removed does not keep it from the others. */
int verb_rmi(Ctl *ctl, int argc, char **argv)
{
        int status = 0, one;
        bool system;

        if (parse_system_option(ctl, argc, argv, &system, &status))
                return status;
        if (optind == argc)
                return option_usage(argv, _("the IMAGE is missing"));
        for (; optind < argc; optind++) {
                one = call_for_image(ctl, "RemoveImage", argv[optind], NULL, system);
                if (one != 0)
                        status = one;
        }
        return status;
}
