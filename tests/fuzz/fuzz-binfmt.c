/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file of binfmt_misc. */

#include <errno.h>
#include <glib.h>

#include "fuzz.h"
#include "model/binfmt-entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *) data, size);
        Platform platform = {};
        int r = binfmt_entry_parse(text, &platform);

        g_assert_true(r == 1 || r == 0 || r == -EBADMSG);
        g_assert_cmpint(platform_is_valid(&platform), ==, r == 1);
        return 0;
}
