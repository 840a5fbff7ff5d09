/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One table says which words there are for a key, and which types of mounts take it. The words are those of the
 * container tools that people know: docker's and podman's --mount, and RUN --mount of a Dockerfile. A word that would
 * mean something else here is refused, never dropped: a misspelt "readonly" must not give a mount that can be written.
 */

#include "config.h"

#include "ctl/mount-option.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/field-list.h"
#include "ctl/quantities.h"
#include "util/cleanup.h"
#include "util/error.h"

#define OPTION "--mount"

static const char *const type_words[MOUNT_TYPES] = {
        [MOUNT_BIND] = "bind",   [MOUNT_IMAGE] = "image", [MOUNT_HOST] = "host",     [MOUNT_SCRATCH] = "scratch",
        [MOUNT_CACHE] = "cache", [MOUNT_TMPFS] = "tmpfs", [MOUNT_SECRET] = "secret", [MOUNT_SSH] = "ssh",
};

typedef enum Key {
        KEY_TYPE,
        KEY_DESTINATION,
        KEY_SOURCE,
        KEY_SEED,
        KEY_ID,
        KEY_SHARING,
        KEY_SELECTOR,
        KEY_READ_ONLY,
        KEY_WRITABLE,
        KEY_OUTPUT,
        KEY_SIZE,
        KEY_UID,
        KEY_GID,
        KEY_MODE,
        KEY_OPTIONAL,
        KEY_REQUIRED,
        KEYS,
} Key;

#define TYPE(type) (1U << MOUNT_##type)
#define FOLDERS    (TYPE(BIND) | TYPE(IMAGE) | TYPE(HOST) | TYPE(SCRATCH) | TYPE(CACHE))
#define GRANTS     (TYPE(SECRET) | TYPE(SSH))

/* The first word of a key is the one that errors and the manual name. */
static const struct {
        const char *words[4];
        unsigned types;
} keys[KEYS] = {
        [KEY_TYPE] = {{"type"}, ~0U},
        [KEY_DESTINATION] = {{"dst", "destination", "target"}, ~0U},
        [KEY_SOURCE] = {{"src", "source"}, TYPE(BIND) | TYPE(IMAGE) | TYPE(HOST)},
        [KEY_SEED] = {{"from"}, TYPE(CACHE)},
        [KEY_ID] = {{"id"}, TYPE(CACHE) | GRANTS},
        [KEY_SHARING] = {{"sharing"}, TYPE(CACHE)},
        [KEY_SELECTOR] = {{"selector", "image-subpath"}, TYPE(BIND) | TYPE(IMAGE) | TYPE(HOST) | TYPE(CACHE)},
        [KEY_READ_ONLY] = {{"ro", "readonly", "read-only"}, FOLDERS | TYPE(TMPFS)},
        [KEY_WRITABLE] = {{"rw"}, FOLDERS | TYPE(TMPFS)},
        [KEY_OUTPUT] = {{"output"}, FOLDERS},
        [KEY_SIZE] = {{"size", "tmpfs-size"}, TYPE(TMPFS)},
        [KEY_UID] = {{"uid"}, GRANTS},
        [KEY_GID] = {{"gid"}, GRANTS},
        [KEY_MODE] = {{"mode"}, GRANTS},
        [KEY_OPTIONAL] = {{"optional"}, GRANTS},
        [KEY_REQUIRED] = {{"required"}, GRANTS},
};

static Key find_key(const char *word)
{
        for (Key key = 0; key < KEYS; key++)
                for (size_t i = 0; i < G_N_ELEMENTS(keys[key].words) && keys[key].words[i]; i++)
                        if (strcmp(keys[key].words[i], word) == 0)
                                return key;
        return KEYS;
}

