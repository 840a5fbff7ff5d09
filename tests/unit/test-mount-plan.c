/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each row of the plan: who asks, how the folder came, the security mode, and whether it is an output. */

#include <fcntl.h>
#include <glib.h>

#include "model/mount-plan.h"

#define ROOT_USER 0U
#define USER      1000U

typedef enum Source {
        BY_FD,
        BY_PATH,
} Source;

static const struct {
        uint32_t owner;
        Source source;
        SecurityMode mode;
        bool output;
        MountOperationType type;
        MountIds ids;
} rows[] = {
        {USER, BY_FD, SECURITY_SANDBOX, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_CALLER},
        {USER, BY_FD, SECURITY_SANDBOX, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_CALLER},
        {USER, BY_FD, SECURITY_INSECURE, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_CALLER},
        {USER, BY_FD, SECURITY_INSECURE, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_CALLER},
        {USER, BY_PATH, SECURITY_SANDBOX, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_RANGE},
        {USER, BY_PATH, SECURITY_SANDBOX, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_RANGE},
        {USER, BY_PATH, SECURITY_INSECURE, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_HOST},
        {USER, BY_PATH, SECURITY_INSECURE, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_HOST},
        {ROOT_USER, BY_FD, SECURITY_SANDBOX, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_RANGE},
        {ROOT_USER, BY_FD, SECURITY_SANDBOX, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_RANGE},
        {ROOT_USER, BY_FD, SECURITY_INSECURE, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_HOST},
        {ROOT_USER, BY_FD, SECURITY_INSECURE, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_HOST},
        {ROOT_USER, BY_PATH, SECURITY_SANDBOX, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_RANGE},
        {ROOT_USER, BY_PATH, SECURITY_SANDBOX, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_RANGE},
        {ROOT_USER, BY_PATH, SECURITY_INSECURE, false, MOUNT_OPERATION_OVERLAY, MOUNT_IDS_HOST},
        {ROOT_USER, BY_PATH, SECURITY_INSECURE, true, MOUNT_OPERATION_FOLDER, MOUNT_IDS_HOST},
};

static void test_row(gconstpointer data)
{
        size_t i = GPOINTER_TO_SIZE(data);
        g_autoptr(ContainerSpec) spec = container_spec_new();
        g_autoptr(MountPlan) plan = NULL;
        MountSpec *mount = mount_spec_new();
        const MountOperation *operation;

        mount->destination = g_strdup("/");
        mount->output = rows[i].output;
        if (rows[i].source == BY_FD)
                mount->source = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        else
                mount->host_path = g_strdup("/srv/root");
        g_ptr_array_add(spec->mounts, mount);
        spec->security_mode = rows[i].mode;

        plan = mount_plan_new(spec, rows[i].owner);
        g_assert_cmpuint(plan->operations->len, ==, 1);
        operation = &g_array_index(plan->operations, MountOperation, 0);
        g_assert_true(operation->mount == mount);
        g_assert_cmpint(operation->type, ==, rows[i].type);
        g_assert_cmpint(operation->ids, ==, rows[i].ids);
        g_assert_cmpint(operation->devices, ==, rows[i].mode == SECURITY_INSECURE);
}

static void test_empty(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);

        g_assert_cmpuint(plan->operations->len, ==, 0);
        g_assert_null(mount_plan_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *name =
                        g_strdup_printf("/mount-plan/%s/%s/%s/%s", rows[i].owner == ROOT_USER ? "root" : "user",
                                        rows[i].source == BY_FD ? "fd" : "path", security_mode_to_string(rows[i].mode),
                                        rows[i].output ? "output" : "no-output");

                g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_row);
        }
        g_test_add_func("/mount-plan/empty", test_empty);
        return g_test_run();
}
