/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * create, pause, resume and release: what is done to a container as a whole.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>

#include "ctl/bus-call.h"
#include "ctl/create-options.h"
#include "ctl/report.h"
#include "util/cleanup.h"

/* Takes the words: [NAME] [IMAGE], the latter where no option says what the root is. Returns NULL, or what is wrong. */
static const char *take_words(CreateOptions *create, int argc, char **argv, const char **name)
{
        int words = argc - optind;

        if (!create_options_have_root(create)) {
                if (words == 0)
                        return _("the IMAGE is missing, or --rootfs DIR");
                words--;
                create_options_take_root(create, argv[argc - 1]);
        }
        if (words > 1 || (words == 1 && *name))
                return _("it takes one NAME");
        if (words == 1)
                *name = argv[optind];
        return NULL;
}

static bool parse_create(Ctl *ctl, CreateOptions *create, int argc, char **argv, const char **ret_name, int *ret_status)
{
        static const struct option options[] = {
                OPTIONS_COMMON, OPTIONS_CREATE, {"name", required_argument, NULL, OPTION_NAME}, OPTIONS_END};
        const char *name = NULL, *sentence;
        int c, r;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT OPTIONS_CREATE_SHORT, options, NULL)) >= 0) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                if (c == OPTION_NAME) {
                        name = optarg;
                        continue;
                }
                r = create_options_take(create, c, optarg, &error);
                if (r < 0) {
                        *ret_status = report_failure(&error, r);
                        return true;
                }
                if (r == 0 && option_common(ctl, c, argv, ret_status))
                        return true;
        }
        sentence = take_words(create, argc, argv, &name);
        if (sentence)
                *ret_status = option_usage(argv, sentence);
        *ret_name = name ?: "";
        return sentence;
}

static int create_container(Ctl *ctl, const CreateOptions *create, const char *name)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *path = NULL, *given = NULL;
        int r;

        r = create_options_call(ctl, create, name, false, &path, &error);
        if (r < 0)
                return report_failure(&error, r);
        /* A name that was made up is told. */
        given = ctl_container_name(path);
        if (!*name)
                puts(given ?: path);
        return report_flush();
}

int verb_create(Ctl *ctl, int argc, char **argv)
{
        CreateOptions create;
        const char *name;
        int status;

        create_options_init(&create);
        if (!parse_create(ctl, &create, argc, argv, &name, &status))
                status = create_container(ctl, &create, name);
        create_options_done(&create);
        return status;
}

static int call_one(Ctl *ctl, const char *name, const char *member)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autofree char *path = NULL;
        int r;

        r = ctl_find_container(ctl, name, &path, &error);
        if (r >= 0)
                r = ctl_call_simple(ctl, path, member, NULL, &error);
        return r < 0 ? report_failure(&error, r) : 0;
}

/* Calls member of each container that is named; one that fails does not keep it from the others. */
static int call_each(Ctl *ctl, int argc, char **argv, const char *member)
{
        static const struct option options[] = {OPTIONS_COMMON, OPTIONS_END};
        int c, status = 0, one;

        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                if (option_common(ctl, c, argv, &status))
                        return status;
        if (optind == argc)
                return option_usage(argv, _("the NAME is missing"));
        for (; optind < argc; optind++) {
                one = call_one(ctl, argv[optind], member);
                if (one != 0)
                        status = one;
        }
        return status;
}

int verb_pause(Ctl *ctl, int argc, char **argv)
{
        return call_each(ctl, argc, argv, "Pause");
}

int verb_resume(Ctl *ctl, int argc, char **argv)
{
        return call_each(ctl, argc, argv, "Resume");
}

int verb_release(Ctl *ctl, int argc, char **argv)
{
        return call_each(ctl, argc, argv, "Release");
}
