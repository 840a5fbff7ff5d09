/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>
#include <systemd/sd-bus.h>

/*
 * The defaults of a container that an image's config has: env, entrypoint, cmd, user, working-dir.
 */

#define SETTINGS_MAX       2048U
#define SETTING_LENGTH_MAX 32768U

typedef struct Settings Settings;

/* Reads and checks them. The strings are borrowed from the config. Errors with a sentence: InvalidImage. */
int settings_read(JsonNode *config, Settings **ret, sd_bus_error *error);
Settings *settings_free(Settings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Settings, settings_free)

/* Tells the store. Errors: those of store_link_send(). */
int settings_send(const Settings *settings);
