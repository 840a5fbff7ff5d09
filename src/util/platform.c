/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "util/platform.h"

#include <glib.h>
#include <string.h>

#include "util/error.h"

#define LINUX "linux"

/* Other names of an architecture: those of containerd, and those of uname(2) and of distributions. */
static const struct {
        const char *name, *architecture;
        const char *variant; /* which the name stands for, whatever else is said; NULL: none of its own */
} aliases[] = {
        {"i386", "386", ""},
        {"i486", "386", ""},
        {"i586", "386", ""},
        {"i686", "386", ""},
        {"x86_64", "amd64", NULL},
        {"x86-64", "amd64", NULL},
        {"aarch64", "arm64", NULL},
        {"aarch64_be", "arm64be", NULL},
        {"armhf", "arm", "v7"},
        {"armel", "arm", "v6"},
        {"armv8l", "arm", "v8"},
        {"armv7l", "arm", "v7"},
        {"armv6l", "arm", "v6"},
        {"armv5tel", "arm", "v5"},
        {"armv5tejl", "arm", "v5"},
        {"ppc64el", "ppc64le", NULL},
        {"mipsel", "mipsle", NULL},
        {"mips64el", "mips64le", NULL},
        {"loongarch64", "loong64", NULL},
};

/* Other names of a variant. */
static const struct {
        const char *architecture, *name, *variant;
} variants[] = {
        {"amd64", "v1", ""},  {"arm64", "8", ""},     {"arm64", "v8", ""},     {"arm64", "v8.0", ""},
        {"arm64", "9", "v9"}, {"arm64", "9.0", "v9"}, {"arm64", "v9.0", "v9"}, {"arm", "", "v7"},
        {"arm", "5", "v5"},   {"arm", "6", "v6"},     {"arm", "7", "v7"},      {"arm", "8", "v8"},
};

/* What an architecture's variants start from, where they are numbers. */
static const struct {
        const char *architecture, *variant;
} first_variants[] = {{"amd64", "v1"}, {"arm64", "v8"}};

static void set_part(char part[static PLATFORM_PART_MAX], const char *text)
{
        (void) g_strlcpy(part, text, PLATFORM_PART_MAX);
}

static void normalise(Platform *platform)
{
        for (size_t i = 0; i < G_N_ELEMENTS(aliases); i++)
                if (strcmp(platform->architecture, aliases[i].name) == 0) {
                        set_part(platform->architecture, aliases[i].architecture);
                        if (aliases[i].variant)
                                set_part(platform->variant, aliases[i].variant);
                        break;
                }
        for (size_t i = 0; i < G_N_ELEMENTS(variants); i++)
                if (strcmp(platform->architecture, variants[i].architecture) == 0 &&
                    strcmp(platform->variant, variants[i].name) == 0) {
                        set_part(platform->variant, variants[i].variant);
                        break;
                }
}

/* A part that is too long is made one that is no word, instead of being cut to one that may be. */
static void take_part(char part[static PLATFORM_PART_MAX], const char *text)
{
        if (g_strlcpy(part, text ?: "", PLATFORM_PART_MAX) >= PLATFORM_PART_MAX)
                part[0] = '-';
        for (char *c = part; *c; c++)
                *c = g_ascii_tolower(*c);
}

void platform_set(Platform *platform, const char *os, const char *architecture, const char *variant)
{
        take_part(platform->os, os);
        take_part(platform->architecture, architecture);
        take_part(platform->variant, variant);
        normalise(platform);
}

void platform_set_machine(Platform *platform, const char *machine)
{
        platform_set(platform, LINUX, machine, NULL);
        /* uname(2) calls both byte orders the same. */
        if (G_BYTE_ORDER == G_LITTLE_ENDIAN && strcmp(platform->architecture, "mips") == 0)
                set_part(platform->architecture, "mipsle");
        if (G_BYTE_ORDER == G_LITTLE_ENDIAN && strcmp(platform->architecture, "mips64") == 0)
                set_part(platform->architecture, "mips64le");
}

/* amd64, s390x, v8.2, rva20u64, x86_64. They are arguments of programs, and so don't begin with a "-". */
static bool is_word(const char *part)
{
        if (!g_ascii_isalnum(*part))
                return false;
        for (; *part; part++)
                if (!g_ascii_isalnum(*part) && !strchr("_.-", *part))
                        return false;
        return true;
}

bool platform_is_valid(const Platform *platform)
{
        return is_word(platform->os) && is_word(platform->architecture) &&
               (*platform->variant == '\0' || is_word(platform->variant));
}

int platform_parse(const char *text, Platform *ret, sd_bus_error *error)
{
        g_auto(GStrv) parts = g_strsplit(text, "/", 4);
        guint n = g_strv_length(parts);
        Platform platform;

        if (n == 2 || n == 3)
                platform_set(&platform, parts[0], parts[1], parts[2]);
        if ((n != 2 && n != 3) || !platform_is_valid(&platform) || (n == 3 && *parts[2] == '\0'))
                return error_invalid(
                        error, "'%.128s' is no platform; one is as 'linux/amd64' or, with a variant, as 'linux/arm/v7'",
                        text);
        if (strcmp(platform.os, LINUX) != 0)
                return error_set(error, ERROR_PLATFORM_NOT_SUPPORTED,
                                 "The platform '%.128s' is of the system '%s', and containers are of linux", text,
                                 platform.os);
        *ret = platform;
        return 0;
}

/* A number for "v8" and "v8.2" that grows with the variant; 0 for what is no number. */
static unsigned variant_number(const Platform *platform)
{
        const char *variant = platform->variant;
        g_auto(GStrv) parts = NULL;
        guint64 major, minor = 0;

        for (size_t i = 0; *variant == '\0' && i < G_N_ELEMENTS(first_variants); i++)
                if (strcmp(first_variants[i].architecture, platform->architecture) == 0)
                        variant = first_variants[i].variant;
        if (*variant != 'v')
                return 0;
        if (!variant[1])
                return 0;
        parts = g_strsplit(variant + 1, ".", 2);
        if (!g_ascii_string_to_unsigned(parts[0], 10, 1, 99, &major, NULL) ||
            (parts[1] && !g_ascii_string_to_unsigned(parts[1], 10, 0, 99, &minor, NULL)))
                return 0;
        return (unsigned) (major * 100 + minor);
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

char *platform_to_text(const Platform *platform)
{
        return g_strdup_printf("%s/%s%s%s", platform->os, platform->architecture, *platform->variant ? "/" : "",
                               platform->variant);
}
