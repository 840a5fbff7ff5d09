/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gangwayctl's verbs for images: what they print and where, what they say where something is wrong, and that a signal
 * cancels what takes long.
 */
#include "ctl.h"

static const char *archive(void)
{
        static char *path;

        if (!path) {
                path = g_strdup("/tmp/ctl-images.tar");
                g_free(shell("tar -C '%s' -cf %s .", root_shared(), path));
        }
        return path;
}

static void remove_image(const char *name)
{
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("rmi", name)), ==, 0);
}

/* What is done goes to standard error, what came of it to standard output. */
static void test_import(void)
{
        g_autofree char *output = NULL, *errors = NULL, *list = NULL, *json = NULL;

        g_assert_cmpint(ctl_run(&output, &errors, CTL("import", "ctl/one:1", archive())), ==, 0);
        g_assert_true(g_regex_match_simple("^ctl/one:1 [0-9.]+M sha256:[0-9a-f]{64}\n$", output, 0, 0));
        g_assert_true(g_str_has_prefix(errors, "gangwayctl: importing ctl/one:1\n"));
        g_assert_cmpint(ctl_run(&list, NULL, CTL("images")), ==, 0);
        g_assert_true(g_str_has_prefix(list, "IMAGE "));
        g_assert_true(g_regex_match_simple(
                "\nctl/one:1 +0 +20[0-9-]+ [0-9:]+ +[0-9.]+M linux/[a-z0-9/]+ +sha256:[0-9a-f]{12}\n", list, 0, 0));
        g_assert_cmpint(ctl_run(&json, NULL, CTL("images", "--json")), ==, 0);
        assert_contains(json, "\"name\" : \"ctl/one:1\"");
        assert_contains(json, "\"system\" : false");
        g_assert_true(g_regex_match_simple("\"digest\" : \"sha256:[0-9a-f]{64}\"", json, 0, 0));
        remove_image("ctl/one:1");
}

static void test_standard_input(void)
{
        g_autofree char *output = NULL, *from_pipe = NULL, *terminal = NULL;
        Seat seat;

        g_assert_cmpint(ctl_run(&output, NULL, ARGV("sh", "-c", "gangwayctl import ctl-stdin - <$0", archive())), ==,
                        0);
        assert_contains(output, "ctl-stdin ");
        remove_image("ctl-stdin");
        g_assert_cmpint(
                ctl_run(&from_pipe, NULL, ARGV("sh", "-c", "gzip <$0 | gangwayctl import ctl-pipe -", archive())), ==,
                0);
        assert_contains(from_pipe, "ctl-pipe ");
        remove_image("ctl-pipe");
        /* Nobody types an archive. */
        seat_new(&seat, CTL("import", "ctl-typed", "-"));
        terminal = read_text(seat.screen, "\n");
        assert_contains(terminal, "terminal");
        g_assert_cmpint(seat_end(&seat), ==, 125);
}

static void test_names(void)
{
        g_autofree char *list = NULL, *after = NULL, *errors = NULL;

        g_assert_cmpint(ctl_run(NULL, NULL, CTL("import", "ctl-a", archive())), ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("tag", "ctl-a", "ctl-b")), ==, 0);
        g_assert_cmpint(ctl_run(&list, NULL, CTL("images")), ==, 0);
        assert_contains(list, "\nctl-a ");
        assert_contains(list, "\nctl-b ");
        /* One that is not there does not keep the verb from the next. */
        g_assert_cmpint(ctl_run(NULL, &errors, CTL("rmi", "ctl-a", "ctl-ghost", "ctl-b")), ==, 125);
        assert_contains(errors, "ctl-ghost");
        g_assert_cmpint(ctl_run(&after, NULL, CTL("images")), ==, 0);
        g_assert_null(strstr(after, "ctl-"));
}

static void test_prune(void)
{
        g_autofree char *output = NULL;

        g_assert_cmpint(ctl_run(&output, NULL, CTL("prune", "--older-than", "7d", "--keep", "10G")), ==, 0);
        g_assert_true(g_regex_match_simple("^freed [0-9.]+[A-Z]; layers: [0-9]+, caches: [0-9]+\n$", output, 0, 0));
}

