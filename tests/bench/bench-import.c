/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An image's import beside `tar -x` of the same archive to the same file system, in turn; how fast the daemon answers
 * others meanwhile; and how long a list of many images takes.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bus.h"
#include "figures.h"
#include "stalls.h"
#include "util/cleanup.h"

#define IMAGES     1000U
#define LIST_CALLS 50U

#define STORE    "/var/lib/gangway"
#define INCOMING STORE "/incoming" /* removed folders are there until they are gone */

typedef struct Answer {
        double asked, came;
} Answer;

typedef struct Import {
        gboolean done;
} Import;

static int on_done(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        check(-sd_bus_message_get_errno(m), "the import", sd_bus_message_get_error(m));
        ((Import *) userdata)->done = TRUE;
        return 0;
}

/* On a connection of its own, since ours is busy with asking. */
static sd_bus *wait_for(const char *operation, Import *import)
{
        sd_bus *other = NULL;

        check(sd_bus_open_system(&other), "system bus", NULL);
        check(sd_bus_set_method_call_timeout(other, 10 * 60 * G_USEC_PER_SEC), "system bus", NULL);
        check(sd_bus_call_method_async(other, NULL, BUS, operation, OPERATION, "Wait", on_done, import, ""), "Wait",
              NULL);
        check(sd_bus_flush(other), "Wait", NULL);
        return other;
}

static int open_archive(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                g_error("%s: %s", path, g_strerror(errno));
        return fd;
}

static void ask(GArray *answers)
{
        Answer answer = {.asked = now_ms()};

        call_plain(ROOT, MANAGER, "ListContainers");
        answer.came = now_ms();
        g_array_append_val(answers, answer);
        g_usleep(2000);
}

static double own_import(const char *archive, GArray *answers)
{
        _cleanup_close_ int fd = open_archive(archive);
        Import import = {};
        g_autofree char *operation = NULL;
        double begun = now_ms(), end;
        sd_bus *other;

        operation = begin_import("bench/import", fd);
        other = wait_for(operation, &import);
        while (!import.done) {
                ask(answers);
                check(sd_bus_process(other, NULL), "Wait", NULL);
        }
        end = now_ms();
        sd_bus_flush_close_unref(other);
        return end - begun;
}

static void run(const char *command)
{
        if (system(command) != 0)
                g_error("%s failed", command);
}

/* What the machine alone makes of the answers: as run(), beside the same questions. */
static void run_asking(const char *command, GArray *answers)
{
        char *argv[] = {(char *) "sh", (char *) "-c", (char *) command, NULL};
        int status = 0;
        GPid pid;

        if (!g_spawn_async(NULL, argv, NULL, G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, NULL))
                g_error("%s failed", command);
        while (waitpid(pid, &status, WNOHANG) == 0)
                ask(answers);
        if (status != 0)
                g_error("%s failed", command);
}

static void remove_image(const char *name)
{
        sd_bus_message *m = new_call(ROOT, MANAGER, "RemoveImage");

        check(sd_bus_message_append(m, "sa{sv}", name, 0), "RemoveImage", NULL);
        sd_bus_message_unref(call(m));
}

static gboolean is_empty(const char *folder)
{
        GDir *dir = g_dir_open(folder, 0, NULL);
        gboolean empty = !dir || !g_dir_read_name(dir);

        g_clear_pointer(&dir, g_dir_close);
        return empty;
}

/* What an earlier round left to be removed or written must not slow the next one down. */
static void settle(void)
{
        while (!is_empty(INCOMING))
                g_usleep(1000);
        sync();
}

/* Their times, and those without what the machine added to them. */
static void figure_answers(const GArray *answers, const Stalls *stalls, Figure *all, Figure *undelayed)
{
        for (guint i = 0; i < answers->len; i++) {
                const Answer *answer = &g_array_index(answers, Answer, i);
                double ms = answer->came - answer->asked;

                figure_add(all, ms);
                figure_add(undelayed, ms - stalls_between(stalls, answer->asked, answer->came));
        }
}

static void print_slowest(const char *what, const Figure *all, const Figure *undelayed)
{
        g_print("  the slowest %-32s %8.2f %8.2f   without the machine's stalls\n", what, figure_maximum(all),
                figure_maximum(undelayed));
}

