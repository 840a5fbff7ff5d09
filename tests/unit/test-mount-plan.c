/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The plan: each row of the table of mounts, for every kind of input; who asks and in which mode, for the ids; the
 * order of the operations, and the order in which they are undone.
 */

#include <fcntl.h>
#include <glib.h>
#include <string.h>

#include "model/mount-plan.h"

#define ROOT_USER 0U
#define USER      1000U

typedef enum From {
        FROM_NOTHING,
        FROM_IMAGE,
        FROM_FD,
        FROM_PATH,
} From;

static const char *const from_names[] = {"nothing", "image", "fd", "path"};

static MountSpec *add_mount(ContainerSpec *spec, MountType type, const char *destination, From from)
{
        MountSpec *mount = mount_spec_new();

        mount->type = type;
        mount->index = spec->mounts->len;
        mount->destination = g_strdup(destination);
        if (from == FROM_IMAGE)
                mount->image = g_strdup("debian:12");
        if (from == FROM_FD)
                mount->source = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (from == FROM_PATH)
                mount->host_path = g_strdup("/srv/root");
        if (type == MOUNT_CACHE || type == MOUNT_SECRET || type == MOUNT_SSH)
                mount->id = g_strdup("id");
        g_ptr_array_add(spec->mounts, mount);
        return mount;
}

/* The operation that mounts it. */
static const MountOperation *find_mount(const MountPlan *plan, const MountSpec *mount)
{
        const MountOperation *found = NULL;

        for (guint i = 0; i < plan->operations->len; i++) {
                const MountOperation *operation = mount_plan_get(plan, i);

                if (operation->mount != mount || operation->type == MOUNT_OPERATION_HOLD_IMAGE ||
                    operation->type == MOUNT_OPERATION_HOLD_CACHE)
                        continue;
                g_assert_null(found);
                found = operation;
        }
        return found;
}

#define INPUT MOUNT_OPERATION_INPUT
#define CHILD MOUNT_OPERATION_CHILD

typedef enum Answer {
        NO,
        YES,
} Answer;

