/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What --add-host reads.
 */

#include "ctl/host-option.h"

#include "unit.h"

static void test_good(void)
{
        static const struct {
                const char *text, *name, *address;
        } rows[] = {
                {"db:192.0.2.1", "db", "192.0.2.1"},
                {"db:2001:db8::1", "db", "2001:db8::1"},
                {"db:[2001:db8::1]", "db", "2001:db8::1"},
                {"db:::1", "db", "::1"},
                {"db:[]", "db", "[]"},
                {"db:[::1", "db", "[::1"},
                {"a b:x", "a b", "x"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autoptr(HostOption) host = NULL;

                g_assert_cmpint(host_option_parse(rows[i].text, &host, NULL), ==, 0);
                g_assert_cmpstr(host->name, ==, rows[i].name);
                g_assert_cmpstr(host->address, ==, rows[i].address);
        }
        g_assert_null(host_option_free(NULL));
}

static void test_bad(void)
{
        static const char *const texts[] = {"", "db", "db:", ":", ":192.0.2.1", "db=192.0.2.1"};

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                HostOption *host = NULL;
                int r = host_option_parse(texts[i], &host, &error);

                g_assert_null(host);
                assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, "NAME:ADDRESS");
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-host-option/good", test_good);
        g_test_add_func("/ctl-host-option/bad", test_bad);
        return g_test_run();
}
