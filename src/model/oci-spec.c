/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/oci-spec.h"

#include "model/id-ranges.h"
#include "model/oci-builder.h"
#include "model/oci-process.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The file systems that every container has. The options are those of the field's default; with the network of the
 * host, and a user namespace that does not own it, sysfs can't be mounted anew, so the host's is shown read-only. */
static void build_mount_from(JsonBuilder *b, const char *destination, const char *type, const char *source,
                             const char *const *options)
{
        oci_begin_object(b, NULL);
        oci_add_string(b, "destination", destination);
        oci_add_string(b, "type", type);
        oci_add_string(b, "source", source);
        oci_add_strings(b, "options", options);
        json_builder_end_object(b);
}

static void build_mount(JsonBuilder *b, const char *destination, const char *type, const char *const *options)
{
        build_mount_from(b, destination, type, strcmp(type, "bind") == 0 ? destination : type, options);
}

static void build_mounts(JsonBuilder *b, const ContainerSpec *container, const char *const *binds)
{
        bool insecure = container->security_mode == SECURITY_INSECURE;
        const char *access = insecure ? "rw" : "ro";

        oci_begin_array(b, "mounts");
        build_mount(b, "/proc", "proc", OPTIONS("nosuid", "noexec", "nodev"));
        build_mount(b, "/dev", "tmpfs", OPTIONS("nosuid", "strictatime", "mode=755", "size=65536k"));
        build_mount(b, "/dev/pts", "devpts",
                    OPTIONS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
        build_mount(b, "/dev/shm", "tmpfs", OPTIONS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k"));
        build_mount(b, "/dev/mqueue", "mqueue", OPTIONS("nosuid", "noexec", "nodev"));
        if (container->net_mode == NET_HOST && !insecure)
                build_mount(b, "/sys", "bind", OPTIONS("rbind", "nosuid", "noexec", "nodev", "ro"));
        else
                build_mount(b, "/sys", "sysfs", OPTIONS("nosuid", "noexec", "nodev", access));
        build_mount(b, "/sys/fs/cgroup", "cgroup", OPTIONS("nosuid", "noexec", "nodev", "relatime", access));
        /* As they are: what they may not do is theirs already. */
        for (; binds && *binds; binds += 2)
                build_mount_from(b, binds[0], "bind", binds[1], OPTIONS("rbind"));
        json_builder_end_array(b);
}

/* path: NULL for a new one. */
static void build_namespace(JsonBuilder *b, const char *type, const char *path)
{
        oci_begin_object(b, NULL);
        oci_add_string(b, "type", type);
        if (path)
                oci_add_string(b, "path", path);
        json_builder_end_object(b);
}

static void build_namespaces(JsonBuilder *b, const ContainerSpec *container, const OciRoot *root)
{
        static const char *const namespaces[] = {"pid", "ipc", "uts", "mount", "cgroup"};

        oci_begin_array(b, "namespaces");
        for (size_t i = 0; i < G_N_ELEMENTS(namespaces); i++)
                build_namespace(b, namespaces[i], NULL);
        if (container->net_mode != NET_HOST)
                build_namespace(b, "network", root->network);
        if (container->security_mode == SECURITY_SANDBOX)
                build_namespace(b, "user", root->user);
        json_builder_end_array(b);
}

static void build_id_mapping(JsonBuilder *b, const char *name, uint32_t base)
{
        oci_begin_array(b, name);
        oci_begin_object(b, NULL);
        oci_add_number(b, "containerID", 0);
        oci_add_number(b, "hostID", base);
        oci_add_number(b, "size", ID_RANGE_SIZE);
        json_builder_end_object(b);
        json_builder_end_array(b);
}

static void build_device(JsonBuilder *b, const char *path, const char *type, int major, int minor)
{
        oci_begin_object(b, NULL);
        oci_add_string(b, "path", path);
        oci_add_string(b, "type", type);
        oci_add_number(b, "major", major);
        oci_add_number(b, "minor", minor);
        json_builder_end_object(b);
}

/* The devices that the reference adds in insecure mode; their numbers are those of the kernel's devices.txt. */
static void build_devices(JsonBuilder *b, unsigned n_loop_devices)
{
        oci_begin_array(b, "devices");
        build_device(b, "/dev/kmsg", "c", 1, 11);
        build_device(b, "/dev/cuse", "c", 10, 203);
        build_device(b, "/dev/fuse", "c", 10, 229);
        build_device(b, "/dev/kvm", "c", 10, 232);
        build_device(b, "/dev/net/tun", "c", 10, 200);
        build_device(b, "/dev/loop-control", "c", 10, 237);
        for (unsigned i = 0; i < n_loop_devices; i++) {
                g_autofree char *path = g_strdup_printf("/dev/loop%u", i);

                build_device(b, path, "b", 7, (int) i);
        }
        json_builder_end_array(b);
}

/* A runtime that has to have a group of its own below the scope sets device rules there, and denies all where it is
 * told nothing. The scope's own rules are what counts, so here everything passes. */
static void build_resources(JsonBuilder *b, const char *cgroups_path)
{
        oci_add_string(b, "cgroupsPath", cgroups_path);
        oci_begin_object(b, "resources");
        oci_begin_array(b, "devices");
        oci_begin_object(b, NULL);
        json_builder_set_member_name(b, "allow");
        json_builder_add_boolean_value(b, TRUE);
        oci_add_string(b, "access", "rwm");
        json_builder_end_object(b);
        json_builder_end_array(b);
        json_builder_end_object(b);
}

static void build_linux(JsonBuilder *b, const ContainerSpec *container, const OciRoot *root)
{
        static const char *const masked[] = {"/proc/acpi",          "/proc/asound",
                                             "/proc/kcore",         "/proc/keys",
                                             "/proc/latency_stats", "/proc/sched_debug",
                                             "/proc/scsi",          "/proc/timer_list",
                                             "/proc/timer_stats",   "/sys/devices/virtual/powercap",
                                             "/sys/firmware",       NULL};
        static const char *const read_only[] = {"/proc/bus",           "/proc/fs", "/proc/irq", "/proc/sys",
                                                "/proc/sysrq-trigger", NULL};

        oci_begin_object(b, "linux");
        build_namespaces(b, container, root);
        if (root->cgroups_path)
                build_resources(b, root->cgroups_path);
        if (container->security_mode == SECURITY_INSECURE) {
                build_devices(b, root->n_loop_devices);
        } else {
                build_id_mapping(b, "uidMappings", root->id_base);
                build_id_mapping(b, "gidMappings", root->id_base);
                oci_add_strings(b, "maskedPaths", masked);
                oci_add_strings(b, "readonlyPaths", read_only);
                if (root->seccomp_json) {
                        json_builder_set_member_name(b, "seccomp");
                        json_builder_add_value(b, json_node_copy(root->seccomp_json));
                }
        }
        json_builder_end_object(b);
}

static void build_annotations(JsonBuilder *b, const ContainerSpec *container, const OciRoot *root)
{
        if (container->security_mode == SECURITY_INSECURE || !root->seccomp_bpf)
                return;
        oci_begin_object(b, "annotations");
        oci_add_string(b, "run.oci.seccomp_bpf_data", root->seccomp_bpf);
        json_builder_end_object(b);
}

char *oci_spec_config(const ContainerSpec *container, const OciRoot *root, const ProcessSpec *process,
                      const ProcessUser *user, uint64_t available)
{
        g_autoptr(JsonBuilder) b = json_builder_new();

        oci_begin_object(b, NULL);
        oci_add_string(b, "ociVersion", "1.0.2");
        oci_begin_object(b, "root");
        oci_add_string(b, "path", root->path);
        json_builder_set_member_name(b, "readonly");
        json_builder_add_boolean_value(b, container_spec_get_root(container)->read_only);
        json_builder_end_object(b);
        oci_add_string(b, "hostname", container->hostname);
        oci_begin_object(b, "process");
        oci_build_process(b, container, process, user, available);
        json_builder_end_object(b);
        build_mounts(b, container, root->binds);
        build_linux(b, container, root);
        build_annotations(b, container, root);
        json_builder_end_object(b);
        return oci_to_text(b);
}

char *oci_spec_process(const ContainerSpec *container, const ProcessSpec *process, const ProcessUser *user,
                       uint64_t available)
{
        g_autoptr(JsonBuilder) b = json_builder_new();

        oci_begin_object(b, NULL);
        oci_build_process(b, container, process, user, available);
        json_builder_end_object(b);
        return oci_to_text(b);
}
