/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the launcher is asked for, word by word, and how a secret's bytes get there. */

#include "service/mount-request.h"
#include "unit.h"

static void assert_request(const MountOperation *operation, uint32_t id_base, const StoreImage *image,
                           const char *expected)
{
        const MountSource source = {.image = image};
        g_autoptr(GPtrArray) strings = mount_request_new(operation, 1000, id_base, &source);
        g_autofree char *text = g_strjoinv(" ", (char **) strings->pdata);

        g_assert_cmpstr(text, ==, expected);
}

/* A cache's folder is what is mounted, whatever it began with. */
static void test_cache(void)
{
        g_autoptr(StoreImage) image = g_new0(StoreImage, 1);
        g_autoptr(MountSpec) mount = mount_spec_new();
        const MountOperation operation = {
                .type = MOUNT_OPERATION_CACHE, .mount = mount, .input = MOUNT_INPUT_IMAGE, .read_only = true};
        const MountSource source = {.image = image, .cache = "/store/caches/aaaa/root", .cache_id_base = 131072};
        g_autoptr(GPtrArray) strings = NULL;
        g_autofree char *text = NULL;

        mount->type = MOUNT_CACHE;
        mount->destination = g_strdup("/c");
        strings = mount_request_new(&operation, 1000, 65536, &source);
        text = g_strjoinv(" ", (char **) strings->pdata);
        g_assert_cmpstr(text, ==, "mount 0 /c input cache=/store/caches/aaaa/root ids=range:131072 read-only=1");
}

static void test_ssh(void)
{
        g_autoptr(MountSpec) mount = mount_spec_new();
        const MountOperation operation = {.type = MOUNT_OPERATION_SSH, .mount = mount};

        mount->type = MOUNT_SSH;
        mount->destination = g_strdup("/a");
        mount->uid = 5;
        mount->mode = 0600;
        assert_request(&operation, 65536, NULL, "mount 0 /a ssh caller=1000 uid=65541 gid=65536 mode=384");
}

static void free_layer(gpointer layer)
{
        store_layer_free(layer);
}

static void add_layer(StoreImage *image, const char *folder, uint32_t base)
{
        StoreLayer *layer = g_new0(StoreLayer, 1);

        layer->folder = g_strdup(folder);
        layer->id_base = base;
        g_ptr_array_add(image->layers, layer);
}

static void test_binds(void)
{
        g_autoptr(StoreImage) image = g_new0(StoreImage, 1);
        g_autoptr(MountSpec) mount = mount_spec_new();
        MountOperation operation = {.type = MOUNT_OPERATION_CHILD, .mount = mount, .input = MOUNT_INPUT_IMAGE};

        image->layers = g_ptr_array_new_with_free_func(free_layer);
        add_layer(image, "aaaa", 131072);
        add_layer(image, "bbbb", 65536);
        mount->destination = g_strdup("/a b");
        mount->index = 3;
        mount->selector = g_strdup("sub/x y");
        assert_request(&operation, 65536, image, "mount 3 /a b child layers=aaaa:131072,bbbb:65536 selector=sub/x y");

        g_clear_pointer(&mount->selector, g_free);
        mount->host_path = g_strdup("/srv");
        operation.input = MOUNT_INPUT_FOLDER;
        operation.type = MOUNT_OPERATION_INPUT;
        operation.ids = MOUNT_IDS_RANGE;
        operation.read_only = operation.devices = operation.by_runtime = true;
        assert_request(&operation, 65536, NULL,
                       "mount 3 /a b input host-path=/srv ids=range:0 read-only=1 devices=1 by-runtime=1");
        g_clear_pointer(&mount->host_path, g_free);
        operation = (MountOperation){.type = MOUNT_OPERATION_INPUT,
                                     .mount = mount,
                                     .input = MOUNT_INPUT_FOLDER,
                                     .ids = MOUNT_IDS_CALLER,
                                     .output = MOUNT_OUTPUT_FOLDER};
        assert_request(&operation, 65536, NULL, "mount 3 /a b input ids=caller:1000 written=1");
        operation = (MountOperation){.type = MOUNT_OPERATION_CHILD, .mount = mount};
        assert_request(&operation, 65536, NULL, "mount 3 /a b child");
}

static void test_memory(void)
{
        g_autoptr(MountSpec) mount = mount_spec_new();
        MountOperation operation = {.type = MOUNT_OPERATION_TMPFS, .mount = mount};

        mount->destination = g_strdup("/t");
        assert_request(&operation, 65536, NULL, "mount 0 /t tmpfs");
        mount->size = UINT64_C(1) << 40;
        assert_request(&operation, 65536, NULL, "mount 0 /t tmpfs size=1099511627776");

        operation.type = MOUNT_OPERATION_SECRET;
        operation.read_only = true;
        mount->uid = 1;
        mount->gid = 65535;
        mount->mode = 0440;
        assert_request(&operation, 65536, NULL, "mount 0 /t secret uid=65537 gid=131071 mode=288 read-only=1");
        assert_request(&operation, 0, NULL, "mount 0 /t secret uid=1 gid=65535 mode=288 read-only=1");
}

static void test_pipe(void)
{
        static const gsize sizes[] = {0, 1, 65536, 65537, SECRET_SIZE_MAX};

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autofree char *data = g_strnfill(sizes[i], 'x');
                g_autoptr(GBytes) bytes = g_bytes_new(data, sizes[i]);
                g_autofree char *buffer = g_malloc(SECRET_SIZE_MAX + 1);
                _cleanup_close_ int fd = mount_request_pipe(bytes);
                gsize done = 0;
                ssize_t n;

                g_assert_cmpint(fd, >=, 0);
                assert_cloexec(fd);
                while ((n = read(fd, buffer + done, SECRET_SIZE_MAX + 1 - done)) > 0)
                        done += (gsize) n;
                g_assert_cmpint(n, ==, 0);
                g_assert_cmpmem(buffer, done, data, sizes[i]);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/mount-request/binds", test_binds);
        g_test_add_func("/mount-request/memory", test_memory);
        g_test_add_func("/mount-request/pipe", test_pipe);
        g_test_add_func("/mount-request/cache", test_cache);
        g_test_add_func("/mount-request/ssh", test_ssh);
        return g_test_run();
}
