/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/oci-process.h"

/* The 14 that containers have by default, 0xa80425fb as the kernel shows them. They count inside of the container's
 * own user namespace only. */
static const char *const sandbox_capabilities[] = {"CAP_CHOWN",
                                                   "CAP_DAC_OVERRIDE",
                                                   "CAP_FSETID",
                                                   "CAP_FOWNER",
                                                   "CAP_MKNOD",
                                                   "CAP_NET_RAW",
                                                   "CAP_SETGID",
                                                   "CAP_SETUID",
                                                   "CAP_SETFCAP",
                                                   "CAP_SETPCAP",
                                                   "CAP_NET_BIND_SERVICE",
                                                   "CAP_SYS_CHROOT",
                                                   "CAP_KILL",
                                                   "CAP_AUDIT_WRITE",
                                                   NULL};

/* All that Linux has, in the order of their numbers, capabilities(7). */
static const char *const all_capabilities[] = {"CAP_CHOWN",
                                               "CAP_DAC_OVERRIDE",
                                               "CAP_DAC_READ_SEARCH",
                                               "CAP_FOWNER",
                                               "CAP_FSETID",
                                               "CAP_KILL",
                                               "CAP_SETGID",
                                               "CAP_SETUID",
                                               "CAP_SETPCAP",
                                               "CAP_LINUX_IMMUTABLE",
                                               "CAP_NET_BIND_SERVICE",
                                               "CAP_NET_BROADCAST",
                                               "CAP_NET_ADMIN",
                                               "CAP_NET_RAW",
                                               "CAP_IPC_LOCK",
                                               "CAP_IPC_OWNER",
                                               "CAP_SYS_MODULE",
                                               "CAP_SYS_RAWIO",
                                               "CAP_SYS_CHROOT",
                                               "CAP_SYS_PTRACE",
                                               "CAP_SYS_PACCT",
                                               "CAP_SYS_ADMIN",
                                               "CAP_SYS_BOOT",
                                               "CAP_SYS_NICE",
                                               "CAP_SYS_RESOURCE",
                                               "CAP_SYS_TIME",
                                               "CAP_SYS_TTY_CONFIG",
                                               "CAP_MKNOD",
                                               "CAP_LEASE",
                                               "CAP_AUDIT_WRITE",
                                               "CAP_AUDIT_CONTROL",
                                               "CAP_SETFCAP",
                                               "CAP_MAC_OVERRIDE",
                                               "CAP_MAC_ADMIN",
                                               "CAP_SYSLOG",
                                               "CAP_WAKE_ALARM",
                                               "CAP_BLOCK_SUSPEND",
                                               "CAP_AUDIT_READ",
                                               "CAP_PERFMON",
                                               "CAP_BPF",
                                               "CAP_CHECKPOINT_RESTORE",
                                               NULL};

/* All of those that the daemon has itself: it can give no more. */
static char **list_all(uint64_t available)
{
        GPtrArray *list = g_ptr_array_new();

        for (size_t i = 0; all_capabilities[i]; i++)
                if (available & (UINT64_C(1) << i))
                        g_ptr_array_add(list, g_strdup(all_capabilities[i]));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(list, FALSE);
}

static void build_capabilities(JsonBuilder *b, SecurityMode mode, uint64_t available)
{
        g_auto(GStrv) all = list_all(available);
        const char *const *capabilities = mode == SECURITY_INSECURE ? (const char *const *) all : sandbox_capabilities;

        oci_begin_object(b, "capabilities");
        oci_add_strings(b, "bounding", capabilities);
        oci_add_strings(b, "effective", capabilities);
        oci_add_strings(b, "permitted", capabilities);
        /* The reference gives the other two sets in insecure mode only. */
        if (mode == SECURITY_INSECURE) {
                oci_add_strings(b, "inheritable", capabilities);
                oci_add_strings(b, "ambient", capabilities);
        }
        json_builder_end_object(b);
}

static void build_user(JsonBuilder *b, const ProcessUser *user)
{
        oci_begin_object(b, "user");
        oci_add_number(b, "uid", user->uid);
        oci_add_number(b, "gid", user->gid);
        oci_add_number(b, "umask", 0022);
        if (user->groups && user->groups->len > 0) {
                oci_begin_array(b, "additionalGids");
                for (guint i = 0; i < user->groups->len; i++)
                        json_builder_add_int_value(b, g_array_index(user->groups, uint32_t, i));
                json_builder_end_array(b);
        }
        json_builder_end_object(b);
}

static void build_rlimits(JsonBuilder *b, const ContainerSpec *container)
{
        if (container->rlimits->len == 0)
                return;
        oci_begin_array(b, "rlimits");
        for (guint i = 0; i < container->rlimits->len; i++) {
                const ResourceLimit *limit = container->rlimits->pdata[i];
                g_autofree char *type = g_strdup_printf("RLIMIT_%s", limit->name);

                oci_begin_object(b, NULL);
                oci_add_string(b, "type", type);
                oci_add_unsigned(b, "soft", limit->soft);
                oci_add_unsigned(b, "hard", limit->hard);
                json_builder_end_object(b);
        }
        json_builder_end_array(b);
}

void oci_build_process(JsonBuilder *b, const ContainerSpec *container, const ProcessSpec *process,
                       const ProcessUser *user, uint64_t available)
{
        json_builder_set_member_name(b, "terminal");
        json_builder_add_boolean_value(b, process->tty);
        if (process->tty && (process->rows > 0 || process->columns > 0)) {
                oci_begin_object(b, "consoleSize");
                oci_add_number(b, "height", process->rows);
                oci_add_number(b, "width", process->columns);
                json_builder_end_object(b);
        }
        build_user(b, user);
        oci_add_strings(b, "args", (const char *const *) process->argv);
        oci_add_strings(b, "env", (const char *const *) process->env->pdata);
        oci_add_string(b, "cwd", process->cwd);
        build_capabilities(b, container->security_mode, available);
        build_rlimits(b, container);
        /* Off, as in the reference, so that sudo works inside: what it gains is worth nothing outside of the user
         * namespace. */
        json_builder_set_member_name(b, "noNewPrivileges");
        json_builder_add_boolean_value(b, FALSE);
}
