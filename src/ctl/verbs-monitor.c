/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * monitor: prints the daemon's signals as they come. They are sent to this connection alone, so no match rule is
 * needed, but every program on the bus may send it a signal: only what comes from the owner of org.gangway1 counts.
 * When the daemon goes, a new one knows of no subscription, so the name is watched and the subscription renewed.
 */

#include "config.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/bus-json.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "util/cleanup.h"

#define OWNER_CHANGED                                                                                                  \
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"                                    \
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" CTL_SERVICE "'"

typedef struct Monitor {
        Ctl *ctl;
        char *path;  /* NULL: every container */
        char *owner; /* unique name of the daemon */
        bool json;
        int status;
} Monitor;

static void print_member(JsonObject *object, const char *key, JsonNode *node, gpointer userdata)
{
        g_autofree char *text = NULL;

        if (strcmp(key, "event") == 0 || strcmp(key, "container") == 0 || strcmp(key, "path") == 0)
                return;
        if (json_node_get_value_type(node) == G_TYPE_STRING)
                printf(" %s=%s", key, json_node_get_string(node));
        else {
                text = json_to_string(node, FALSE);
                printf(" %s=%s", key, text);
        }
}

/* Takes event over. */
static int print_event(Monitor *m, JsonObject *event)
{
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

        json_node_take_object(node, event);
        if (m->json)
                bus_json_print(node, FALSE);
        else {
                printf("%s %s", json_object_get_string_member(event, "event"),
                       json_object_get_string_member(event, "container"));
                json_object_foreach_member(event, print_member, NULL);
                putchar('\n');
        }
        m->status = report_flush();
        return m->status;
}

static JsonObject *event_new(const char *event, const char *path)
{
        g_autofree char *name = ctl_container_name(path);
        JsonObject *object = json_object_new();

        json_object_set_string_member(object, "event", event);
        json_object_set_string_member(object, "container", name ?: path);
        json_object_set_string_member(object, "path", path);
        return object;
}

static int add_values(sd_bus_message *message, JsonObject *event)
{
        g_autoptr(JsonNode) node = NULL;
        g_autoptr(GList) names = NULL;
        JsonObject *values;
        int r;

        r = bus_json_read(message, &node);
        if (r < 0)
                return r;
        values = json_node_get_object(node);
        names = json_object_get_members(values);
        for (GList *i = names; i; i = i->next) {
                g_autofree char *key = bus_json_key(i->data);

                json_object_set_member(event, key, json_node_copy(json_object_get_member(values, i->data)));
        }
        return 0;
}

static int on_container_signal(Monitor *m, sd_bus_message *message, const char *event)
{
        const char *name, *path;
        int r;

        r = sd_bus_message_read(message, "so", &name, &path);
        if (r < 0)
                return r;
        return m->path && strcmp(m->path, path) != 0 ? 0 : print_event(m, event_new(event, path));
}

static int on_process_exited(Monitor *m, sd_bus_message *message)
{
        g_autoptr(JsonObject) event = NULL;
        const char *process;
        uint32_t status;
        int r;

        r = sd_bus_message_read(message, "su", &process, &status);
        if (r < 0)
                return r;
        event = event_new("process-exited", sd_bus_message_get_path(message));
        json_object_set_string_member(event, "process", process);
        json_object_set_int_member(event, "exit-code", status);
        r = add_values(message, event);
        return r < 0 ? r : print_event(m, g_steal_pointer(&event));
}

