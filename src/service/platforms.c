/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/platforms.h"

#include "backend/binfmt.h"
#include "backend/processor.h"
#include "util/log.h"

struct Platforms {
        char *machine;
        bool runs_sibling;
        Binfmt *binfmt;
        ProcessorProbe *probe;
        PlatformList *list;
        PlatformsChanged changed;
        void *userdata;
};

static PlatformList *make_list(const Platforms *platforms)
{
        return platform_list_new(&(const PlatformFacts){
                .machine = platforms->machine,
                .level = processor_get_level(),
                .runs_sibling = platforms->runs_sibling,
                .foreign = binfmt_get(platforms->binfmt),
        });
}

static void update(Platforms *platforms)
{
        g_autoptr(PlatformList) list = make_list(platforms);

        if (g_strv_equal(platform_list_get(platforms->list), platform_list_get(list)))
                return;
        platform_list_free(platforms->list);
        platforms->list = g_steal_pointer(&list);
        if (platforms->changed)
                platforms->changed(platforms->userdata);
}

static void on_registry_changed(void *userdata)
{
        update(userdata);
}

static void on_probed(bool runs, void *userdata)
{
        Platforms *platforms = userdata;

        platforms->runs_sibling = runs;
        update(platforms);
}

/* A machine on which it can't be tried runs what it runs all the same. */
static void probe(Platforms *platforms, Reaper *reaper)
{
        Platform sibling;
        int r;

        if (!platform_get_sibling(platform_list_get_native(platforms->list), &sibling))
                return;
        r = processor_probe(reaper, sibling.architecture, on_probed, platforms, &platforms->probe);
        if (r < 0)
                log_warning("Whether programs for %s/%s can run can't be tried: %s", sibling.os, sibling.architecture,
                            g_strerror(-r));
}

int platforms_new(sd_event *event, Reaper *reaper, Platforms **ret)
{
        Platforms *platforms = g_new0(Platforms, 1);
        int r;

        r = binfmt_new(event, on_registry_changed, platforms, &platforms->binfmt);
        if (r < 0) {
                g_free(platforms);
                return r;
        }
        platforms->machine = processor_get_machine();
        platforms->list = make_list(platforms);
        probe(platforms, reaper);
        *ret = platforms;
        return 0;
}

Platforms *platforms_free(Platforms *platforms)
{
        if (!platforms)
                return NULL;
        processor_probe_free(platforms->probe);
        binfmt_free(platforms->binfmt);
        platform_list_free(platforms->list);
        g_free(platforms->machine);
        g_free(platforms);
        return NULL;
}

void platforms_set_listener(Platforms *platforms, PlatformsChanged changed, void *userdata)
{
        platforms->changed = changed;
        platforms->userdata = userdata;
}

const PlatformList *platforms_get(const Platforms *platforms)
{
        return platforms->list;
}
