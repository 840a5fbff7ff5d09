/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder on a file system that never answers: FUSE, served by a child that knows its top, and is silent when it is
 * asked for the name "x". Who waits for such a one can't even be killed.
 */
#include "files.h"

#include <errno.h>
#include <linux/fuse.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define RUNNING_MAX 4U
#define WAITING_MAX 256U

typedef struct Fuse {
        char *folder;
        int device;
        pid_t server;
} Fuse;

static void answer(int device, const struct fuse_in_header *in, int error, const void *body, size_t size)
{
        const struct fuse_out_header header = {
                .len = (uint32_t) (sizeof(header) + size), .error = -error, .unique = in->unique};
        const struct iovec parts[] = {{(void *) &header, sizeof(header)}, {(void *) body, size}};

        if (writev(device, parts, G_N_ELEMENTS(parts)) < 0)
                _exit(1);
}

static void __attribute__((noreturn)) serve(int device)
{
        static char buffer[FUSE_MIN_READ_BUFFER + 65536];
        const struct fuse_in_header *in = (const struct fuse_in_header *) buffer;
        const struct fuse_init_out init = {.major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096};
        const struct fuse_attr_out top = {.attr = {.ino = FUSE_ROOT_ID, .mode = S_IFDIR | 0755, .nlink = 2}};

        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
                if (read(device, buffer, sizeof(buffer)) < 0)
                        _exit(0);
                if (in->opcode == FUSE_INIT)
                        answer(device, in, 0, &init, sizeof(init));
                else if (in->opcode == FUSE_GETATTR && in->nodeid == FUSE_ROOT_ID)
                        answer(device, in, 0, &top, sizeof(top));
                else if (in->opcode == FUSE_LOOKUP && strcmp((const char *) (in + 1), "x") != 0)
                        answer(device, in, ENOENT, NULL, 0);
        }
}

static void fuse_start(Fuse *fuse)
{
        g_autofree char *options = NULL;

        /* A system in a container has no such node of its own. */
        g_assert_true(mknod("/dev/fuse", S_IFCHR | 0600, makedev(10, 229)) == 0 || errno == EEXIST);
        fuse->device = open("/dev/fuse", O_RDWR | O_CLOEXEC);
        g_assert_no_errno(fuse->device);
        fuse->folder = root_copy(NULL);
        options = g_strdup_printf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse->device);
        g_assert_no_errno(mount("hang", fuse->folder, "fuse", MS_NODEV | MS_NOSUID, options));
        fuse->server = fork();
        g_assert_no_errno(fuse->server);
        if (fuse->server == 0)
                serve(fuse->device);
}

/* With nobody at its other end the file system answers all with an error. */
static void fuse_end(Fuse *fuse)
{
        g_assert_no_errno(kill(fuse->server, SIGKILL));
        g_assert_cmpint(waitpid(fuse->server, NULL, 0), ==, fuse->server);
        close_fd(&fuse->device);
        g_assert_no_errno(umount2(fuse->folder, MNT_DETACH));
        g_free(fuse->folder);
}

static Container *container_on(const Fuse *fuse)
{
        return container_new(client, .root = fuse->folder, .mount = "{'output': <true>}",
                             .options = "{'security-mode': <'insecure'>}");
}

static void assert_alive(void)
{
        g_autoptr(Container) other = container_new(alice);
        g_autoptr(GVariant) entry = files_stat(other, 0, "/etc", NULL);
}

static gboolean launchers_are(gpointer n)
{
        g_autofree char *found = shell("pgrep -c gangway-launche || true");

        return g_ascii_strtoull(found, NULL, 10) == GPOINTER_TO_UINT(n);
}

/* Only those calls wait, only so many of them are worked on, and a release answers them all, and ends. */
static void test_release(void)
{
        g_autoptr(GPtrArray) clients = g_ptr_array_new_with_free_func((GDestroyNotify) client_free);
        g_autoptr(GArray) serials = g_array_new(FALSE, FALSE, sizeof(guint32));
        Container *first = container_new(client);
        g_autofree char *before = NULL;
        Fuse fuse;

        container_free(first);
        before = world_snapshot();
        fuse_start(&fuse);
        Container *container = container_on(&fuse);

        /* The bus lets nobody have too many calls under way. */
        for (guint i = 0; i < RUNNING_MAX + WAITING_MAX; i++) {
                if (i % 100 == 0)
                        g_ptr_array_add(clients, client_new(NULL));
                guint32 serial =
                        files_send(clients->pdata[i / 100], container->path, i % 2 ? "StatFile" : "OpenFile", 0, "x");
                g_array_append_val(serials, serial);
        }
        for (guint i = 0; i < clients->len; i++)
                client_barrier(clients->pdata[i]);
        wait_until(launchers_are, GUINT_TO_POINTER(RUNNING_MAX + 1), "so many launchers, and the container's own");
        files_fails(container, "StatFile", 0, "y", NULL, ERROR_LIMITS_EXCEEDED, "256");
        files_fails(container, "StatFile", 1, "y", NULL, ERROR_GANGWAY("NoSuchMount"), "1");
        assert_alive();
        for (guint i = 0; i < serials->len; i++)
                g_assert_false(client_has_reply(clients->pdata[i / 100], g_array_index(serials, guint32, i)));
        g_assert_true(launchers_are(GUINT_TO_POINTER(RUNNING_MAX + 1)));

        container_release(container);
        for (guint i = 0; i < serials->len; i++) {
                g_autoptr(Reply) reply = client_receive(clients->pdata[i / 100], g_array_index(serials, guint32, i));
                assert_error(reply, ERROR_GANGWAY("NotRunning"), "released");
        }
        assert_alive();
        fuse_end(&fuse);
        world_wait_same(before);
        container_free(container);
}

/* A file system that comes back to its senses: what waited is answered, in its order. */
static void test_recovers(void)
{
        Fuse fuse;
        guint32 serials[3 * RUNNING_MAX];

        fuse_start(&fuse);
        g_autoptr(Container) container = container_on(&fuse);
        for (guint i = 0; i < G_N_ELEMENTS(serials); i++)
                serials[i] = files_send(client, container->path, "StatFile", 0, "x");
        wait_until(launchers_are, GUINT_TO_POINTER(RUNNING_MAX + 1), "so many launchers, and the container's own");
        fuse_end(&fuse);
        for (guint i = 0; i < G_N_ELEMENTS(serials); i++) {
                g_autoptr(Reply) reply = client_receive(client, serials[i]);
                assert_error(reply, "org.freedesktop.DBus.Error.IOError", "x");
        }
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/files-hang/release", test_release},
                {"/files-hang/recovers", test_recovers},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