static int on_properties_changed(Monitor *m, sd_bus_message *message)
{
        g_autoptr(JsonObject) event = NULL;
        const char *interface;
        int r;

        r = sd_bus_message_read(message, "s", &interface);
        if (r < 0)
                return r;
        event = event_new("changed", sd_bus_message_get_path(message));
        r = add_values(message, event);
        return r < 0 ? r : print_event(m, g_steal_pointer(&event));
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        const char *sender = sd_bus_message_get_sender(message);
        Monitor *m = userdata;

        if (!sender || !m->owner || strcmp(sender, m->owner) != 0)
                return 0;
        if (sd_bus_message_is_signal(message, CTL_MANAGER, "ContainerNew"))
                (void) on_container_signal(m, message, "container-new");
        else if (sd_bus_message_is_signal(message, CTL_MANAGER, "ContainerRemoved"))
                (void) on_container_signal(m, message, "container-removed");
        else if (m->path && g_strcmp0(m->path, sd_bus_message_get_path(message)) != 0)
                return 0;
        else if (sd_bus_message_is_signal(message, CTL_CONTAINER, "ProcessExited"))
                (void) on_process_exited(m, message);
        else if (sd_bus_message_is_signal(message, "org.freedesktop.DBus.Properties", "PropertiesChanged"))
                (void) on_properties_changed(m, message);
        return 0;
}

static int subscribe(Monitor *m, sd_bus_error *error)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = ctl_call_simple(m->ctl, NULL, "Subscribe", &reply, error);
        if (r < 0)
                return r;
        g_free(m->owner);
        m->owner = g_strdup(sd_bus_message_get_sender(reply));
        return 0;
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *name, *old_owner, *new_owner;
        Monitor *m = userdata;
        int r;

        r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);
        if (r < 0 || g_strcmp0(new_owner, m->owner) == 0)
                return 0;
        if (!*new_owner) {
                report(_("%s went away"), CTL_SERVICE);
                return 0;
        }
        r = subscribe(m, &error);
        if (r < 0)
                m->status = report_failure(&error, r);
        else
                report(_("%s came back"), CTL_SERVICE);
        return 0;
}

static int monitor_run(Monitor *m, sd_bus_error *error)
{
        sd_bus *bus = m->ctl->bus;
        int r;

        if ((r = sd_bus_add_filter(bus, NULL, on_message, m)) < 0 ||
            (r = sd_bus_add_match(bus, NULL, OWNER_CHANGED, on_owner_changed, m)) < 0)
                return ctl_bus_failure(r, error);
        r = subscribe(m, error);
        if (r < 0)
                return r;
        report(_("watching, end with Ctrl-C"));
        while (m->status == 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return ctl_bus_failure(r, error);
        }
        return 0;
}

/* The path that a container of this name has or will have. The owner stands there as it is, only names are escaped. */
static int path_of_name(const char *name, char **ret)
{
        g_autofree char *prefix = NULL;
        const char *slash = strchr(name, '/');

        if (slash)
                prefix = g_strdup_printf(CTL_ROOT "/container/%.*s", (int) (slash - name), name);
        else
                prefix = g_strdup_printf(CTL_ROOT "/container/%u", geteuid());
        return sd_bus_path_encode(prefix, slash ? slash + 1 : name, ret);
}

static bool parse_monitor(Monitor *m, int argc, char **argv, int *ret_status)
{
        static const struct option options[] = {OPTIONS_COMMON, {"json", no_argument, NULL, OPTION_JSON}, OPTIONS_END};
        int c, r;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (c == OPTION_JSON)
                        m->json = true;
                else if (option_common(m->ctl, c, argv, ret_status))
                        return true;
        if (argc - optind > 1) {
                *ret_status = option_usage(argv, _("it takes one NAME at most"));
                return true;
        }
        if (optind == argc)
                return false;
        r = path_of_name(argv[optind], &m->path);
        if (r < 0)
                *ret_status = report_failure(NULL, r);
        return r < 0;
}

int verb_monitor(Ctl *ctl, int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        Monitor m = {.ctl = ctl};
        int r, status;

        if (!parse_monitor(&m, argc, argv, &status)) {
                r = ctl_connect(ctl, &error);
                if (r >= 0)
                        r = monitor_run(&m, &error);
                status = r < 0 ? report_failure(&error, r) : m.status;
        }
        free(m.path);
        g_free(m.owner);
        return status;
}
