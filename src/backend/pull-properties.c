/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "backend/pull-properties.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#include "config.h"
#include "util/platform.h"

/* Appends (sv) with the variant's content "as" or (bas). */
static int append_filter(sd_bus_message *m, const char *name, const char *const *words)
{
        int r;

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "(bas)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "bas");
        if (r >= 0)
                r = sd_bus_message_append(m, "b", true);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) words);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* What it may do: go to the network and to its own temporary folder. */
static int append_sandbox(sd_bus_message *m)
{
        int r;

        r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "DynamicUser", "b", true, "PrivateTmp", "b",
                                  true, "ProtectSystem", "s", "strict", "ProtectHome", "s", "yes", "PrivateDevices",
                                  "b", true, "PrivateIPC", "b", true, "PrivateUsers", "b", true, "ProtectProc", "s",
                                  "invisible");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "ProtectKernelTunables", "b", true,
                                          "ProtectKernelModules", "b", true, "ProtectKernelLogs", "b", true,
                                          "ProtectControlGroups", "b", true, "ProtectClock", "b", true,
                                          "ProtectHostname", "b", true, "ProcSubset", "s", "pid");
        if (r >= 0)
                r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "NoNewPrivileges", "b", true,
                                          "CapabilityBoundingSet", "t", UINT64_C(0), "RestrictNamespaces", "t",
                                          UINT64_C(0), "RestrictSUIDSGID", "b", true, "RestrictRealtime", "b", true,
                                          "LockPersonality", "b", true, "MemoryDenyWriteExecute", "b", true,
                                          "SystemCallErrorNumber", "i", EPERM, "UMask", "u", 0077);
        if (r >= 0)
                r = append_filter(m, "SystemCallFilter", (const char *const[]){"@system-service", NULL});
        if (r >= 0)
                r = append_filter(m, "RestrictAddressFamilies",
                                  (const char *const[]){"AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK", NULL});
        return r;
}

static int append_command(sd_bus_message *m, const char *reference, const char *platform_text)
{
        g_autofree char *source = g_strconcat("docker://", reference, NULL);
        Platform platform;
        g_autoptr(GPtrArray) argv = g_ptr_array_new();
        int r;

        g_ptr_array_add(argv, (char *) "skopeo");
        if (platform_text && platform_parse(platform_text, &platform, NULL) >= 0) {
                g_ptr_array_add(argv, (char *) "--override-os");
                g_ptr_array_add(argv, (char *) "linux");
                g_ptr_array_add(argv, (char *) "--override-arch");
                g_ptr_array_add(argv, platform.architecture);
                if (*platform.variant) {
                        g_ptr_array_add(argv, (char *) "--override-variant");
                        g_ptr_array_add(argv, platform.variant);
                }
        }
        g_ptr_array_add(argv, (char *) "copy");
        /* What it says of its progress would go into the archive. */
        g_ptr_array_add(argv, (char *) "--quiet");
        g_ptr_array_add(argv, source);
        g_ptr_array_add(argv, (char *) "docker-archive:/dev/stdout");
        g_ptr_array_add(argv, NULL);

        r = sd_bus_message_open_container(m, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "ExecStart");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", GANGWAY_SKOPEO);
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) argv->pdata);
        if (r >= 0)
                r = sd_bus_message_append(m, "b", false);
        for (unsigned i = 0; i < 4 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

int pull_properties_append(sd_bus_message *m, const char *reference, const char *platform)
{
        int r = append_sandbox(m);

        return r < 0 ? r : append_command(m, reference, platform);
}
