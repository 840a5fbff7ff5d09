/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/settings.h"

#include <string.h>

#include "unpack/document.h"
#include "unpack/sentence.h"
#include "unpack/store-link.h"
#include "util/error.h"

typedef struct Setting {
        const char *kind, *value;
} Setting;

struct Settings {
        GArray *array; /* Setting */
        char *working_dir;
};

Settings *settings_free(Settings *settings)
{
        if (!settings)
                return NULL;
        g_array_unref(settings->array);
        g_free(settings->working_dir);
        g_free(settings);
        return NULL;
}

static int add(Settings *settings, const char *kind, const char *value, sd_bus_error *error)
{
        const char *equals = strchr(value, '=');

        if (settings->array->len >= SETTINGS_MAX)
                return error_set(
                        error, ERROR_INVALID_IMAGE,
                        "The image's config has more than %u settings (env, entrypoint and cmd), which is the limit",
                        SETTINGS_MAX);
        if (strlen(value) > SETTING_LENGTH_MAX)
                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image's config has a setting (%s) of %zu bytes, and the limit is %u", kind,
                                 strlen(value), SETTING_LENGTH_MAX);
        if (strcmp(kind, "env") == 0 && (!equals || equals == value)) {
                g_autofree char *name = sentence_name(value);

                return error_set(error, ERROR_INVALID_IMAGE,
                                 "The image is malformed: its config has the variable '%s', which is not of the form "
                                 "NAME=VALUE",
                                 name);
        }
        g_array_append_vals(settings->array, &(Setting){kind, value}, 1);
        return 0;
}

static int add_strings(Settings *settings, JsonNode *node, const char *member, const char *kind, sd_bus_error *error)
{
        g_autoptr(GPtrArray) strings = NULL;
        int r = document_strings(node, member, "its config", &strings, error);

        for (unsigned i = 0; r >= 0 && i < strings->len; i++)
                r = add(settings, kind, strings->pdata[i], error);
        return r;
}

static int add_string(Settings *settings, JsonNode *node, const char *member, const char *kind, sd_bus_error *error)
{
        const char *string;
        int r = document_string(node, member, "its config", &string, error);

        if (r <= 0 || *string == '\0')
                return r;
        return add(settings, kind, string, error);
}

/* A relative one is meant from the root. */
static int add_working_dir(Settings *settings, JsonNode *node, sd_bus_error *error)
{
        const char *path;
        int r = document_string(node, "WorkingDir", "its config", &path, error);

        if (r <= 0 || *path == '\0')
                return r;
        if (*path == '/')
                return add(settings, "working-dir", path, error);
        settings->working_dir = g_strconcat("/", path, NULL);
        return add(settings, "working-dir", settings->working_dir, error);
}

int settings_read(JsonNode *config, Settings **ret, sd_bus_error *error)
{
        g_autoptr(Settings) settings = g_new0(Settings, 1);
        JsonNode *node;
        int r;

        settings->array = g_array_new(FALSE, FALSE, sizeof(Setting));
        r = document_object(config, "config", "its config", &node, error);
        if (r > 0) {
                r = add_strings(settings, node, "Env", "env", error);
                if (r >= 0)
                        r = add_strings(settings, node, "Entrypoint", "entrypoint", error);
                if (r >= 0)
                        r = add_strings(settings, node, "Cmd", "cmd", error);
                if (r >= 0)
                        r = add_string(settings, node, "User", "user", error);
                if (r >= 0)
                        r = add_working_dir(settings, node, error);
        }
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&settings);
        return 0;
}

int settings_send(const Settings *settings)
{
        for (unsigned i = 0; i < settings->array->len; i++) {
                const Setting *setting = &g_array_index(settings->array, Setting, i);
                int r = store_link_send("setting", setting->kind, setting->value);

                if (r < 0)
                        return r;
        }
        return 0;
}
