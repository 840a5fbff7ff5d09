/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Images, folders, files and secrets for run, as a user without rights has them.
 */
#include "ctl.h"

#include <glib/gstdio.h>

#define ALICE(...) ARGV("runuser", "-u", "alice", "--", "gangwayctl", __VA_ARGS__)
#define IMAGE      "ctl-mounts"

/* A folder of alice's with a file in it, on a file system that can map ids. */
static char *folder_new(void)
{
        char *folder = g_strdup_printf("%s/ctl-mounts", g_getenv("GANGWAY_TEST_DIR"));

        g_free(shell("rm -rf '%s' && mkdir -m 755 '%s' && echo hers >'%s/file' && chown -R alice: '%s'", folder, folder,
                     folder, folder));
        return folder;
}

static void folder_free(char **folder)
{
        g_free(shell("rm -rf '%s'", *folder));
        g_free(*folder);
}

#define FOLDER(name) __attribute__((cleanup(folder_free))) char *name = folder_new()

static void import_image(void)
{
        g_free(shell("tar -C '%s' -c . | runuser -u alice -- gangwayctl import " IMAGE " -", root_shared()));
}

static void remove_image(void)
{
        g_free(shell("runuser -u alice -- gangwayctl rmi " IMAGE));
}

static void test_image(void)
{
        g_autofree char *before = NULL, *output = NULL, *errors = NULL, *name = NULL;

        import_image();
        /* The first one has folders made that stay. */
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("run", IMAGE, "true")), ==, 0);
        before = world_snapshot();
        g_assert_cmpint(ctl_run(&output, NULL, ALICE("run", IMAGE, "sh", "-c", "id -u; touch /new; exit 3")), ==, 3);
        g_assert_cmpstr(output, ==, "0\n");
        /* What was written is gone. */
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("run", "--read-only", IMAGE, "test", "-e", "/new")), ==, 1);
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("run", "--image", IMAGE, "--", "sh", "-c", "exit 4")), ==, 4);
        g_assert_cmpint(ctl_run(NULL, NULL,
                                ALICE("run", "--mount", "type=image,src=" IMAGE ",dst=/,ro", "sh", "-c", "touch /x")),
                        ==, 1);
        g_assert_cmpint(ctl_run(&name, NULL, ALICE("create", IMAGE)), ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("start", g_strchomp(name), "sh", "-c", "exit 5")), ==, 5);
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("release", name)), ==, 0);
        /* This image knows no command of its own. */
        g_assert_cmpint(ctl_run(NULL, &errors, ALICE("run", IMAGE)), ==, 125);
        world_assert_same(before);
        remove_image();
}

static void test_folder(void)
{
        FOLDER(folder);
        g_autofree char *volume = g_strdup_printf("%s:/project", folder), *read_only = g_strdup_printf("%s:ro", volume),
                        *discard = g_strdup_printf("type=bind,src=%s,dst=/project,output=false", folder),
                        *file = g_strdup_printf("%s/file:/etc/conf", folder), *output = NULL, *seen = NULL;

        import_image();
        g_assert_cmpint(ctl_run(&output, NULL,
                                ALICE("run", "-v", volume, "-w", "/project", IMAGE, "sh", "-c",
                                      "cat file; stat -c %u file; echo made >new; mkdir folder")),
                        ==, 0);
        g_assert_cmpstr(output, ==, "hers\n0\n");
        seen = shell("cd '%s' && cat new && stat -c '%%U %%n' * | sort", folder);
        g_assert_cmpstr(seen, ==, "made\nalice file\nalice folder\nalice new");

        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("run", "-v", read_only, IMAGE, "touch", "/project/refused")), ==, 1);
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("run", "--mount", discard, IMAGE, "touch", "/project/thrown-away")),
                        ==, 0);
        g_assert_cmpint(ctl_run(NULL, NULL, ALICE("run", "-v", file, IMAGE, "sh", "-c", "echo more >>/etc/conf")), ==,
                        0);
        g_autofree char *after = shell("cd '%s' && ls && cat file", folder);
        g_assert_cmpstr(after, ==, "file\nfolder\nnew\nhers\nmore");
        remove_image();
}