static gboolean imports(const char *archive, const char *folder, unsigned rounds)
{
        Figure own = {"ImportImage, call to Finished"}, bare = {"tar -x"}, synced = {"tar -x, and sync"},
               meanwhile = {"another call meanwhile"}, undelayed = {"the same, without the machine's stalls"},
               beside_tar = {"another call beside tar -x"},
               undelayed_by_tar = {"the same, without the machine's stalls"};
        g_autoptr(GArray) answers = g_array_new(FALSE, FALSE, sizeof(Answer)),
                          answers_beside_tar = g_array_new(FALSE, FALSE, sizeof(Answer));
        g_autoptr(Stalls) stalls = stalls_new();
        g_autofree char *extract = g_strdup_printf("mkdir '%s' && tar -C '%s' -xpf '%s'", folder, folder, archive);
        g_autofree char *clear = g_strdup_printf("rm -rf '%s'", folder);
        gboolean ok;

        for (unsigned i = 0; i < rounds; i++) {
                double begun;

                settle();
                begun = now_ms();
                run_asking(extract, answers_beside_tar);
                figure_add(&bare, now_ms() - begun);
                settle();
                figure_add(&synced, now_ms() - begun);
                run(clear);
                settle();
                figure_add(&own, own_import(archive, answers));
                settle();
                remove_image("bench/import");
        }
        stalls_stop(stalls);
        figure_answers(answers, stalls, &meanwhile, &undelayed);
        figure_answers(answers_beside_tar, stalls, &beside_tar, &undelayed_by_tar);
        g_print("\nImport of the archive\n  %-44s %8s %8s   rounds\n", "milliseconds", "median", "95 %");
        figure_print(&bare);
        figure_print(&synced);
        figure_print(&own);
        figure_print(&meanwhile);
        figure_print(&undelayed);
        figure_print(&beside_tar);
        figure_print(&undelayed_by_tar);
        g_print("  the machine stalled %u times, the longest %.2f ms\n", stalls_count(stalls), stalls_longest(stalls));
        print_slowest("answer beside tar", &beside_tar, &undelayed_by_tar);
        print_slowest("answer meanwhile", &meanwhile, &undelayed);
        ok = figure_compare("ImportImage / tar -x", figure_median(&own) / figure_median(&bare), 1.2, TRUE);
        ok &= figure_compare("the slowest answer without the machine's stalls, ms", figure_maximum(&undelayed), 5,
                             TRUE);
        return ok;
}

static void tag(const char *name, const char *new_name)
{
        sd_bus_message *m = new_call(ROOT, MANAGER, "TagImage");

        check(sd_bus_message_append(m, "ssa{sv}", name, new_name, 0), "TagImage", NULL);
        sd_bus_message_unref(call(m));
}

static gboolean lists(const char *small)
{
        _cleanup_close_ int fd = open_archive(small);
        Figure list = {"ListImages"};
        g_autofree char *operation = begin_import("bench/0", fd);

        sd_bus_message_unref(call(new_call(operation, OPERATION, "Wait")));
        for (unsigned i = 1; i < IMAGES; i++) {
                g_autofree char *name = g_strdup_printf("bench/%u", i);

                tag("bench/0", name);
        }
        for (unsigned i = 0; i < LIST_CALLS; i++) {
                double begun = now_ms();

                call_plain(ROOT, MANAGER, "ListImages");
                figure_add(&list, now_ms() - begun);
        }
        g_print("\n%u images in the store\n  %-44s %8s %8s   rounds\n", IMAGES, "milliseconds", "median", "95 %");
        figure_print(&list);
        return figure_compare("ListImages, ms", figure_median(&list), 5, TRUE);
}

int main(int argc, char *argv[])
{
        const char *folder = g_getenv("GANGWAY_TEST_DIR");
        unsigned rounds = argc > 3 ? (unsigned) g_ascii_strtoull(argv[3], NULL, 10) : 5;
        g_autofree char *target = NULL;
        struct stat st;
        gboolean ok;

        if (!folder || argc < 3)
                g_error("Run this as tools/boot tests/bench/import");
        if (stat(argv[1], &st) < 0)
                g_error("%s: %s", argv[1], g_strerror(errno));
        /* Beside the store, so on its file system. */
        target = g_strdup(STORE "/bench-tar");
        bus_open();
        call_plain(ROOT, MANAGER, "ListContainers");
        g_print("The archive has %.0f MB.\n", (double) st.st_size / 1e6);
        ok = imports(argv[1], target, rounds);
        ok &= lists(argv[2]);
        g_print("\n%s\n", ok ? "All figures are reached." : "Some figures are missed.");
        bus_close();
        return EXIT_SUCCESS;
}
