/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/decode-image.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "model/image-name.h"
#include "service/decode.h"
#include "util/cleanup.h"
#include "util/error.h"

static int read_system(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((ImageRequest *) target)->system);
}

static int read_platform(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_platform(m, &((ImageRequest *) target)->platform, error);
}

static int read_name_option(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_string(m, &((ImageRequest *) target)->name);
}

static int read_older_than(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return sd_bus_message_read(m, "t", &((ImageRequest *) target)->older_than);
}

static int read_keep_bytes(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return sd_bus_message_read(m, "t", &((ImageRequest *) target)->keep_bytes);
}

static int read_all_users(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((ImageRequest *) target)->all_users);
}

static int read_options(sd_bus_message *m, ImageRequest *request, sd_bus_error *error)
{
        static const OptionRow of_import[] = {
                {"system", "b", read_system}, {"platform", "s", read_platform}, {NULL, NULL, NULL}};
        static const OptionRow of_pull[] = {{"system", "b", read_system},
                                            {"platform", "s", read_platform},
                                            {"name", "s", read_name_option},
                                            {NULL, NULL, NULL}};
        static const OptionRow of_tag[] = {{"system", "b", read_system}, {NULL, NULL, NULL}};
        static const OptionRow of_prune[] = {{"older-than", "t", read_older_than},
                                             {"keep-bytes", "t", read_keep_bytes},
                                             {"all-users", "b", read_all_users},
                                             {NULL, NULL, NULL}};
        static const OptionRow *const rows[] = {
                [IMAGE_IMPORT] = of_import, [IMAGE_PULL] = of_pull,   [IMAGE_TAG] = of_tag,
                [IMAGE_REMOVE] = of_tag,    [IMAGE_PRUNE] = of_prune,
        };

        return decode_options(m, "option", rows[request->verb], request, error);
}

static int check_name(const char *name, sd_bus_error *error)
{
        return image_name_is_valid(name)
                       ? 0
                       : error_invalid(error, "'%.260s' can't be an image's name, which is " IMAGE_NAME_RULE, name);
}

static int read_name(sd_bus_message *m, char **target, sd_bus_error *error)
{
        int r = decode_string(m, target);

        return r < 0 ? r : check_name(*target, error);
}

/* Only what can be said without asking the file system's server, which may be the caller's own and not answer. */
static int read_source(sd_bus_message *m, ImageRequest *request, sd_bus_error *error)
{
        struct statx st;
        int flags;

        request->source = decode_fd(m);
        if (request->source < 0)
                return request->source;
        flags = fcntl(request->source, F_GETFL);
        if (flags < 0 || statx(request->source, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0)
                return -errno;
        if (!S_ISREG(st.stx_mode) && !S_ISFIFO(st.stx_mode) && !S_ISDIR(st.stx_mode))
                return error_invalid(error, "The source is neither a regular file nor a pipe nor a folder");
        if (flags & O_PATH || (flags & O_ACCMODE) == O_WRONLY)
                return error_invalid(error, "The source is not open for reading");
        return 0;
}

static int read_reference(sd_bus_message *m, ImageRequest *request, sd_bus_error *error)
{
        int r = decode_string(m, &request->reference);

        if (r < 0)
                return r;
        if (!image_reference_is_valid(request->reference))
                return error_invalid(error,
                                     "'%.260s' can't be fetched; a reference is HOST[:PORT]/PATH[:TAG][@DIGEST], "
                                     "without a transport before it",
                                     request->reference);
        request->name = g_strdup(request->reference);
        return 0;
}

static int read_arguments(sd_bus_message *m, ImageRequest *request, sd_bus_error *error)
{
        int r;

        switch (request->verb) {
        case IMAGE_IMPORT:
                r = read_name(m, &request->name, error);
                return r < 0 ? r : read_source(m, request, error);
        case IMAGE_PULL:
                return read_reference(m, request, error);
        case IMAGE_TAG:
                r = read_name(m, &request->name, error);
                return r < 0 ? r : read_name(m, &request->new_name, error);
        case IMAGE_REMOVE:
                return read_name(m, &request->name, error);
        case IMAGE_PRUNE:
                return 0;
        }
        return -EINVAL;
}

int decode_image(sd_bus_message *m, ImageVerb verb, ImageRequest **ret, sd_bus_error *error)
{
        g_autoptr(ImageRequest) request = g_new0(ImageRequest, 1);
        int r;

        request->verb = verb;
        request->source = -1;
        r = read_arguments(m, request, error);
        if (r >= 0)
                r = read_options(m, request, error);
        if (r >= 0 && verb == IMAGE_PULL)
                r = check_name(request->name, error);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&request);
        return 0;
}

ImageRequest *image_request_free(ImageRequest *request)
{
        if (!request)
                return NULL;
        safe_close(request->source);
        g_free(request->name);
        g_free(request->new_name);
        g_free(request->reference);
        g_free(request->platform);
        g_free(request);
        return NULL;
}
