/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a CNI plugin answers: a result, or an error. */

#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "model/cni-json.h"
#include "model/cni-result.h"

/* It is kept and handed to other plugins, so what is printed must be read as well. */
static void look_at_result(const CniResult *result)
{
        g_autofree char *printed = cni_json_print(result->object), *why = NULL;
        g_autoptr(JsonObject) again = NULL;

        g_assert_cmpuint(result->addresses->len, <=, CNI_ADDRESSES_MAX);
        g_assert_cmpint(cni_json_parse(printed, strlen(printed), CNI_DEPTH_MAX, &again, &why), ==, 0);
}

/* It becomes part of a sentence on the bus. */
static void look_at_reason(const char *reason)
{
        g_assert_true(g_utf8_validate(reason, -1, NULL));
        g_assert_null(strpbrk(reason, "\n\r\033"));
        g_assert_cmpuint(strlen(reason), <, 8000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *) data;
        g_autofree char *why = NULL, *reason = cni_output_to_reason(text, size, text, MIN(size, 9));
        CniResult *result;

        if (reason)
                look_at_reason(reason);
        if (cni_result_parse(text, size, "eth0", &result, &why) < 0) {
                g_assert_nonnull(why);
                return 0;
        }
        look_at_result(result);
        cni_result_free(result);
        return 0;
}
