/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/mount-plan.h"

#include <string.h>

/* A folder that root hands in, or a host path that polkit allowed, is shown with its own ids. One that another user
 * opened is that user's only: whatever else lies in it, the user's rights end there. */
static MountIds plan_ids(const ContainerSpec *spec, const MountSpec *mount, uint32_t owner)
{
        if (owner != 0 && !mount->host_path)
                return MOUNT_IDS_CALLER;
        return spec->security_mode == SECURITY_INSECURE ? MOUNT_IDS_HOST : MOUNT_IDS_RANGE;
}

static MountInput plan_input(const MountSpec *mount)
{
        if (mount->image)
                return MOUNT_INPUT_IMAGE;
        return mount_spec_has_input(mount) ? MOUNT_INPUT_FOLDER : MOUNT_INPUT_NONE;
}

/* The rows of the table for bind mounts, in its order (docs/ARCHITECTURE.md, "Mounts"). A folder or file that came from
 * outside has no child as its output: what the caller wants written is the folder itself. */
static void plan_bind(const MountSpec *mount, MountOperation *operation)
{
        bool root = mount_spec_is_root(mount), input = operation->input != MOUNT_INPUT_NONE;
        bool outside = operation->input == MOUNT_INPUT_FOLDER;

        operation->type = MOUNT_OPERATION_CHILD;
        operation->read_only = mount->read_only;
        if (mount->output && outside) {
                operation->type = MOUNT_OPERATION_INPUT;
                operation->output = mount->read_only && !root ? MOUNT_OUTPUT_INPUT : MOUNT_OUTPUT_FOLDER;
        } else if (mount->output && !(mount->read_only && input && !root)) {
                operation->output = MOUNT_OUTPUT_CHILD;
                operation->read_only = mount->read_only && !root;
        } else if (mount->output) {
                operation->type = MOUNT_OPERATION_INPUT;
                operation->output = MOUNT_OUTPUT_INPUT;
        } else if (!root && mount->read_only && input) {
                operation->type = MOUNT_OPERATION_INPUT;
        } else if (root) {
                operation->read_only = false;
        }
}

static void plan_mount(const MountSpec *mount, MountOperation *operation)
{
        operation->read_only = mount->read_only;
        switch (mount->type) {
        case MOUNT_BIND:
                plan_bind(mount, operation);
                break;
        case MOUNT_CACHE:
                operation->type = MOUNT_OPERATION_CACHE;
                operation->output = mount->output ? MOUNT_OUTPUT_SEED : MOUNT_OUTPUT_NONE;
                break;
        case MOUNT_TMPFS:
                operation->type = MOUNT_OPERATION_TMPFS;
                break;
        case MOUNT_SECRET:
                operation->type = MOUNT_OPERATION_SECRET;
                operation->read_only = true;
                break;
        case MOUNT_SSH:
                operation->type = MOUNT_OPERATION_SSH;
                break;
        }
}

static int compare_destinations(gconstpointer a, gconstpointer b)
{
        return strcmp((*(MountSpec *const *) a)->destination, (*(MountSpec *const *) b)->destination);
}

/* A path is less than those below it, so parents come first. */
static GPtrArray *sort_mounts(const ContainerSpec *spec)
{
        GPtrArray *sorted = g_ptr_array_new();

        for (guint i = 0; i < spec->mounts->len; i++)
                if (!((MountSpec *) spec->mounts->pdata[i])->left_out)
                        g_ptr_array_add(sorted, spec->mounts->pdata[i]);
        g_ptr_array_sort(sorted, compare_destinations);
        return sorted;
}

static void add_hold(MountPlan *plan, MountOperationType type, const MountSpec *mount)
{
        MountOperation operation = {.type = type, .mount = mount, .input = plan_input(mount)};

        g_array_append_val(plan->operations, operation);
}

static void add_secret(MountPlan *plan, const SecretSpec *secret)
{
        MountOperation operation = {.type = MOUNT_OPERATION_READ_SECRET, .secret = secret};

        g_array_append_val(plan->operations, operation);
}

MountPlan *mount_plan_new(const ContainerSpec *spec, uint32_t owner)
{
        g_autoptr(GPtrArray) sorted = sort_mounts(spec);
        MountPlan *plan = g_new0(MountPlan, 1);

        plan->operations = g_array_new(FALSE, FALSE, sizeof(MountOperation));
        for (guint i = 0; i < sorted->len; i++)
                if (((MountSpec *) sorted->pdata[i])->image)
                        add_hold(plan, MOUNT_OPERATION_HOLD_IMAGE, sorted->pdata[i]);
        for (guint i = 0; i < sorted->len; i++)
                if (((MountSpec *) sorted->pdata[i])->type == MOUNT_CACHE)
                        add_hold(plan, MOUNT_OPERATION_HOLD_CACHE, sorted->pdata[i]);
        for (guint i = 0; i < spec->secrets->len; i++)
                add_secret(plan, spec->secrets->pdata[i]);

        for (guint i = 0; i < sorted->len; i++) {
                const MountSpec *mount = sorted->pdata[i];
                MountOperation operation = {
                        .mount = mount,
                        .input = plan_input(mount),
                        .ids = plan_ids(spec, mount, owner),
                        .devices = spec->security_mode == SECURITY_INSECURE,
                        .by_runtime = mount_spec_is_below_dev(mount),
                };

                plan_mount(mount, &operation);
                g_array_append_val(plan->operations, operation);
        }
        return plan;
}

MountPlan *mount_plan_free(MountPlan *plan)
{
        if (!plan)
                return NULL;
        g_array_unref(plan->operations);
        g_free(plan);
        return NULL;
}

const MountOperation *mount_plan_get(const MountPlan *plan, guint i)
{
        return &g_array_index(plan->operations, MountOperation, i);
}

const MountOperation *mount_plan_next_release(const MountPlan *plan, guint done, guint undone)
{
        return undone < done ? mount_plan_get(plan, done - undone - 1) : NULL;
}

bool mount_operation_is_hold(const MountOperation *operation)
{
        return operation->type == MOUNT_OPERATION_HOLD_IMAGE || operation->type == MOUNT_OPERATION_HOLD_CACHE;
}

bool mount_operation_is_mount(const MountOperation *operation)
{
        return operation->mount && !mount_operation_is_hold(operation);
}

GStrv mount_plan_list_binds(const MountPlan *plan, const char *staging)
{
        GPtrArray *binds = g_ptr_array_new();

        for (guint i = 0; i < plan->operations->len; i++) {
                const MountOperation *operation = mount_plan_get(plan, i);

                if (!mount_operation_is_mount(operation) || !operation->by_runtime)
                        continue;
                g_ptr_array_add(binds, g_strdup(operation->mount->destination));
                g_ptr_array_add(binds, g_strdup_printf("%s/dev-%u", staging, operation->mount->index));
        }
        g_ptr_array_add(binds, NULL);
        return (GStrv) g_ptr_array_free(binds, FALSE);
}
