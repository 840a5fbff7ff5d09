/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Which mounts the options of create and run make, and in which order.
 */

#include "ctl/create-mounts.h"
#include "ctl/options.h"
#include "unit.h"

static void options_done(CreateOptions *options)
{
        create_options_done(options);
}

typedef struct Option {
        int c; /* 'r': the word that names the root */
        const char *value;
} Option;

static void take(CreateOptions *options, const Option *given)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;

        create_options_init(options);
        for (; given->c; given++)
                if (given->c == 'r')
                        create_options_take_root(options, given->value);
                else
                        g_assert_cmpint(create_options_take(options, given->c, given->value, &error), ==, 1);
}

static char *describe(const GPtrArray *mounts)
{
        GString *text = g_string_new(NULL);

        for (guint i = 0; i < mounts->len; i++) {
                const MountOption *mount = mounts->pdata[i];

                g_string_append_printf(text, "%s%u:%s:%s%s%s", i > 0 ? " " : "", (unsigned) mount->type,
                                       mount->source ?: mount->id ?: "", mount->destination ?: "-",
                                       mount->read_only ? ":ro" : "", mount->output ? ":output" : "");
        }
        return g_string_free(text, FALSE);
}

static void test_plan(void)
{
        static const struct {
                Option options[8];
                const char *expected;
        } cases[] = {
                {{{'r', "debian:12"}}, "1:debian:12:/"},
                {{{'r', "library/debian"}}, "1:library/debian:/"},
                {{{'r', "/srv/root"}}, "0:/srv/root:/"},
                {{{'r', "."}}, "0:.:/"},
                {{{'r', "../root"}}, "0:../root:/"},
                {{{OPTION_ROOTFS, "root"}}, "0:root:/"},
                {{{OPTION_IMAGE, "debian:12"}, {OPTION_READ_ONLY, NULL}}, "1:debian:12:/:ro"},
                {{{OPTION_HOST_PATH, "/srv"}, {OPTION_OUTPUT, NULL}}, "2:/srv:/:output"},
                {{{OPTION_MOUNT, "type=scratch,dst=/,output"}, {'v', "/a:/x:ro"}}, "3::/:output 0:/a:/x:ro"},
                {{{'v', "/a:/x"}, {'r', "d"}, {OPTION_MOUNT, "type=tmpfs,dst=/tmp"}}, "1:d:/ 0:/a:/x:output 5::/tmp"},
                {{{'r', "d"}, {OPTION_SECRET, "id=t,src=/f"}, {OPTION_SSH, "default"}},
                 "1:d:/ 6:t:/run/secrets/t 7:default:-"},
                {{{'r', "d"}, {OPTION_SECRET, "id=t,env=T"}, {OPTION_MOUNT, "type=secret,id=t,dst=/x"}},
                 "1:d:/ 6:t:/x"},
                {{{'r', "d"}, {OPTION_MOUNT, "type=secret,id=other"}, {OPTION_SECRET, "id=t,env=T"}},
                 "1:d:/ 6:other:/run/secrets/other 6:t:/run/secrets/t"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                _cleanup_(options_done) CreateOptions options;
                sd_bus_error error = SD_BUS_ERROR_NULL;
                g_autoptr(GPtrArray) mounts = NULL;

                take(&options, cases[i].options);
                g_assert_true(create_options_have_root(&options));
                g_assert_cmpint(create_mounts_plan(&options, &mounts, &error), ==, 0);
                g_autofree char *text = describe(mounts);
                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

static void test_refused(void)
{
        static const struct {
                Option options[8];
                const char *part;
        } cases[] = {
                {{{OPTION_READ_ONLY, NULL}}, "--rootfs DIR"},
                {{{OPTION_ROOTFS, "/a"}, {OPTION_IMAGE, "d"}}, "twice"},
                {{{OPTION_ROOTFS, "/a"}, {OPTION_HOST_PATH, "/a"}}, "twice"},
                {{{OPTION_IMAGE, "d"}, {OPTION_MOUNT, "type=scratch,dst=/"}}, "twice"},
                {{{OPTION_MOUNT, "type=scratch,dst=/"}, {OPTION_OUTPUT, NULL}}, "--output"},
                {{{'r', "d"}, {OPTION_SECRET, "id=a/b,src=/f"}}, "'a/b'"},
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                _cleanup_(options_done) CreateOptions options;
                sd_bus_error error = SD_BUS_ERROR_NULL;
                GPtrArray *mounts = NULL;

                take(&options, cases[i].options);
                assert_refused(create_mounts_plan(&options, &mounts, &error), &error, SD_BUS_ERROR_INVALID_ARGS,
                               cases[i].part);
                g_assert_null(mounts);
        }
}

static void test_twice(void)
{
        _cleanup_(options_done) CreateOptions options;
        sd_bus_error error = SD_BUS_ERROR_NULL;

        take(&options, (const Option[]){{OPTION_SECRET, "id=t,env=T"}, {OPTION_SSH, "default"}, {}});
        assert_refused(create_options_take(&options, OPTION_SECRET, "id=t,src=/a", &error), &error,
                       SD_BUS_ERROR_INVALID_ARGS, "'t'");
        assert_refused(create_options_take(&options, OPTION_SSH, "default=/a", &error), &error,
                       SD_BUS_ERROR_INVALID_ARGS, "'default'");
}

/* What is a variable is no file besides, unless a mount says so. */
static void test_variable(void)
{
        _cleanup_(options_done) CreateOptions options;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        g_autoptr(GPtrArray) mounts = NULL;

        take(&options, (const Option[]){{'r', "d"},
                                        {OPTION_SECRET, "id=a,env=A"},
                                        {OPTION_SECRET, "id=b,env=B"},
                                        {OPTION_SECRET, "id=c,env=C"},
                                        {OPTION_MOUNT, "type=secret,id=c"},
                                        {}});
        create_options_use_as_variable(&options, "b");
        create_options_use_as_variable(&options, "c");
        create_options_use_as_variable(&options, "other");
        g_assert_cmpint(create_mounts_plan(&options, &mounts, &error), ==, 0);
        g_autofree char *text = describe(mounts);
        g_assert_cmpstr(text, ==, "1:d:/ 6:c:/run/secrets/c 6:a:/run/secrets/a");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-create-mounts/plan", test_plan);
        g_test_add_func("/ctl-create-mounts/refused", test_refused);
        g_test_add_func("/ctl-create-mounts/twice", test_twice);
        g_test_add_func("/ctl-create-mounts/variable", test_variable);
        return g_test_run();
}
