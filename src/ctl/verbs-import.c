/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * import, pull, commit and prune: what takes its time, and is followed to its end.
 */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <stdio.h>
#include <string.h>

#include "ctl/bus-call.h"
#include "ctl/container-file.h"
#include "ctl/operation.h"
#include "ctl/options.h"
#include "ctl/quantities.h"
#include "ctl/report.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct ImageOptions {
        const char *platform;
        const char *name;
        bool system;
} ImageOptions;

static const struct option import_options[] = {OPTIONS_COMMON,
                                               {"system", no_argument, NULL, OPTION_SYSTEM},
                                               {"platform", required_argument, NULL, OPTION_PLATFORM},
                                               OPTIONS_END};
static const struct option pull_options[] = {OPTIONS_COMMON,
                                             {"system", no_argument, NULL, OPTION_SYSTEM},
                                             {"platform", required_argument, NULL, OPTION_PLATFORM},
                                             {"name", required_argument, NULL, OPTION_NAME},
                                             OPTIONS_END};

static const struct option commit_options[] = {
        OPTIONS_COMMON, {"system", no_argument, NULL, OPTION_SYSTEM}, OPTIONS_END};

/* Returns true where the verb is over. */
static bool parse_image_options(Ctl *ctl, int argc, char **argv, const struct option *options, ImageOptions *ret,
                                int *ret_status)
{
        int c;

        *ret = (ImageOptions){};
        while ((c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                switch (c) {
                case OPTION_SYSTEM:
                        ret->system = true;
                        break;
                case OPTION_PLATFORM:
                        ret->platform = optarg;
                        break;
                case OPTION_NAME:
                        ret->name = optarg;
                        break;
                default:
                        if (option_common(ctl, c, argv, ret_status))
                                return true;
                }
        return false;
}

static int append_image_options(sd_bus_message *message, const ImageOptions *options)
{
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        if ((options->system && (r = sd_bus_message_append(message, "{sv}", "system", "b", true)) < 0) ||
            (options->platform &&
             (r = sd_bus_message_append(message, "{sv}", "platform", "s", options->platform)) < 0) ||
            (options->name && (r = sd_bus_message_append(message, "{sv}", "name", "s", options->name)) < 0))
                return r;
        return sd_bus_message_close_container(message);
}

/* What became of an image, on standard output. */
static int run_and_print_image(Ctl *ctl, sd_bus_message *message, const char *label)
{
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *result = NULL;
        g_autofree char *size = NULL;
        const char *digest;
        uint64_t skipped;
        int status;

        status = operation_run(ctl, message, label, &result);
        if (status != 0)
                return status;
        skipped = result_number(result, "skipped-devices");
        if (skipped > 0)
                report(_("device nodes that were left out: %u"), (unsigned) skipped);
        size = quantity_format_size(result_number(result, "size"));
        printf("%s %s", result_text(result, "image") ?: "", size);
        digest = result_text(result, "digest");
        if (digest && *digest)
                printf(" %s", digest);
        putchar('\n');
        return report_flush();
}

/* Opens what is to be imported; "-" is standard input. */
static int open_source(const char *path, int *ret, sd_bus_error *error)
{
        bool standard_input = strcmp(path, "-") == 0;
        int fd, r;

        if (standard_input && isatty(STDIN_FILENO))
                return error_invalid(error, _("standard input is a terminal; an archive is to come from it"));
        fd = standard_input ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
                r = -errno;
                sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, _("can't open '%s': %s"), path, g_strerror(-r));
                return r;
        }
        *ret = fd;
        return 0;
}

int verb_import(Ctl *ctl, int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_close_ int source = -1;
        g_autofree char *label = NULL;
        ImageOptions options;
        int r, status;

        if (parse_image_options(ctl, argc, argv, import_options, &options, &status))
                return status;
        if (argc - optind != 2)
                return option_usage(argv, _("it takes IMAGE and FILE"));
        r = open_source(argv[optind + 1], &source, &error);
        if (r >= 0)
                r = ctl_connect(ctl, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, NULL, "ImportImage", &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "sh", argv[optind], source);
        if (r >= 0)
                r = append_image_options(message, &options);
        if (r < 0)
                return report_failure(&error, r);
        label = g_strdup_printf(_("importing %s"), argv[optind]);
        return run_and_print_image(ctl, message, label);
}

