/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/platform-list.h"

#include <string.h>

#include "util/error.h"

#define LEVEL_MAX 4U
/* Where the variants of arm begin that Linux runs. */
#define ARM_FIRST 5U

struct PlatformList {
        GArray *platforms; /* Platform, the machine's own first */
        GPtrArray *texts;  /* the same, and NULL */
};

static const struct {
        const char *architecture, *sibling, *variant;
} siblings[] = {{"amd64", "386", ""}, {"arm64", "arm", "v7"}};

bool platform_get_sibling(const Platform *native, Platform *ret)
{
        for (size_t i = 0; i < G_N_ELEMENTS(siblings); i++)
                if (strcmp(siblings[i].architecture, native->architecture) == 0) {
                        platform_set(ret, native->os, siblings[i].sibling, siblings[i].variant);
                        return true;
                }
        return false;
}

static bool runs(const PlatformList *list, const Platform *platform)
{
        for (guint i = 0; i < list->platforms->len; i++)
                if (platform_fit(&g_array_index(list->platforms, Platform, i), platform) > 0)
                        return true;
        return false;
}

static void add(PlatformList *list, const char *architecture, const char *variant)
{
        Platform platform;

        platform_set(&platform, "linux", architecture, variant);
        g_array_append_val(list->platforms, platform);
}

/* A platform with its lesser or greater variants, as far as those are numbers. */
static void add_family(PlatformList *list, const Platform *platform, unsigned level)
{
        bool is_arm = strcmp(platform->architecture, "arm") == 0;
        guint64 number = 0;

        add(list, platform->architecture, platform->variant);
        if (strcmp(platform->architecture, "amd64") == 0)
                for (unsigned i = 2; i <= MIN(level, LEVEL_MAX); i++) {
                        const char variant[] = {'v', (char) ('0' + i), '\0'};

                        add(list, "amd64", variant);
                }
        if (is_arm && g_ascii_string_to_unsigned(platform->variant + 1, 10, ARM_FIRST, 9, &number, NULL))
                while (--number >= ARM_FIRST) {
                        const char variant[] = {'v', (char) ('0' + number), '\0'};

                        add(list, "arm", variant);
                }
}

static int compare(gconstpointer a, gconstpointer b)
{
        return strcmp(((const Platform *) a)->architecture, ((const Platform *) b)->architecture);
}

static void add_foreign(PlatformList *list, const GArray *foreign)
{
        g_autoptr(GArray) sorted = NULL;

        if (!foreign || foreign->len == 0)
                return;
        sorted = g_array_copy((GArray *) foreign);
        g_array_sort(sorted, compare);
        for (guint i = 0; i < sorted->len; i++) {
                const Platform *platform = &g_array_index(sorted, Platform, i);

                if (!runs(list, platform))
                        add_family(list, platform, 0);
        }
}

PlatformList *platform_list_new(const PlatformFacts *facts)
{
        PlatformList *list = g_new0(PlatformList, 1);
        Platform native, sibling;

        list->platforms = g_array_new(FALSE, FALSE, sizeof(Platform));
        list->texts = g_ptr_array_new_with_free_func(g_free);
        platform_set_machine(&native, facts->machine);
        add_family(list, &native, facts->level);
        if (facts->runs_sibling && platform_get_sibling(&native, &sibling))
                add_family(list, &sibling, 0);
        add_foreign(list, facts->foreign);
        for (guint i = 0; i < list->platforms->len; i++)
                g_ptr_array_add(list->texts, platform_to_text(&g_array_index(list->platforms, Platform, i)));
        g_ptr_array_add(list->texts, NULL);
        return list;
}

PlatformList *platform_list_free(PlatformList *list)
{
        if (!list)
                return NULL;
        g_array_unref(list->platforms);
        g_ptr_array_unref(list->texts);
        g_free(list);
        return NULL;
}

const char *const *platform_list_get(const PlatformList *list)
{
        return (const char *const *) list->texts->pdata;
}

const Platform *platform_list_get_native(const PlatformList *list)
{
        return &g_array_index(list->platforms, Platform, 0);
}

int platform_list_check(const PlatformList *list, const Platform *platform, sd_bus_error *error)
{
        const Platform *native = platform_list_get_native(list);
        g_autofree char *text = NULL, *all = NULL;
        const char *advice;
        Platform sibling;

        if (runs(list, platform))
                return 0;
        text = platform_to_text(platform);
        all = g_strjoinv(", ", (GStrv) list->texts->pdata);
        if (strcmp(platform->architecture, native->architecture) == 0)
                advice = "this machine's processor is not known to have that variant";
        else if (platform_get_sibling(native, &sibling) && strcmp(platform->architecture, sibling.architecture) == 0)
                advice = "this needs a processor and a kernel that run 32-bit programs, or an emulator that is "
                         "registered with binfmt_misc and the flag F";
        else
                advice = "to have more, install an emulator that registers itself with binfmt_misc and the flag F: "
                         "the package qemu-user-static on Debian and Fedora";
        return error_set(error, ERROR_PLATFORM_NOT_SUPPORTED,
                         "Programs for the platform %s can't run here, only those for %s; %s", text, all, advice);
}
