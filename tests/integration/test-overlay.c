/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Overlays of many folders, by both ways that kernels know: this runs in the throw-away system, and in the machine with
 * an older kernel (tools/boot-vm), which knows one of them only.
 */
#include <sched.h>
#include <sys/mount.h>
#include <sys/utsname.h>

#include "common.h"
#include "launcher/overlay.h"

#define OWNER 1879048192U
#define MANY  64U

static char *top;

/* top/l/N with the files `all` and `of-N`, of which the first folder is the topmost. */
static void make_folders(unsigned count)
{
        top = g_build_filename(g_getenv("GANGWAY_TEST_DIR"), "overlay", NULL);
        g_free(shell("rm -rf '%s' && mkdir -p '%s/l' '%s/stage' '%s/upper' '%s/work' && cd '%s/l' && i=0\n"
                     "while [ $i -lt %u ]; do mkdir layer-number-$i; echo $i > layer-number-$i/all\n"
                     "echo $i > layer-number-$i/of-$i; i=$((i + 1)); done; chown -R %u:%u '%s'",
                     top, top, top, top, top, top, count, OWNER, OWNER, top));
}

static int open_overlay(OverlayWay way, unsigned count, gboolean writable)
{
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *folder = g_build_filename(top, "l", NULL), *upper = g_build_filename(top, "upper", NULL);
        g_autofree char *work = g_build_filename(top, "work", NULL), *stage = g_build_filename(top, "stage", NULL);
        OverlayRequest request = {.folder = folder, .stage = stage, .owner = OWNER, .way = way};

        for (unsigned i = 0; i < count; i++)
                g_ptr_array_add(names, g_strdup_printf("layer-number-%u", i));
        request.lowers = (const char *const *) names->pdata;
        request.n_lowers = count;
        if (writable) {
                request.upper = upper;
                request.work = work;
        }
        return overlay_open(&request);
}

static char *read_file(int overlay, const char *name)
{
        g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", overlay, name), *text = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, &error));
        return g_strchomp(g_steal_pointer(&text));
}

static void assert_whole(int overlay, unsigned count)
{
        g_autofree char *all = NULL;

        if (overlay < 0)
                g_error("no overlay of %u folders: %s", count, g_strerror(-overlay));
        all = read_file(overlay, "all");
        g_assert_cmpstr(all, ==, "0");
        for (unsigned i = 0; i < count; i++) {
                g_autofree char *name = g_strdup_printf("of-%u", i), *text = read_file(overlay, name);

                g_assert_cmpint(g_ascii_strtoll(text, NULL, 10), ==, i);
        }
}

static void test_any(void)
{
        static const unsigned counts[] = {1, 2, MANY};

        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
                for (gboolean writable = FALSE; writable <= TRUE; writable++) {
                        if (counts[i] < 2 && !writable)
                                continue;
                        make_folders(counts[i]);
                        int overlay = open_overlay(OVERLAY_ANY, counts[i], writable);

                        assert_whole(overlay, counts[i]);
                        int made = openat(overlay, "made", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
                        if (writable)
                                close_fd(&made);
                        else
                                g_assert_cmpint(made, ==, -1);
                        close_fd(&overlay);
                        g_assert_cmpint(shell_status("test -e '%s/upper/made'", top), ==, writable ? 0 : 1);
                }
}

/* What an older kernel is left with; it works on each, and nothing stays mounted. */
static void test_listed(void)
{
        make_folders(MANY);
        int overlay = open_overlay(OVERLAY_LISTED, MANY, TRUE);

        assert_whole(overlay, MANY);
        close_fd(&overlay);
        g_assert_cmpint(shell_status("grep -q '%s' /proc/%d/mountinfo", top, getpid()), ==, 1);
        g_autofree char *cwd = g_get_current_dir();
        g_assert_cmpstr(cwd, ==, "/");
}

static gboolean kernel_takes_them_singly(void)
{
        struct utsname name;
        char *end;

        g_assert_no_errno(uname(&name));
        guint64 major = g_ascii_strtoull(name.release, &end, 10);
        g_assert_true(*end == '.');
        guint64 minor = g_ascii_strtoull(end + 1, NULL, 10);
        return major > 6 || (major == 6 && minor >= 5);
}

static void test_singly(void)
{
        make_folders(MANY);
        int overlay = open_overlay(OVERLAY_SINGLY, MANY, TRUE);

        if (kernel_takes_them_singly()) {
                assert_whole(overlay, MANY);
                close_fd(&overlay);
        } else {
                g_assert_cmpint(overlay, ==, -EINVAL);
        }
}

/* More than a page of names goes the new way only, and is an error of its own otherwise. */
static void test_too_many(void)
{
        make_folders(250);
        int listed = open_overlay(OVERLAY_LISTED, 250, TRUE), beyond = open_overlay(OVERLAY_ANY, 501, TRUE);
        g_assert_cmpint(listed, ==, -E2BIG);
        g_assert_cmpint(beyond, ==, -E2BIG);
        int overlay = open_overlay(OVERLAY_ANY, 250, TRUE);
        if (kernel_takes_them_singly()) {
                assert_whole(overlay, 250);
                close_fd(&overlay);
        } else {
                g_assert_cmpint(overlay, ==, -E2BIG);
        }
        g_free(shell("rm -rf '%s'", top));
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/overlay/any", test_any},
                {"/overlay/listed", test_listed},
                {"/overlay/singly", test_singly},
                {"/overlay/too-many", test_too_many},
        };

        /* Mounts of these tests are to be seen by nobody else. */
        if (getuid() == 0 && (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
                g_error("unshare: %s", g_strerror(errno));
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
