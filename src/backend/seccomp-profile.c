/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The profile in data/seccomp.json is the list of system calls that containerd, Docker and Podman allow by default,
 * for a container with the usual 14 capabilities on a kernel from 4.8 on; everything else fails with EPERM. Since JSON
 * has no comments, here is what its rules are for:
 *
 * - clone may not make namespaces (the mask 0x7e020000 is CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and
 *   NEWNET): a new user namespace would hand out all capabilities, and with them kernel code that few have tested.
 *   clone3 passes its flags in memory, where a filter can't look, so it is said not to exist (ENOSYS): C libraries
 *   then fall back to clone.
 * - personality takes only the domains that real programs ask for: PER_LINUX, PER_LINUX32, each with and without
 *   UNAME26, and the query 0xffffffff. Above all, nobody can turn address space randomization off for a set-uid
 * program.
 * - socket takes all address families below 64 but AF_ALG (38), the kernel's crypto code, and AF_VSOCK (40), which
 *   knows no network namespaces and would reach the hypervisor. The rules name ranges by mask, and not by "less than"
 *   and "greater than" as the field does, because the kernel looks only at the lower 32 bits of the argument: with a
 * bit set above them, 38 and 40 would pass as "greater than 40".
 * - ptrace and process_vm_readv are allowed, since from kernel 4.8 on a tracer can't change a call after the check.
 * - chroot and mknod are there for the capabilities; io_uring, keyctl, bpf, userfaultfd, perf_event_open, unshare,
 *   setns, and all that mounts are not there.
 * - Names that exist on other architectures only (arch_prctl, cacheflush, ...) do no harm, so one list serves all. The
 *   architectures named are those where clone has its flags first; s390 has them second and would need its own rule.
 *
 * Compiling takes libseccomp about as long as crun takes for all the rest of a container's start. So it is done once,
 * here, and crun gets the bytes.
 */

#include "backend/seccomp-profile.h"

#include <errno.h>
#include <seccomp.h>

#include "backend/seccomp-filter.h"

struct SeccompProfile {
        JsonNode *json;
        GBytes *bpf;
        char *bpf_base64;
};

/* Whether a process on this machine can make calls of the architecture: its own, and the 32-bit ones beside it. */
static gboolean architecture_runs_here(uint32_t architecture)
{
        uint32_t native = seccomp_arch_native();

        return architecture == native ||
               (native == SCMP_ARCH_X86_64 && (architecture == SCMP_ARCH_X86 || architecture == SCMP_ARCH_X32)) ||
               (native == SCMP_ARCH_AARCH64 && architecture == SCMP_ARCH_ARM);
}

/* Leaves the architectures that count here. The list is the profile's word on where its rules hold, so that a machine
 * that is not on it gets an error instead of a filter with holes. */
static int narrow_architectures(JsonObject *profile, char **ret_why)
{
        g_autoptr(JsonArray) kept = json_array_new();
        gboolean native = FALSE;
        JsonArray *listed;
        JsonNode *node;

        node = json_object_get_member(profile, "architectures");
        if (!node)
                return 0;
        if (!JSON_NODE_HOLDS_ARRAY(node)) {
                *ret_why = g_strdup("'architectures' has to be an array.");
                return -EINVAL;
        }

        listed = json_node_get_array(node);
        for (guint i = 0; i < json_array_get_length(listed); i++) {
                JsonNode *element = json_array_get_element(listed, i);
                uint32_t architecture;

                if (json_node_get_value_type(element) != G_TYPE_STRING) {
                        *ret_why = g_strdup_printf("architectures[%u] has to be a string.", i);
                        return -EINVAL;
                }
                architecture = seccomp_filter_architecture(json_node_get_string(element));
                if (!architecture_runs_here(architecture))
                        continue;
                native = native || architecture == seccomp_arch_native();
                json_array_add_string_element(kept, json_node_get_string(element));
        }

        if (!native) {
                *ret_why = g_strdup_printf("'architectures' does not name that of this machine (AUDIT_ARCH 0x%x).",
                                           seccomp_arch_native());
                return -EINVAL;
        }
        json_object_set_array_member(profile, "architectures", g_steal_pointer(&kept));
        return 0;
}

static int errno_of(const GError *error)
{
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
                return -ENOENT;
        if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_ACCES))
                return -EACCES;
        return error->domain == G_FILE_ERROR ? -EIO : -EINVAL;
}

static int read_json(const char *path, JsonNode **ret, char **ret_why)
{
        g_autoptr(JsonParser) parser = json_parser_new();
        g_autoptr(GError) error = NULL;
        JsonNode *root;

        if (!json_parser_load_from_file(parser, path, &error)) {
                *ret_why = g_strdup_printf("%s", error->message);
                return errno_of(error);
        }
        root = json_parser_get_root(parser);
        if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
                *ret_why = g_strdup("The file has to hold a JSON object.");
                return -EINVAL;
        }
        *ret = json_parser_steal_root(parser);
        return 0;
}

static int load(SeccompProfile *profile, const char *path, char **ret_why)
{
        const void *bytes;
        size_t size;
        int r;

        r = read_json(path, &profile->json, ret_why);
        if (r < 0)
                return r;
        r = narrow_architectures(json_node_get_object(profile->json), ret_why);
        if (r < 0)
                return r;
        r = seccomp_filter_compile(json_node_get_object(profile->json), &profile->bpf, ret_why);
        if (r < 0)
                return r;

        json_node_seal(profile->json);
        bytes = g_bytes_get_data(profile->bpf, &size);
        profile->bpf_base64 = g_base64_encode(bytes, size);
        return 0;
}

int seccomp_profile_load(const char *path, SeccompProfile **ret, char **ret_message)
{
        g_autoptr(SeccompProfile) profile = g_new0(SeccompProfile, 1);
        g_autofree char *why = NULL;
        int r;

        r = load(profile, path, &why);
        if (r < 0) {
                /* JSON-GLib's own begin with the path, and the line. */
                *ret_message =
                        g_str_has_prefix(why, path) ? g_steal_pointer(&why) : g_strdup_printf("%s: %s", path, why);
                return r;
        }
        *ret = g_steal_pointer(&profile);
        return 0;
}

SeccompProfile *seccomp_profile_free(SeccompProfile *profile)
{
        if (!profile)
                return NULL;
        g_clear_pointer(&profile->json, json_node_unref);
        g_clear_pointer(&profile->bpf, g_bytes_unref);
        g_free(profile->bpf_base64);
        g_free(profile);
        return NULL;
}

JsonNode *seccomp_profile_get_json(const SeccompProfile *profile)
{
        return profile->json;
}

GBytes *seccomp_profile_get_bpf(const SeccompProfile *profile)
{
        return profile->bpf;
}

const char *seccomp_profile_get_bpf_base64(const SeccompProfile *profile)
{
        return profile->bpf_base64;
}