/* destination, from, output, read-only: operation, output, read-only from the start */
static const struct {
        const char *destination;
        From from;
        Answer output, read_only;
        MountOperationType type;
        MountOutput is_output;
        Answer is_read_only;
} rows[] = {
        /* bind, output, not (read-only with input and not root): a writable child */
        {"/a", FROM_NOTHING, YES, NO, CHILD, MOUNT_OUTPUT_CHILD, NO},
        {"/a", FROM_NOTHING, YES, YES, CHILD, MOUNT_OUTPUT_CHILD, YES},
        {"/a", FROM_IMAGE, YES, NO, CHILD, MOUNT_OUTPUT_CHILD, NO},
        {"/", FROM_NOTHING, YES, NO, CHILD, MOUNT_OUTPUT_CHILD, NO},
        {"/", FROM_NOTHING, YES, YES, CHILD, MOUNT_OUTPUT_CHILD, NO},
        {"/", FROM_IMAGE, YES, NO, CHILD, MOUNT_OUTPUT_CHILD, NO},
        {"/", FROM_IMAGE, YES, YES, CHILD, MOUNT_OUTPUT_CHILD, NO},
        /* the same for what came from outside: the folder itself */
        {"/a", FROM_FD, YES, NO, INPUT, MOUNT_OUTPUT_FOLDER, NO},
        {"/a", FROM_PATH, YES, NO, INPUT, MOUNT_OUTPUT_FOLDER, NO},
        {"/", FROM_FD, YES, NO, INPUT, MOUNT_OUTPUT_FOLDER, NO},
        {"/", FROM_FD, YES, YES, INPUT, MOUNT_OUTPUT_FOLDER, YES},
        {"/", FROM_PATH, YES, NO, INPUT, MOUNT_OUTPUT_FOLDER, NO},
        {"/", FROM_PATH, YES, YES, INPUT, MOUNT_OUTPUT_FOLDER, YES},
        /* bind, output, read-only with input, not root: the input */
        {"/a", FROM_IMAGE, YES, YES, INPUT, MOUNT_OUTPUT_INPUT, YES},
        {"/a", FROM_FD, YES, YES, INPUT, MOUNT_OUTPUT_INPUT, YES},
        {"/a", FROM_PATH, YES, YES, INPUT, MOUNT_OUTPUT_INPUT, YES},
        /* bind, no output, not root, writable or no input: a writable child, thrown away */
        {"/a", FROM_NOTHING, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/a", FROM_NOTHING, NO, YES, CHILD, MOUNT_OUTPUT_NONE, YES},
        {"/a", FROM_IMAGE, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/a", FROM_FD, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/a", FROM_PATH, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        /* bind, no output, not root, read-only with input: the input */
        {"/a", FROM_IMAGE, NO, YES, INPUT, MOUNT_OUTPUT_NONE, YES},
        {"/a", FROM_FD, NO, YES, INPUT, MOUNT_OUTPUT_NONE, YES},
        {"/a", FROM_PATH, NO, YES, INPUT, MOUNT_OUTPUT_NONE, YES},
        /* root, no output: a throw-away child; where it is read-only the runtime sees to that */
        {"/", FROM_NOTHING, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_NOTHING, NO, YES, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_IMAGE, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_IMAGE, NO, YES, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_FD, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_FD, NO, YES, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_PATH, NO, NO, CHILD, MOUNT_OUTPUT_NONE, NO},
        {"/", FROM_PATH, NO, YES, CHILD, MOUNT_OUTPUT_NONE, NO},
};

static void test_row(gconstpointer data)
{
        size_t i = GPOINTER_TO_SIZE(data);
        g_autoptr(ContainerSpec) spec = container_spec_new();
        MountSpec *mount = add_mount(spec, MOUNT_BIND, rows[i].destination, rows[i].from);
        const MountOperation *operation;

        mount->output = rows[i].output == YES;
        mount->read_only = rows[i].read_only == YES;
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);

        operation = find_mount(plan, mount);
        g_assert_nonnull(operation);
        g_assert_cmpint(operation->type, ==, rows[i].type);
        g_assert_cmpint(operation->output, ==, rows[i].is_output);
        g_assert_cmpint(operation->read_only, ==, rows[i].is_read_only == YES);
        g_assert_cmpint(operation->input, ==,
                        rows[i].from == FROM_NOTHING ? MOUNT_INPUT_NONE
                        : rows[i].from == FROM_IMAGE ? MOUNT_INPUT_IMAGE
                                                     : MOUNT_INPUT_FOLDER);
        /* An image is held as long as the mount is there. */
        g_assert_cmpuint(plan->operations->len, ==, rows[i].from == FROM_IMAGE ? 2 : 1);
        g_assert_cmpint(mount_plan_get(plan, 0)->type, ==,
                        rows[i].from == FROM_IMAGE ? MOUNT_OPERATION_HOLD_IMAGE : rows[i].type);
}

static const struct {
        uint32_t owner;
        From from;
        SecurityMode mode;
        MountIds ids;
} id_rows[] = {
        {USER, FROM_FD, SECURITY_SANDBOX, MOUNT_IDS_CALLER},
        {USER, FROM_FD, SECURITY_INSECURE, MOUNT_IDS_CALLER},
        {USER, FROM_PATH, SECURITY_SANDBOX, MOUNT_IDS_RANGE},
        {USER, FROM_PATH, SECURITY_INSECURE, MOUNT_IDS_HOST},
        {ROOT_USER, FROM_FD, SECURITY_SANDBOX, MOUNT_IDS_RANGE},
        {ROOT_USER, FROM_FD, SECURITY_INSECURE, MOUNT_IDS_HOST},
        {ROOT_USER, FROM_PATH, SECURITY_SANDBOX, MOUNT_IDS_RANGE},
        {ROOT_USER, FROM_PATH, SECURITY_INSECURE, MOUNT_IDS_HOST},
};

static void test_ids(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(id_rows); i++) {
                g_autoptr(ContainerSpec) spec = container_spec_new();
                MountSpec *root = add_mount(spec, MOUNT_BIND, "/", id_rows[i].from);
                const MountOperation *operation;

                root->output = i % 2 == 0;
                spec->security_mode = id_rows[i].mode;
                g_autoptr(MountPlan) plan = mount_plan_new(spec, id_rows[i].owner);
                operation = find_mount(plan, root);
                g_test_message("row %zu", i);
                g_assert_cmpint(operation->ids, ==, id_rows[i].ids);
                g_assert_cmpint(operation->devices, ==, id_rows[i].mode == SECURITY_INSECURE);
        }
}

