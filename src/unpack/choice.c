/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/choice.h"

#include <string.h>

#include "unpack/sentence.h"
#include "util/error.h"

#define LISTED_MAX 32U

typedef struct Candidate {
        Platform platform;
        bool has_platform;
        unsigned group;
        char *identity;
        void *data;
} Candidate;

struct Choice {
        GPtrArray *candidates;
};

static void candidate_free(void *data)
{
        Candidate *candidate = data;

        g_free(candidate->identity);
        g_free(candidate);
}

Choice *choice_new(void)
{
        Choice *choice = g_new0(Choice, 1);

        choice->candidates = g_ptr_array_new_with_free_func(candidate_free);
        return choice;
}

Choice *choice_free(Choice *choice)
{
        if (choice)
                g_ptr_array_unref(choice->candidates);
        g_free(choice);
        return NULL;
}

void choice_add(Choice *choice, const Platform *platform, unsigned group, const char *identity, void *data)
{
        Candidate *candidate = g_new0(Candidate, 1);

        candidate->has_platform = platform != NULL;
        if (platform)
                candidate->platform = *platform;
        candidate->group = group;
        candidate->identity = g_strdup(identity);
        candidate->data = data;
        g_ptr_array_add(choice->candidates, candidate);
}

unsigned choice_count(const Choice *choice)
{
        return choice->candidates->len;
}

static char *list(const Choice *choice)
{
        GString *text = g_string_new(NULL);

        for (unsigned i = 0; i < choice->candidates->len && i < LISTED_MAX; i++) {
                const Candidate *candidate = choice->candidates->pdata[i];
                g_autofree char *platform = platform_to_text(&candidate->platform);
                g_autofree char *name = sentence_name(platform);

                g_string_append_printf(text, "%s%s", i > 0 ? ", " : "",
                                       candidate->has_platform ? name : "one that says none");
        }
        if (choice->candidates->len > LISTED_MAX)
                g_string_append_printf(text, " and %u more", choice->candidates->len - LISTED_MAX);
        return g_string_free(text, FALSE);
}

static int set_error(const Choice *choice, const Platform *wanted, const char *problem, sd_bus_error *error)
{
        g_autofree char *there = list(choice), *platform = platform_to_text(wanted);

        return error_set(error, ERROR_INVALID_IMAGE, "%s platform %s; there are: %s", problem, platform, there);
}

int choice_make(const Choice *choice, const Platform *wanted, void **ret, Platform *ret_platform,
                bool *ret_has_platform, sd_bus_error *error)
{
        const Candidate *best = NULL;
        unsigned best_fit = 0;
        bool several = false;

        for (unsigned i = 0; i < choice->candidates->len; i++) {
                const Candidate *candidate = choice->candidates->pdata[i];
                unsigned fit = candidate->has_platform ? platform_fit(wanted, &candidate->platform) : 0;

                if (fit > best_fit) {
                        best = candidate;
                        best_fit = fit;
                        several = false;
                } else if (best && fit == best_fit && candidate->group != best->group &&
                           strcmp(candidate->identity, best->identity) != 0)
                        several = true;
        }
        if (!best && choice->candidates->len == 1) {
                best = choice->candidates->pdata[0];
                if (best->has_platform)
                        best = NULL;
        }
        if (!best)
                return set_error(choice, wanted, "There is no image for the", error);
        if (several)
                return set_error(choice, wanted, "There is more than one image, write an archive of one: for the",
                                 error);
        *ret = best->data;
        *ret_platform = best->platform;
        *ret_has_platform = best->has_platform;
        return 0;
}