/* A path that is not absolute is one of the caller's, also with a comma in it. */
static void test_relative(void)
{
        FOLDER(folder);
        g_autofree char *script =
                                g_strdup_printf("cd '%s' && mkdir a,b && echo in >a,b/x && "
                                                "gangwayctl run -v .:/one --mount 'type=bind,\"src=a,b\",dst=/two,ro' "
                                                "--rootfs '%s' cat /one/file /two/x",
                                                folder, root_shared()),
                        *output = NULL;

        g_assert_cmpint(ctl_run(&output, NULL, ARGV("sh", "-c", script)), ==, 0);
        g_assert_cmpstr(output, ==, "hers\nin\n");
}

static void test_secret(void)
{
        g_autofree char *output = NULL, *pipe = NULL, *variable = NULL;

        g_assert_cmpint(ctl_run(&output, NULL,
                                ARGV("bash", "-c",
                                     "echo sesame >/tmp/ctl-secret && chmod 600 /tmp/ctl-secret && "
                                     "gangwayctl run --secret id=word,src=/tmp/ctl-secret --rootfs $0 sh -c "
                                     "'cat /run/secrets/word; stat -c \"%a %u\" /run/secrets/word'; "
                                     "rm /tmp/ctl-secret",
                                     root_shared())),
                        ==, 0);
        g_assert_cmpstr(output, ==, "sesame\n400 0\n");
        g_assert_cmpint(ctl_run(&pipe, NULL,
                                ARGV("bash", "-c",
                                     "gangwayctl run --secret id=word,src=<(echo piped) --rootfs $0 "
                                     "cat /run/secrets/word",
                                     root_shared())),
                        ==, 0);
        g_assert_cmpstr(pipe, ==, "piped\n");
        g_setenv("GANGWAY_TEST_SECRET", "in the environment", TRUE);
        g_assert_cmpint(ctl_run(&variable, NULL,
                                CTL("run", "--secret", "id=word,env=GANGWAY_TEST_SECRET", "--mount",
                                    "type=secret,id=word,dst=/etc/word,mode=0444", "--rootfs", root_shared(), "sh",
                                    "-c", "cat /etc/word; stat -c ' %a' /etc/word; ls /run/secrets 2>/dev/null")),
                        ==, 1);
        g_assert_cmpstr(variable, ==, "in the environment 444\n");
        /* Not a bit of it is anybody else's to see. */
        g_assert_cmpint(shell_status("grep -rqs 'in the environment' /var/lib/gangway /run/gangway"), ==, 1);
}

/* A secret as a variable is no file besides. */
static void test_secret_variable(void)
{
        g_autofree char *output = NULL, *errors = NULL;

        g_setenv("GANGWAY_TEST_SECRET", "in the environment", TRUE);
        g_assert_cmpint(ctl_run(&output, NULL,
                                CTL("run", "--secret", "id=word,env=GANGWAY_TEST_SECRET", "--secret-env", "WORD=word",
                                    "--rootfs", root_shared(), "sh", "-c", "echo $WORD; ls /run/secrets")),
                        ==, 1);
        g_assert_cmpstr(output, ==, "in the environment\n");
        g_assert_cmpint(
                ctl_run(NULL, &errors, CTL("run", "--secret-env", "WORD=ghost", "--rootfs", root_shared(), "true")), ==,
                125);
        assert_contains(errors, "ghost");
}

/* What the agent is asked from inside, the caller's own agent answers. */
static void test_agent(void)
{
        const char *script = "mkdir -p $GANGWAY_TEST_DIR/bin && "
                             "eval \"$(ssh-agent -s)\" >/dev/null && "
                             "gangwayctl run --ssh default --rootfs $0 sh -c "
                             "'echo $SSH_AUTH_SOCK; test -S $SSH_AUTH_SOCK && stat -c %a $SSH_AUTH_SOCK'; "
                             "gangwayctl run --ssh work=$SSH_AUTH_SOCK --mount type=ssh,id=work,dst=/agent,mode=0666 "
                             "--rootfs $0 stat -c '%F %a' /agent; ssh-agent -k >/dev/null";
        g_autofree char *output = NULL;

        g_assert_cmpint(ctl_run(&output, NULL, ARGV("bash", "-c", script, root_shared())), ==, 0);
        g_assert_cmpstr(output, ==, "/run/gangway/ssh/default.sock\n600\nsocket 666\n");
}