/* cache: its folder, and as output the seed; tmpfs, secret, ssh: made for this container, no output */
static void test_other_types(void)
{
        static const struct {
                MountType type;
                From from;
                Answer output, read_only;
                MountOperationType operation;
                MountOutput is_output;
                Answer is_read_only;
        } others[] = {
                {MOUNT_CACHE, FROM_NOTHING, NO, NO, MOUNT_OPERATION_CACHE, MOUNT_OUTPUT_NONE, NO},
                {MOUNT_CACHE, FROM_NOTHING, NO, YES, MOUNT_OPERATION_CACHE, MOUNT_OUTPUT_NONE, YES},
                {MOUNT_CACHE, FROM_IMAGE, NO, NO, MOUNT_OPERATION_CACHE, MOUNT_OUTPUT_NONE, NO},
                {MOUNT_CACHE, FROM_IMAGE, YES, NO, MOUNT_OPERATION_CACHE, MOUNT_OUTPUT_SEED, NO},
                {MOUNT_TMPFS, FROM_NOTHING, NO, NO, MOUNT_OPERATION_TMPFS, MOUNT_OUTPUT_NONE, NO},
                {MOUNT_TMPFS, FROM_NOTHING, NO, YES, MOUNT_OPERATION_TMPFS, MOUNT_OUTPUT_NONE, YES},
                {MOUNT_SECRET, FROM_NOTHING, NO, NO, MOUNT_OPERATION_SECRET, MOUNT_OUTPUT_NONE, YES},
                {MOUNT_SSH, FROM_NOTHING, NO, NO, MOUNT_OPERATION_SSH, MOUNT_OUTPUT_NONE, NO},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
                g_autoptr(ContainerSpec) spec = container_spec_new();
                MountSpec *mount = add_mount(spec, others[i].type, "/a", others[i].from);
                const MountOperation *operation;

                mount->output = others[i].output == YES;
                mount->read_only = others[i].read_only == YES;
                g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);
                operation = find_mount(plan, mount);
                g_test_message("row %zu", i);
                g_assert_cmpint(operation->type, ==, others[i].operation);
                g_assert_cmpint(operation->output, ==, others[i].is_output);
                g_assert_cmpint(operation->read_only, ==, others[i].is_read_only == YES);
        }
}

/* "TYPE DESTINATION", one after the other. */
static char *list(const MountPlan *plan)
{
        static const char *const names[] = {"hold-image", "hold-cache", "read",   "input", "child",
                                            "cache",      "tmpfs",      "secret", "ssh"};
        g_autoptr(GString) text = g_string_new(NULL);

        for (guint i = 0; i < plan->operations->len; i++) {
                const MountOperation *operation = mount_plan_get(plan, i);

                g_string_append_printf(text, "%s %s\n", names[operation->type],
                                       operation->mount ? operation->mount->destination : operation->secret->id);
        }
        return g_strdup(text->str);
}

static ContainerSpec *new_mixed(void)
{
        ContainerSpec *spec = container_spec_new();

        (void) add_mount(spec, MOUNT_SECRET, "/srv/data/key", FROM_NOTHING);
        (void) add_mount(spec, MOUNT_TMPFS, "/srv/data/b/c", FROM_NOTHING);
        (void) add_mount(spec, MOUNT_BIND, "/srv/data/b", FROM_IMAGE);
        (void) add_mount(spec, MOUNT_CACHE, "/cache", FROM_IMAGE);
        (void) add_mount(spec, MOUNT_BIND, "/srv-data", FROM_FD);
        (void) add_mount(spec, MOUNT_BIND, "/srv", FROM_PATH);
        (void) add_mount(spec, MOUNT_BIND, "/", FROM_IMAGE);
        (void) add_mount(spec, MOUNT_SSH, "/agent", FROM_NOTHING);
        g_ptr_array_add(spec->secrets, secret_spec_new("key", "x", 1, -1));
        return spec;
}