static void test_failures(void)
{
        const struct {
                const char *const *argv;
                const char *part;
        } cases[] = {
                {CTL("import", "ctl-bad", "/nowhere"), "/nowhere"},
                {CTL("import", "ctl-bad", "/etc/passwd"), "archive"},
                {CTL("import", "../bad", archive()), "../bad"},
                {CTL("import", "ctl-bad"), "IMAGE and FILE"},
                {CTL("import", "--platform", "amiga", "ctl-bad", archive()), "amiga"},
                {CTL("import", "--nonsense", "ctl-bad", archive()), "--nonsense"},
                {CTL("pull"), "REFERENCE"},
                {CTL("pull", "docker://x"), "docker://x"},
                {CTL("tag", "ctl-ghost", "ctl-new"), "ctl-ghost"},
                {CTL("tag", "ctl-ghost"), "NEW_NAME"},
                {CTL("rmi", "ctl-ghost"), "ctl-ghost"},
                {CTL("rmi"), "IMAGE"},
                {CTL("images", "ctl-ghost"), "no NAME"},
                {CTL("prune", "--older-than", "yesterday"), "--older-than"},
                {CTL("prune", "--keep", "much"), "--keep"},
                {CTL("prune", "ctl-ghost"), "no NAME"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *output = NULL, *errors = NULL;

                g_test_message("case %zu", i);
                g_assert_cmpint(ctl_run(&output, &errors, cases[i].argv), ==, 125);
                g_assert_cmpstr(output, ==, "");
                g_auto(GStrv) lines = g_strsplit(g_strchomp(errors), "\n", -1);
                const char *sentence = lines[g_strv_length(lines) - 1];
                g_assert_true(g_str_has_prefix(sentence, "gangwayctl: "));
                assert_contains(sentence, cases[i].part);
        }
}

/* Bytes of an archive up to this one: the header and a part of a file of 64 MiB that is not compressible. */
static char *begin_archive(size_t length)
{
        char *path = g_strdup("/tmp/ctl-images-large.tar");

        g_free(shell("cd /tmp && rm -f large.bin && head -c 64M /dev/urandom >large.bin && "
                     "tar -cf %s large.bin && rm large.bin && truncate -s %zu %s",
                     path, length, path));
        return path;
}

/* A pipe that holds the beginning of an archive and whose other end stays open; the feeder ends when nobody reads. */
static pid_t start_feeder(const char *path, int *ret_input)
{
        int in[2];

        make_pipe(in);
        pid_t feeder = ctl_spawn(ARGV("sh", "-c", "cat $0; exec sleep 1000", path), -1, in[1], -1);
        close_fd(&in[1]);
        *ret_input = in[0];
        return feeder;
}

static void end_feeder(pid_t feeder)
{
        g_assert_no_errno(kill(feeder, SIGKILL));
        g_assert_cmpint(ctl_end(feeder), ==, 128 + SIGKILL);
}

/* A bar is drawn over itself, tells what was read by now, and is gone at the end. */
static void test_bar(void)
{
        g_autofree char *path = begin_archive(32 << 20);
        int input;
        pid_t feeder = start_feeder(path, &input);
        Seat seat;

        seat_new_input(&seat, CTL("import", "ctl-bar", "-"), input);
        close_fd(&input);
        g_autofree char *bar = read_text(seat.screen, " 32.0M");
        g_assert_true(g_str_has_prefix(bar, "\rimporting ctl-bar  ["));
        assert_contains(bar, "\033[K\rimporting ctl-bar  [");
        g_assert_null(strstr(bar, "\n"));
        g_assert_no_errno(kill(seat.pid, SIGINT));
        g_autofree char *rest = read_text(seat.screen, "cancelled\r\n");
        g_assert_true(g_str_has_suffix(rest, "\r\033[Kgangwayctl: importing ctl-bar: cancelled\r\n"));
        g_assert_cmpint(seat_end(&seat), ==, 128 + SIGINT);
        end_feeder(feeder);
}

static void test_bar_success(void)
{
        Seat seat;

        seat_new(&seat, CTL("import", "ctl-bar", archive()));
        g_autofree char *screen = read_text(seat.screen, "\n");
        g_assert_true(g_str_has_prefix(screen, "\rimporting ctl-bar  ["));
        g_assert_true(g_regex_match_simple("\r\033\\[Kctl-bar [0-9.]+M sha256:[0-9a-f]{64}\r\n$", screen, 0, 0));
        g_assert_cmpint(seat_end(&seat), ==, 0);
        remove_image("ctl-bar");
}

/* Each signal that asks for an end has the operation cancelled: what it had made is gone when the program is. */
static void test_cancel(void)
{
        const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
        g_autofree char *path = begin_archive(1 << 20), *before = world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                int input, err[2];
                pid_t feeder = start_feeder(path, &input);

                make_pipe(err);
                pid_t pid = ctl_spawn(CTL("import", "ctl-cancelled", "-"), input, -1, err[1]);
                close_fd(&input);
                close_fd(&err[1]);
                g_free(read_text(err[0], "importing ctl-cancelled\n"));
                g_assert_no_errno(kill(pid, signals[i]));
                g_autofree char *said = read_text(err[0], NULL);
                g_assert_cmpstr(said, ==, "gangwayctl: importing ctl-cancelled: cancelled\n");
                g_assert_cmpint(ctl_end(pid), ==, 128 + signals[i]);
                close_fd(&err[0]);
                end_feeder(feeder);
        }
        g_autofree char *list = shell("gangwayctl images; ls /var/lib/gangway/incoming");
        g_assert_null(strstr(list, "ctl-"));
        world_assert_same(before);
}

