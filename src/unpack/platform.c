/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/platform.h"

#include <glib.h>
#include <string.h>
#include <sys/utsname.h>

#include "util/error.h"

/* What an architecture's variants start from, where they are numbers, and what uname(2) calls it. */
static const struct {
        const char *machine, *architecture, *variant;
} machines[] = {
        {"x86_64", "amd64", "v1"}, {"aarch64", "arm64", "v8"}, {"armv7l", "arm", "v7"},
        {"armv6l", "arm", "v6"},   {"i686", "386", ""},        {"ppc64le", "ppc64le", ""},
        {"s390x", "s390x", ""},    {"riscv64", "riscv64", ""}, {"loongarch64", "loong64", ""},
};

void platform_set(Platform *platform, const char *os, const char *architecture, const char *variant)
{
        (void) g_strlcpy(platform->os, os ?: "", sizeof(platform->os));
        (void) g_strlcpy(platform->architecture, architecture ?: "", sizeof(platform->architecture));
        (void) g_strlcpy(platform->variant, variant ?: "", sizeof(platform->variant));
}

static int set_machine(Platform *platform, sd_bus_error *error)
{
        struct utsname name;

        (void) uname(&name);
        for (size_t i = 0; i < G_N_ELEMENTS(machines); i++)
                if (strcmp(machines[i].machine, name.machine) == 0) {
                        /* Only arm's is ever written where it is the usual one. */
                        platform_set(platform, "linux", machines[i].architecture,
                                     strcmp(machines[i].architecture, "arm") == 0 ? machines[i].variant : NULL);
                        return 0;
                }
        return error_invalid(error,
                             "This machine's platform (%s) has no name that images know; say which one is wanted",
                             name.machine);
}

int platform_parse(const char *text, Platform *ret, sd_bus_error *error)
{
        g_auto(GStrv) parts = g_strsplit(text, "/", -1);
        unsigned n = g_strv_length(parts);

        if (n == 0)
                return set_machine(ret, error);
        if (n > 3 || n < 2)
                return error_invalid(
                        error, "The platform '%s' is not of the form OS/ARCHITECTURE[/VARIANT], as linux/arm64", text);
        for (unsigned i = 0; i < n; i++)
                if (*parts[i] == '\0' || strlen(parts[i]) >= PLATFORM_PART_MAX)
                        return error_invalid(error, "The platform '%s' has a part that is empty or too long", text);
        platform_set(ret, parts[0], parts[1], n > 2 ? parts[2] : NULL);
        return 0;
}

/* The number of a variant, or of what is meant where none is given; 0: it has none. */
static unsigned variant_number(const Platform *platform)
{
        const char *variant = platform->variant;
        guint64 number;

        for (size_t i = 0; *variant == '\0' && i < G_N_ELEMENTS(machines); i++)
                if (strcmp(machines[i].architecture, platform->architecture) == 0)
                        variant = machines[i].variant;
        if (*variant != 'v' || !g_ascii_string_to_unsigned(variant + 1, 10, 1, 99, &number, NULL))
                return 0;
        return (unsigned) number;
}

unsigned platform_fit(const Platform *wanted, const Platform *there)
{
        unsigned most = variant_number(wanted), number = variant_number(there);

        if (strcmp(wanted->os, there->os) != 0 || strcmp(wanted->architecture, there->architecture) != 0)
                return 0;
        if (number == 0 || most == 0)
                return strcmp(wanted->variant, there->variant) == 0;
        return number <= most ? number : 0;
}

char *platform_text(const Platform *platform)
{
        return g_strdup_printf("%s/%s%s%s", platform->os, platform->architecture, *platform->variant ? "/" : "",
                               platform->variant);
}
