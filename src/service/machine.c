/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "service/machine.h"

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
