/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "model/mount-plan.h"

/* A folder that root hands in, or a host path that polkit allowed, is shown with its own ids. One that another user
 * opened is that user's only: whatever else lies in it, the user's rights end there. */
static MountIds plan_ids(const ContainerSpec *spec, const MountSpec *mount, uint32_t owner)
{
        if (owner != 0 && !mount->host_path)
                return MOUNT_IDS_CALLER;
        return spec->security_mode == SECURITY_INSECURE ? MOUNT_IDS_HOST : MOUNT_IDS_RANGE;
}

MountPlan *mount_plan_new(const ContainerSpec *spec, uint32_t owner)
{
        MountPlan *plan = g_new0(MountPlan, 1);

        plan->operations = g_array_new(FALSE, FALSE, sizeof(MountOperation));
        for (guint i = 0; i < spec->mounts->len; i++) {
                const MountSpec *mount = spec->mounts->pdata[i];
                MountOperation operation = {
                        .type = mount->output ? MOUNT_OPERATION_FOLDER : MOUNT_OPERATION_OVERLAY,
                        .ids = plan_ids(spec, mount, owner),
                        .mount = mount,
                        .devices = spec->security_mode == SECURITY_INSECURE,
                };

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