static int unknown_key(MountType type, const char *word, sd_bus_error *error)
{
        g_autoptr(GString) known = g_string_new(NULL);

        for (Key key = KEY_DESTINATION; key < KEYS; key++)
                if (keys[key].types & (1U << type))
                        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", keys[key].words[0]);
        return error_invalid(error, _("%s: type=%s has no key '%s'; it has %s"), OPTION, type_words[type], word,
                             known->str);
}

static int parse_type(const char *word, MountType *ret, sd_bus_error *error)
{
        g_autoptr(GString) known = g_string_new(NULL);

        for (MountType type = 0; type < MOUNT_TYPES; type++) {
                if (strcmp(type_words[type], word) == 0) {
                        *ret = type;
                        return 0;
                }
                g_string_append_printf(known, "%s%s", type > 0 ? ", " : "", type_words[type]);
        }
        if (strcmp(word, "volume") == 0)
                return error_invalid(error,
                                     _("%s: there are no volumes; type=cache,id=NAME is a folder that is kept, "
                                       "type=scratch an empty one"),
                                     OPTION);
        return error_invalid(error, _("%s: there is no type '%s'; there are %s"), OPTION, word, known->str);
}

/* The type comes first of all, wherever it stands. */
static int find_type(const GPtrArray *fields, const char *text, MountType *ret, sd_bus_error *error)
{
        for (guint i = 0; i < fields->len; i++) {
                const Field *field = fields->pdata[i];

                if (find_key(field->key) == KEY_TYPE)
                        return parse_type(field->value ?: "", ret, error);
        }
        return error_invalid(error, _("%s: '%s' has no type=, for example type=bind"), OPTION, text);
}

static int take_text(const Field *field, char **target, sd_bus_error *error)
{
        if (!field->value || !*field->value)
                return error_invalid(error, _("%s: %s needs a value"), OPTION, field->key);
        g_free(*target);
        *target = g_strdup(field->value);
        return 0;
}

static int take_number(const Field *field, unsigned base, uint32_t max, uint32_t *ret, bool *ret_has,
                       sd_bus_error *error)
{
        uint64_t number;
        int r;

        r = field_number(OPTION, field, base, max, &number, error);
        if (r < 0)
                return r;
        *ret = (uint32_t) number;
        *ret_has = true;
        return 0;
}

static int take_size(const Field *field, uint64_t *ret, sd_bus_error *error)
{
        uint64_t size;

        if (!field->value || quantity_parse_bytes(field->value, &size) < 0 || size == 0)
                return error_invalid(error, _("%s: %s takes a size such as 64m, not '%s'"), OPTION, field->key,
                                     field->value ?: "");
        *ret = size;
        return 0;
}

static int take_not(const Field *field, bool *ret, sd_bus_error *error)
{
        bool value;
        int r;

        r = field_bool(OPTION, field, &value, error);
        if (r < 0)
                return r;
        *ret = !value;
        return 0;
}

static int take_field(MountOption *mount, Key key, const Field *field, sd_bus_error *error)
{
        switch (key) {
        case KEY_DESTINATION:
                return take_text(field, &mount->destination, error);
        case KEY_SOURCE:
        case KEY_SEED:
                return take_text(field, &mount->source, error);
        case KEY_ID:
                return take_text(field, &mount->id, error);
        case KEY_SHARING:
                return take_text(field, &mount->sharing, error);
        case KEY_SELECTOR:
                return take_text(field, &mount->selector, error);
        case KEY_READ_ONLY:
                return field_bool(OPTION, field, &mount->read_only, error);
        case KEY_WRITABLE:
                return take_not(field, &mount->read_only, error);
        case KEY_OUTPUT:
                return field_bool(OPTION, field, &mount->output, error);
        case KEY_SIZE:
                return take_size(field, &mount->size, error);
        case KEY_UID:
                return take_number(field, 10, UINT32_MAX - 1, &mount->uid, &mount->has_uid, error);
        case KEY_GID:
                return take_number(field, 10, UINT32_MAX - 1, &mount->gid, &mount->has_gid, error);
        case KEY_MODE:
                return take_number(field, 8, 0777, &mount->mode, &mount->has_mode, error);
        case KEY_OPTIONAL:
                return field_bool(OPTION, field, &mount->optional, error);
        case KEY_REQUIRED:
                return take_not(field, &mount->optional, error);
        default:
                return 0;
        }
}

