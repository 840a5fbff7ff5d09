/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/machine.h"

#include <string.h>
#include <sys/utsname.h>

#include "model/container-spec.h"

const char *const *machine_features(void)
{
        static const char *const features[] = {"idmapped-mounts", "seccomp", "terminal", NULL};

        return features;
}

const char *const *machine_net_modes(void)
{
        static const char *modes[4]; /* the last one stays NULL */

        modes[0] = net_mode_to_string(NET_SANDBOX);
        modes[1] = net_mode_to_string(NET_NONE);
        modes[2] = net_mode_to_string(NET_HOST);
        return modes;
}

GStrv machine_own_platform(void)
{
        static const struct {
                const char *machine, *platform;
        } platforms[] = {
                {"x86_64", "linux/amd64"},  {"aarch64", "linux/arm64"},   {"armv7l", "linux/arm/v7"},
                {"armv6l", "linux/arm/v6"}, {"i686", "linux/386"},        {"ppc64le", "linux/ppc64le"},
                {"s390x", "linux/s390x"},   {"riscv64", "linux/riscv64"}, {"loongarch64", "linux/loong64"},
        };
        struct utsname name;

        if (uname(&name) == 0)
                for (size_t i = 0; i < G_N_ELEMENTS(platforms); i++)
                        if (strcmp(platforms[i].machine, name.machine) == 0)
                                return g_strdupv((char *[]){(char *) platforms[i].platform, NULL});
        return g_new0(char *, 1);
}