int verb_pull(Ctl *ctl, int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        g_autofree char *label = NULL;
        ImageOptions options;
        int r, status;

        if (parse_image_options(ctl, argc, argv, pull_options, &options, &status))
                return status;
        if (argc - optind != 1)
                return option_usage(argv, _("it takes one REFERENCE"));
        r = ctl_connect(ctl, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, NULL, "PullImage", &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "s", argv[optind]);
        if (r >= 0)
                r = append_image_options(message, &options);
        if (r < 0)
                return report_failure(&error, r);
        label = g_strdup_printf(_("pulling %s"), argv[optind]);
        return run_and_print_image(ctl, message, label);
}

int verb_commit(Ctl *ctl, int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        g_autofree char *container = NULL, *mount = NULL, *path = NULL, *label = NULL;
        ImageOptions options;
        uint32_t index;
        int r, status;

        if (parse_image_options(ctl, argc, argv, commit_options, &options, &status))
                return status;
        if (argc - optind != 2)
                return option_usage(argv, _("it takes CONTAINER or CONTAINER:PATH, and IMAGE"));
        /* Without a path it is the root. */
        if (!container_file_split(argv[optind], &container, &mount)) {
                container = g_strdup(argv[optind]);
                mount = g_strdup("/");
        }
        r = ctl_find_container(ctl, container, &path, &error);
        if (r >= 0)
                r = container_mount_at(ctl, path, mount, &index, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, path, "Commit", &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "us", index, argv[optind + 1]);
        if (r >= 0)
                r = append_image_options(message, &options);
        if (r < 0)
                return report_failure(&error, r);
        label = g_strdup_printf(_("committing %s"), argv[optind + 1]);
        return run_and_print_image(ctl, message, label);
}

typedef struct PruneOptions {
        uint64_t older_than; /* microseconds */
        uint64_t keep;       /* bytes */
        bool all_users;
} PruneOptions;

static bool parse_prune(Ctl *ctl, int argc, char **argv, PruneOptions *prune, int *ret_status)
{
        static const struct option options[] = {OPTIONS_COMMON,
                                                {"older-than", required_argument, NULL, OPTION_OLDER_THAN},
                                                {"keep", required_argument, NULL, OPTION_KEEP},
                                                {"all-users", no_argument, NULL, OPTION_ALL_USERS},
                                                OPTIONS_END};
        const char *sentence = NULL;
        int c;

        while (!sentence && (c = getopt_long(argc, argv, OPTIONS_SHORT, options, NULL)) >= 0)
                switch (c) {
                case OPTION_OLDER_THAN:
                        if (quantity_parse_time_span(optarg, &prune->older_than) < 0)
                                sentence = _("--older-than takes a time such as 7d or 12h");
                        break;
                case OPTION_KEEP:
                        if (quantity_parse_bytes(optarg, &prune->keep) < 0)
                                sentence = _("--keep takes a size such as 10G");
                        break;
                case OPTION_ALL_USERS:
                        prune->all_users = true;
                        break;
                default:
                        if (option_common(ctl, c, argv, ret_status))
                                return true;
                }
        if (!sentence && optind < argc)
                sentence = _("it takes no NAME");
        if (sentence)
                *ret_status = option_usage(argv, sentence);
        return sentence;
}

int verb_prune(Ctl *ctl, int argc, char **argv)
{
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL, *result = NULL;
        g_autofree char *freed = NULL;
        PruneOptions prune = {};
        int r, status;

        if (parse_prune(ctl, argc, argv, &prune, &status))
                return status;
        r = ctl_connect(ctl, &error);
        if (r >= 0)
                r = ctl_new_call(ctl, NULL, "Prune", &message, &error);
        if (r >= 0)
                r = sd_bus_message_append(message, "a{sv}", 3, "older-than", "t", prune.older_than / G_USEC_PER_SEC,
                                          "keep-bytes", "t", prune.keep, "all-users", "b", prune.all_users);
        if (r < 0)
                return report_failure(&error, r);
        status = operation_run(ctl, message, _("pruning"), &result);
        if (status != 0)
                return status;
        freed = quantity_format_size(result_number(result, "freed"));
        printf(_("freed %s; layers: %u, caches: %u\n"), freed, (unsigned) result_number(result, "layers"),
               (unsigned) result_number(result, "caches"));
        return report_flush();
}
