/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * run: a container for one command. It is created with watch-bus, so it is released also when this program is killed.
 */

#include "config.h"

#include <glib/gi18n.h>
#include <string.h>

#include "ctl/attach.h"
#include "ctl/bus-call.h"
#include "ctl/create-options.h"
#include "ctl/report.h"
#include "ctl/start-options.h"
#include "util/cleanup.h"

typedef struct RunOptions {
        CreateOptions create;
        StartOptions start;
        const char *name;
} RunOptions;

static int take_option(RunOptions *run, int c, const char *value, sd_bus_error *error)
{
        int r;

        if (c == OPTION_NAME) {
                run->name = value;
                return 1;
        }
        r = create_options_take(&run->create, c, value, error);
        return r != 0 ? r : start_options_take(&run->start, c, value, error);
}

/* The first word is the image where no option says what the root is. An image may know its command itself. Returns
 * whether the words make sense. */
static bool take_words(RunOptions *run, int argc, char **argv, int *ret_status)
{
        if (!create_options_have_root(&run->create)) {
                if (optind == argc) {
                        *ret_status = option_usage(argv, _("the IMAGE is missing, or --rootfs DIR"));
                        return false;
                }
                create_options_take_root(&run->create, argv[optind++]);
                /* What getopt(3) leaves alone after the first word. */
                if (optind < argc && strcmp(argv[optind], "--") == 0)
                        optind++;
        }
        if (optind < argc || run->create.image)
                return true;
        *ret_status = option_usage(argv, _("the COMMAND is missing"));
        return false;
}

static bool parse_run(Ctl *ctl, RunOptions *run, int argc, char **argv, int *ret_status)
{
        static const struct option options[] = {OPTIONS_COMMON,
                                                OPTIONS_CREATE,
                                                OPTIONS_START,
                                                {"name", required_argument, NULL, OPTION_NAME},
                                                OPTIONS_END};
        int c, r;

        while ((c = getopt_long(argc, argv, "+" OPTIONS_SHORT OPTIONS_CREATE_SHORT OPTIONS_START_SHORT, options,
                                NULL)) >= 0) {
                _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

                r = take_option(run, c, optarg, &error);
                if (r < 0) {
                        *ret_status = report_failure(&error, r);
                        return true;
                }
                if (r == 0 && option_common(ctl, c, argv, ret_status))
                        return true;
        }
        return !take_words(run, argc, argv, ret_status);
}

/* The container is given back also after a failure; that failure is the one that counts. */
static int release(Ctl *ctl, const char *path, int status)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = ctl_call_simple(ctl, path, "Release", NULL, &error);
        if (r < 0)
                (void) report_failure(&error, r);
        return status;
}

/* What becomes a variable of the command is no file besides. */
static void use_variables(RunOptions *run)
{
        GHashTableIter iterator;
        gpointer id;

        g_hash_table_iter_init(&iterator, run->start.secret_env);
        while (g_hash_table_iter_next(&iterator, NULL, &id))
                create_options_use_as_variable(&run->create, id);
}

static int run_command(Ctl *ctl, const RunOptions *run, char **command)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(started_process_done) StartedProcess process = {.pty = -1};
        _cleanup_(signals_give_back) Signals signals = SIGNALS_INIT;
        g_autofree char *path = NULL;
        int r;

        r = create_options_call(ctl, &run->create, run->name ?: "", true, &path, &error);
        polkit_agent_stop(&ctl->agent);
        if (r < 0)
                return report_failure(&error, r);
        r = start_options_call(ctl, &run->start, path, "Start", command, &signals, &process, &error);
        return release(ctl, path, r < 0 ? report_failure(&error, r) : attach(ctl, path, &process, &signals));
}

int verb_run(Ctl *ctl, int argc, char **argv)
{
        RunOptions run = {};
        int status;

        create_options_init(&run.create);
        start_options_init(&run.start);
        if (!parse_run(ctl, &run, argc, argv, &status)) {
                use_variables(&run);
                status = run_command(ctl, &run, argv + optind);
        }
        create_options_done(&run.create);
        start_options_done(&run.start);
        return status;
}
