/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/sentence.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "util/error.h"

#define NAME_BYTES_MAX 200

char *sentence_name(const char *bytes)
{
        GString *name = g_string_new(NULL);

        while (*bytes && name->len < NAME_BYTES_MAX) {
                gunichar character = g_utf8_get_char_validated(bytes, -1);

                if (character != (gunichar) -1 && character != (gunichar) -2 && g_unichar_isprint(character)) {
                        g_string_append_unichar(name, character);
                        bytes = g_utf8_next_char(bytes);
                } else
                        g_string_append_printf(name, "\\x%02x", (unsigned char) *bytes++);
        }
        if (*bytes)
                g_string_append(name, "…");
        return g_string_free(name, FALSE);
}

int sentence_disk_error(sd_bus_error *error, const char *what, int errnum)
{
        switch (errnum) {
        case ENOSPC:
        case EDQUOT:
                return error_set(error, ERROR_STORE_FULL, "%s: the store's file system is full (%s)", what,
                                 strerror(errnum));
        case EROFS:
                return error_set(error, ERROR_STORE_READ_ONLY, "%s: the store's file system is read-only", what);
        case EEXIST:
        case EFBIG:
        case EINVAL:
        case EISDIR:
        case ELOOP:
        case EMLINK:
        case ENAMETOOLONG:
        case ENOENT:
        case ENOTDIR:
        case ENOTEMPTY:
        case EPERM:
        case EXDEV:
                return error_set(error, ERROR_INVALID_IMAGE, "%s: %s", what, strerror(errnum));
        default:
                return error_set(error, SD_BUS_ERROR_IO_ERROR, "%s: %s", what, strerror(errnum));
        }
}
