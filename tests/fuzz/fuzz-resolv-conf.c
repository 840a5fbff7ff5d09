/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The machine's /etc/resolv.conf: whatever comes in, a file goes out that any resolver reads in the same way. */

#include <stdbool.h>
#include <string.h>

#include "fuzz.h"
#include "model/resolv-conf.h"

#define SERVER    "nameserver "
#define NO_SERVER "# There is no DNS server: "

static void look_at_server(const char *address)
{
        g_assert_cmpuint(strspn(address, "0123456789abcdef:."), ==, strlen(address));
        g_assert_false(g_str_has_prefix(address, "127."));
        g_assert_cmpstr(address, !=, "::1");
}

static bool is_kept(const char *line)
{
        static const char *const words[] = {"search ", "domain ", "options ", "sortlist "};

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_has_prefix(line, words[i]))
                        return true;
        return false;
}

static void look_at(const GString *made)
{
        g_auto(GStrv) lines = g_strsplit(made->str, "\n", -1);
        guint n_servers = 0, n_comments = 0;

        g_assert_cmpuint(strlen(made->str), ==, made->len);
        g_assert_true(g_str_has_suffix(made->str, "\n"));
        for (char **line = lines; line[1]; line++) {
                for (const char *c = *line; *c; c++)
                        g_assert_false(g_ascii_iscntrl(*c));
                if (g_str_has_prefix(*line, SERVER)) {
                        look_at_server(*line + strlen(SERVER));
                        n_servers++;
                } else if (!is_kept(*line)) {
                        g_assert_true(g_str_has_prefix(*line, NO_SERVER));
                        n_comments++;
                }
        }
        g_assert_cmpuint(n_comments, ==, n_servers == 0 ? 1 : 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        const char *text = (const char *) data;
        GString *made = resolv_conf_make(text, size, &(const ResolvConfRequest){});

        look_at(made);
        g_string_free(made, TRUE);
        (void) resolv_conf_is_stub(text, size);
        return 0;
}