/* Killed itself, it leaves the operation to the daemon, which ends it well. */
static void test_killed_itself(void)
{
        int in[2], err[2];

        make_pipe(in);
        make_pipe(err);
        pid_t pid = ctl_spawn(CTL("import", "ctl-orphan", "-"), in[0], -1, err[1]);
        close_fd(&in[0]);
        close_fd(&err[1]);
        g_free(read_text(err[0], "importing ctl-orphan\n"));
        g_assert_no_errno(kill(pid, SIGKILL));
        g_assert_cmpint(ctl_end(pid), ==, 128 + SIGKILL);
        close_fd(&err[0]);
        g_autofree char *command = g_strdup_printf("cat %s >&0", archive());
        pid_t feeder = ctl_spawn(ARGV("sh", "-c", command), in[1], -1, STDERR_FILENO);
        close_fd(&in[1]);
        g_assert_cmpint(ctl_end(feeder), ==, 0);
        g_free(shell("timeout %d sh -c 'until gangwayctl images | grep -q ctl-orphan; do sleep 0.05; done'",
                     DEADLINE_SECONDS));
        remove_image("ctl-orphan");
}

/* What was written to an output becomes an image, upon the one that it came from. */
static void test_commit(void)
{
        g_autofree char *output = NULL, *errors = NULL, *from_new = NULL, *from_mount = NULL, *no_output = NULL;
        Seat seat;

        g_assert_cmpint(ctl_run(NULL, NULL, CTL("import", "ctl-base", archive())), ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL,
                                CTL("create", "ctl-commit", "ctl-base", "--output", "--mount",
                                    "type=scratch,dst=/made,output", "--mount", "type=tmpfs,dst=/tmp")),
                        ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL,
                                CTL("start", "ctl-commit", "sh", "-c", "echo new >/etc/new; echo made >/made/file")),
                        ==, 0);
        g_assert_cmpint(ctl_run(&output, &errors, CTL("commit", "ctl-commit", "ctl-new")), ==, 0);
        g_assert_true(g_str_has_prefix(output, "ctl-new "));
        g_assert_true(g_str_has_prefix(errors, "gangwayctl: committing ctl-new\n"));
        seat_new(&seat, CTL("commit", "ctl-commit:/made", "ctl-made"));
        g_autofree char *screen = read_text(seat.screen, "\n");
        g_assert_true(g_str_has_prefix(screen, "\rcommitting ctl-made  ["));
        g_assert_cmpint(seat_end(&seat), ==, 0);
        g_assert_cmpint(ctl_run(NULL, &no_output, CTL("commit", "ctl-commit:/tmp", "ctl-bad")), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("commit", "ctl-commit:/ghost", "ctl-bad")), ==, 125);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("release", "ctl-commit")), ==, 0);

        g_assert_cmpint(ctl_run(&from_new, NULL,
                                CTL("run", "--mount", "type=image,src=ctl-made,dst=/mnt", "ctl-new", "sh", "-c",
                                    "cat /etc/new; cat /mnt/file; test -e /bin/sh && test ! -e /made")),
                        ==, 0);
        g_assert_cmpstr(from_new, ==, "new\nmade\n");
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("rmi", "ctl-base", "ctl-new", "ctl-made")), ==, 0);
}

/* An image of the system is asked for, and one of alice's is not seen by bob. */
static void test_users(void)
{
        g_autofree char *errors = NULL, *hers = NULL, *his = NULL, *system = NULL;

        g_assert_cmpint(ctl_run(NULL, &errors,
                                ARGV("setsid", "--wait", "runuser", "-u", "alice", "--", "gangwayctl", "import",
                                     "--system", "ctl-hers", archive())),
                        ==, 125);
        assert_contains(errors, "org.gangway1.manage-images");
        g_assert_cmpint(ctl_run(NULL, NULL,
                                ARGV("runuser", "-u", "alice", "--", "gangwayctl", "import", "ctl-hers", archive())),
                        ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("import", "--system", "ctl-all", archive())), ==, 0);
        g_assert_cmpint(ctl_run(&hers, NULL, ARGV("runuser", "-u", "alice", "--", "gangwayctl", "images")), ==, 0);
        assert_contains(hers, "\nctl-hers ");
        assert_contains(hers, "\nctl-all  system ");
        g_assert_cmpint(ctl_run(&his, NULL, ARGV("runuser", "-u", "bob", "--", "gangwayctl", "images")), ==, 0);
        g_assert_null(strstr(his, "ctl-hers"));
        assert_contains(his, "\nctl-all ");
        g_assert_cmpint(ctl_run(NULL, NULL, ARGV("runuser", "-u", "alice", "--", "gangwayctl", "rmi", "ctl-hers")), ==,
                        0);
        g_assert_cmpint(ctl_run(NULL, NULL, CTL("rmi", "--system", "ctl-all")), ==, 0);
}

static const Test tests[] = {
        {"/ctl-images/import", test_import},
        {"/ctl-images/standard-input", test_standard_input},
        {"/ctl-images/names", test_names},
        {"/ctl-images/prune", test_prune},
        {"/ctl-images/failures", test_failures},
        {"/ctl-images/bar", test_bar},
        {"/ctl-images/bar-success", test_bar_success},
        {"/ctl-images/cancel", test_cancel},
        {"/ctl-images/killed-itself", test_killed_itself},
        {"/ctl-images/commit", test_commit},
        {"/ctl-images/users", test_users},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