static int take_fields(MountOption *mount, const GPtrArray *fields, sd_bus_error *error)
{
        unsigned seen = 0;
        int r;

        for (guint i = 0; i < fields->len; i++) {
                const Field *field = fields->pdata[i];
                Key key = find_key(field->key), same;

                if (key == KEYS || !(keys[key].types & (1U << mount->type)))
                        return unknown_key(mount->type, field->key, error);
                /* What says the opposite is the same key, too. */
                same = key == KEY_WRITABLE ? KEY_READ_ONLY : key == KEY_REQUIRED ? KEY_OPTIONAL : key;
                if (seen & (1U << same))
                        return error_invalid(error, _("%s: the key %s is given twice"), OPTION, keys[same].words[0]);
                seen |= 1U << same;
                r = take_field(mount, key, field, error);
                if (r < 0)
                        return r;
        }
        /* Who mounts a folder expects to find there what was written, as with any container tool. */
        if ((mount->type == MOUNT_BIND || mount->type == MOUNT_HOST) && !(seen & (1U << KEY_OUTPUT)))
                mount->output = !mount->read_only;
        return 0;
}

static int missing_key(const MountOption *mount, Key key, sd_bus_error *error)
{
        return error_invalid(error, _("%s: type=%s needs %s="), OPTION, type_words[mount->type], keys[key].words[0]);
}

/* A secret without a place goes where other container tools have it; a cache is called as its place is. */
static int fill_in(MountOption *mount, sd_bus_error *error)
{
        if (mount->type == MOUNT_SSH && !mount->id)
                mount->id = g_strdup("default");
        if (mount->type == MOUNT_SECRET && !mount->id && mount->destination)
                mount->id = g_path_get_basename(mount->destination);
        if (mount->type == MOUNT_SECRET && !mount->id)
                return missing_key(mount, KEY_ID, error);
        if (!mount->destination && mount->type == MOUNT_SECRET)
                mount->destination = mount_option_secret_place(mount->id);
        if (!mount->destination && mount->type != MOUNT_SSH)
                return missing_key(mount, KEY_DESTINATION, error);
        if (mount->type == MOUNT_CACHE && !mount->id)
                mount->id = g_strdup(mount->destination);
        if (mount->type == MOUNT_BIND && !mount->source)
                return error_invalid(error, _("%s: type=bind needs src=; type=scratch is an empty folder"), OPTION);
        if ((mount->type == MOUNT_IMAGE || mount->type == MOUNT_HOST) && !mount->source)
                return missing_key(mount, KEY_SOURCE, error);
        return 0;
}

char *mount_option_secret_place(const char *id)
{
        return strchr(id, '/') ? NULL : g_strconcat("/run/secrets/", id, NULL);
}

int mount_option_parse(const char *text, MountOption **ret, sd_bus_error *error)
{
        g_autoptr(MountOption) mount = g_new0(MountOption, 1);
        g_autoptr(GPtrArray) fields = NULL;
        int r;

        r = field_list_parse(OPTION, text, &fields, error);
        if (r < 0)
                return r;
        r = find_type(fields, text, &mount->type, error);
        if (r < 0)
                return r;
        r = take_fields(mount, fields, error);
        if (r < 0)
                return r;
        r = fill_in(mount, error);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&mount);
        return 0;
}

MountOption *mount_option_free(MountOption *mount)
{
        if (!mount)
                return NULL;
        g_free(mount->destination);
        g_free(mount->source);
        g_free(mount->id);
        g_free(mount->sharing);
        g_free(mount->selector);
        g_free(mount);
        return NULL;
}