/* It is kept from one container to the next. */
static void test_cache(void)
{
        g_autofree char *output = NULL;

        g_assert_cmpint(ctl_run(NULL, NULL,
                                CTL("run", "--mount", "type=cache,id=ctl,dst=/cache", "--rootfs", root_shared(), "sh",
                                    "-c", "echo kept >/cache/file")),
                        ==, 0);
        g_assert_cmpint(ctl_run(&output, NULL,
                                CTL("run", "--mount", "type=cache,id=ctl,dst=/elsewhere,sharing=locked", "--rootfs",
                                    root_shared(), "cat", "/elsewhere/file")),
                        ==, 0);
        g_assert_cmpstr(output, ==, "kept\n");
}

static void test_other_types(void)
{
        g_autofree char *output = NULL;

        g_assert_cmpint(ctl_run(&output, NULL,
                                CTL("run", "--mount", "type=tmpfs,dst=/small,size=1m", "--mount", "type=scratch,dst=/s",
                                    "--rootfs", root_shared(), "sh", "-c",
                                    "dd if=/dev/zero of=/small/x bs=1k count=2000 2>/dev/null; echo $?; touch /s/x && "
                                    "ls /s")),
                        ==, 0);
        g_assert_cmpstr(output, ==, "1\nx\n");
}

static void test_failures(void)
{
        const struct {
                const char *const *argv;
                const char *part;
        } cases[] = {
                {CTL("run", "ctl-ghost", "true"), "ctl-ghost"},
                {CTL("run"), "IMAGE"},
                {CTL("run", "--image", "ctl-ghost", "--rootfs", "/", "true"), "twice"},
                {CTL("create", "one", "two", "three"), "one NAME"},
                {CTL("create", "--name", "one", "two", "three"), "one NAME"},
                {CTL("run", "--rootfs", root_shared(), "-v", "data:/x", "true"), "type=cache"},
                {CTL("run", "--rootfs", root_shared(), "-v", "/nowhere:/x", "true"), "/nowhere"},
                {CTL("run", "--rootfs", root_shared(), "--mount", "type=bind,src=/a,dst=/x,raed-only", "true"),
                 "raed-only"},
                {CTL("run", "--rootfs", root_shared(), "--mount", "type=secret,id=ghost", "true"), "ghost"},
                {CTL("run", "--rootfs", root_shared(), "--secret", "id=a,env=GANGWAY_TEST_NONE", "true"),
                 "GANGWAY_TEST_NONE"},
                {CTL("run", "--rootfs", root_shared(), "--secret", "id=a,src=/nowhere", "true"), "/nowhere"},
                {CTL("run", "--rootfs", root_shared(), "--ssh", "default=/etc/passwd", "true"), "/etc/passwd"},
                {ARGV("env", "-u", "SSH_AUTH_SOCK", "gangwayctl", "run", "--rootfs", root_shared(), "--ssh", "default",
                      "true"),
                 "SSH_AUTH_SOCK"},
                {CTL("run", "--rootfs", root_shared(), "-v", "/tmp:/proc", "true"), "/proc"},
        };
        g_autofree char *before = world_snapshot();

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *output = NULL, *errors = NULL;

                g_test_message("case %zu", i);
                g_assert_cmpint(ctl_run(&output, &errors, cases[i].argv), ==, 125);
                g_assert_cmpstr(output, ==, "");
                g_assert_true(g_str_has_prefix(errors, "gangwayctl: "));
                assert_contains(errors, cases[i].part);
        }
        world_assert_same(before);
}

static const Test tests[] = {
        {"/ctl-mounts/image", test_image},
        {"/ctl-mounts/folder", test_folder},
        {"/ctl-mounts/relative", test_relative},
        {"/ctl-mounts/secret", test_secret},
        {"/ctl-mounts/secret-variable", test_secret_variable},
        {"/ctl-mounts/agent", test_agent},
        {"/ctl-mounts/cache", test_cache},
        {"/ctl-mounts/other-types", test_other_types},
        {"/ctl-mounts/failures", test_failures},
};

int main(int argc, char **argv)
{
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
