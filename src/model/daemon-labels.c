/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/daemon-labels.h"

#include <string.h>

static GStrv look_up_word(const char *const *words, const char *word)
{
        return g_strv_contains(words, word) ? g_strdupv((char *[]){(char *) "true", NULL}) : NULL;
}

static GStrv look_up_label(GHashTable *labels, const char *key)
{
        char *value = g_hash_table_lookup(labels, key);

        return value ? g_strdupv((char *[]){value, NULL}) : NULL;
}

GStrv daemon_labels_lookup(const char *const *path, const void *userdata)
{
        const DaemonLabels *labels = userdata;
        g_autofree char *rest = g_strjoinv(".", (char **) path + 1);

        if (strcmp(path[0], "platform") == 0 && !path[1])
                return *labels->platforms ? g_strdupv((char **) labels->platforms) : NULL;
        if (strcmp(path[0], "net") == 0)
                return look_up_word(labels->net_modes, rest);
        if (strcmp(path[0], "feature") == 0)
                return look_up_word(labels->features, rest);
        if (strcmp(path[0], "labels") == 0)
                return look_up_label(labels->labels, rest);
        return NULL;
}

bool label_key_is_valid(const char *key)
{
        size_t length = strlen(key);

        if (length > LABEL_KEY_MAX || !g_ascii_isalnum(key[0]))
                return false;
        for (size_t i = 1; i < length; i++)
                if (!g_ascii_isalnum(key[i]) && !strchr("_.-/", key[i]))
                        return false;
        return true;
}

bool label_value_is_valid(const char *value)
{
        if (strlen(value) > LABEL_VALUE_MAX || !g_utf8_validate(value, -1, NULL))
                return false;
        for (const char *c = value; *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        return false;
        return true;
}
