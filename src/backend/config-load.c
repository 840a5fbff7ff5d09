/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/config-load.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* A wrong path is found here, at the start, and not by the first user who starts a container. */
static int check_runtime(const char *filename, const Config *config, char **ret_message)
{
        g_autofree char *place = NULL;
        const char *what;
        struct stat st;
        int r;

        if (stat(config->runtime_path, &st) < 0) {
                r = errno == ENOTDIR ? -ENOENT : -errno;
                what = r == -ENOENT ? "is not there" : g_strerror(errno);
        } else if (!S_ISREG(st.st_mode)) {
                r = -EACCES;
                what = "is no regular file";
        } else if (access(config->runtime_path, X_OK) < 0) {
                r = -EACCES;
                what = "is not executable";
        } else
                return 0;

        if (config->runtime_path_line > 0)
                place = g_strdup_printf("%s:%u: [Runtime] Path=%s", filename, config->runtime_path_line,
                                        config->runtime_path);
        else
                place = g_strdup_printf("%s: The default of [Runtime] Path=, %s,", filename, config->runtime_path);
        *ret_message = g_strdup_printf("%s %s; it has to be the program of an OCI runtime, such as crun or runc.",
                                       place, what);
        return r;
}

int config_load(const char *path, Config **ret, char **ret_message)
{
        g_autoptr(Config) config = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        size_t size = 0;
        int r;

        if (!g_file_get_contents(path, &text, &size, &error) &&
            !g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
                *ret_message = g_strdup_printf("%s: %s.", path, error->message);
                return -EIO;
        }

        r = config_parse(text, size, path, &config, ret_message);
        if (r < 0)
                return r;
        r = check_runtime(path, config, ret_message);
        if (r < 0)
                return r;
        *ret = g_steal_pointer(&config);
        return 0;
}