/* What is taken from others first; then parents before what lies in them. The caller's order does not matter. */
static void test_order(void)
{
        static const char expected[] = "hold-image /\nhold-image /cache\nhold-image /srv/data/b\nhold-cache /cache\n"
                                       "read key\nchild /\nssh /agent\ncache /cache\nchild /srv\nchild /srv-data\n"
                                       "child /srv/data/b\ntmpfs /srv/data/b/c\nsecret /srv/data/key\n";
        g_autoptr(ContainerSpec) spec = new_mixed();
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);
        g_autofree char *text = list(plan);

        g_assert_cmpstr(text, ==, expected);
}

static void test_indices_stay(void)
{
        g_autoptr(ContainerSpec) spec = new_mixed();
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);

        for (guint i = 0; i < spec->mounts->len; i++) {
                const MountSpec *mount = spec->mounts->pdata[i];

                g_assert_cmpuint(find_mount(plan, mount)->mount->index, ==, i);
        }
}

/* After any number of operations, what was done is undone in the reverse order, and nothing else. */
static void test_lifo(void)
{
        g_autoptr(ContainerSpec) spec = new_mixed();
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);

        for (guint done = 0; done <= plan->operations->len; done++) {
                for (guint undone = 0; undone < done; undone++)
                        g_assert_true(mount_plan_next_release(plan, done, undone) ==
                                      mount_plan_get(plan, done - 1 - undone));
                g_assert_null(mount_plan_next_release(plan, done, done));
        }
        /* So an image is let go after all mounts that could show it. */
        g_assert_cmpint(mount_plan_next_release(plan, plan->operations->len, 0)->type, ==, MOUNT_OPERATION_SECRET);
        g_assert_cmpint(mount_plan_next_release(plan, plan->operations->len, plan->operations->len - 1)->type, ==,
                        MOUNT_OPERATION_HOLD_IMAGE);
}

static void test_left_out(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();
        MountSpec *secret;

        (void) add_mount(spec, MOUNT_BIND, "/", FROM_NOTHING);
        secret = add_mount(spec, MOUNT_SECRET, "/key", FROM_NOTHING);
        secret->left_out = true;
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);
        g_autofree char *text = list(plan);

        g_assert_cmpstr(text, ==, "child /\n");
}

static void test_below_dev(void)
{
        static const char *const destinations[] = {"/", "/device", "/dev/shm", "/dev/a/b", "/srv/dev/x"};

        for (size_t i = 0; i < G_N_ELEMENTS(destinations); i++) {
                g_autoptr(ContainerSpec) spec = container_spec_new();
                const MountSpec *mount = add_mount(spec, MOUNT_BIND, destinations[i], FROM_NOTHING);
                g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);

                g_assert_cmpint(find_mount(plan, mount)->by_runtime, ==, strncmp(destinations[i], "/dev/", 5) == 0);
        }
}

static void test_empty(void)
{
        g_autoptr(ContainerSpec) spec = container_spec_new();
        g_autoptr(MountPlan) plan = mount_plan_new(spec, USER);

        g_assert_cmpuint(plan->operations->len, ==, 0);
        g_assert_null(mount_plan_next_release(plan, 0, 0));
        g_assert_null(mount_plan_free(NULL));
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *name =
                        g_strdup_printf("/mount-plan/%s/%s/%s/%s", rows[i].destination[1] ? "a" : "root",
                                        from_names[rows[i].from], rows[i].output == YES ? "output" : "no-output",
                                        rows[i].read_only == YES ? "read-only" : "writable");

                g_test_add_data_func(name, GSIZE_TO_POINTER(i), test_row);
        }
        g_test_add_func("/mount-plan/ids", test_ids);
        g_test_add_func("/mount-plan/other-types", test_other_types);
        g_test_add_func("/mount-plan/order", test_order);
        g_test_add_func("/mount-plan/indices-stay", test_indices_stay);
        g_test_add_func("/mount-plan/lifo", test_lifo);
        g_test_add_func("/mount-plan/left-out", test_left_out);
        g_test_add_func("/mount-plan/below-dev", test_below_dev);
        g_test_add_func("/mount-plan/empty", test_empty);
        return g_test_run();
}
