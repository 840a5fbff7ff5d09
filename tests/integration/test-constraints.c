/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Constraints of CreateContainer against the machine that the tests run on, and against the labels in gangwayd.conf.
 */
#include "common.h"

static void assert_met(const char *constraints)
{
        g_autofree char *options = g_strdup_printf("{'constraints': <%s>}", constraints);
        g_autoptr(Container) container = container_new(alice, .options = options);
}

/* Of a request that polkit would refuse, and that would make something. */
static void assert_refused(const char *constraints, const char *error, const char *part)
{
        g_autofree char *options = g_strdup_printf("{'constraints': <%s>, 'security-mode': <'insecure'>}", constraints);
        g_autofree char *before = world_snapshot();
        g_autoptr(Reply) reply = container_new_fails(alice, .name = "picky", .options = options);

        g_test_message("%s", reply->message);
        assert_error(reply, error, part);
        world_assert_same(before);
}

#define NOT_MET ERROR_GANGWAY("ConstraintsNotMet")

static void test_met(void)
{
        assert_met("@as []");
        assert_met("['']");
        assert_met("['platform']");
        assert_met("['platform~=^linux/[a-z0-9/]+$,net.sandbox,feature.seccomp']");
        assert_met("['platform==linux/none', 'net.host==true']");
        assert_met("['labels.missing!=x']");
}

static void test_not_met(void)
{
        assert_refused("['platform==linux/none']", NOT_MET,
                       "This machine does not meet the constraint 'platform==linux/none': its platforms");
        assert_refused("['net.carrier-pigeon', 'labels.\"missing\"']", NOT_MET,
                       "any of the constraints 'net.carrier-pigeon', 'labels.\"missing\"'");
}

/* Without the constraint, the same request comes as far as polkit. */
static void test_before_polkit(void)
{
        assert_refused("['platform']", ERROR_INTERACTIVE, "");
}

static void test_malformed(void)
{
        g_autofree char *long_one = g_strnfill(1025, 'a');
        g_autofree char *too_long = g_strdup_printf("['%s']", long_one);
        g_autoptr(GString) too_many = g_string_new("['a'");

        for (int i = 0; i < 16; i++)
                g_string_append(too_many, ",'a'");
        g_string_append_c(too_many, ']');
        assert_refused("['platform', 'platform=linux/amd64']", ERROR_INVALID_ARGS,
                       "'platform=linux/amd64' is wrong at position 9");
        assert_refused("['platform~=(']", ERROR_INVALID_ARGS, "at position 11: the regular expression has a (");
        assert_refused(too_long, ERROR_INVALID_ARGS, "has 1025 bytes, the limit is 1024");
        assert_refused(too_many->str, ERROR_INVALID_ARGS, "more than 16 entries");
        assert_refused("'platform'", ERROR_INVALID_ARGS, "of the type 'as', not 's'");
}

/* What would take others for ever: the daemon is there for everybody at once. */
static void test_time(void)
{
        g_autoptr(GString) options = g_string_new("{'constraints': <['a'");
        g_autofree char *label = g_strnfill(255, 'a'), *config = g_strdup_printf("[Labels]\nlong=%s\n", label);

        daemon_configure(config);
        for (int i = 0; i < 15; i++)
                g_string_append(options, ", 'labels.long~=/^(a|a?|aa){4}(a*)*$/,labels.no'");
        g_string_append(options, "]>}");
        assert_met("['labels.long~=/^(a|a?|aa){4}(a*)*$/']");

        gint64 before = g_get_monotonic_time();
        g_autoptr(Reply) reply = container_new_fails(alice, .options = options->str);
        g_test_message("that took %" G_GINT64_FORMAT " us", g_get_monotonic_time() - before);
        assert_error(reply, NOT_MET, "any of the constraints 'a', 'labels.long~=/");
        daemon_configure(NULL);
}

static gboolean has_label(gpointer data)
{
        g_autofree char *options = g_strdup_printf("{'constraints': <['%s']>}", (const char *) data);
        g_autoptr(Reply) reply =
                client_receive(alice, container_new_send(alice, .name = "labelled", .options = options));
        g_autofree char *path = g_strdup_printf(GANGWAY_CONTAINER_PATH "%u/labelled", client_uid(alice));

        if (reply->error) {
                g_assert_cmpstr(reply->error, ==, NOT_MET);
                return FALSE;
        }
        g_autoptr(GVariant) body = client_call(alice, path, "Release", NULL);
        return TRUE;
}

static void test_labels(void)
{
        static char zone[] = "labels.zone==east", gpu[] = "labels.\"example.com/gpu\"~=^a";

        daemon_configure("[Labels]\nzone=east\n");
        g_assert_true(has_label(zone));
        g_assert_false(has_label(gpu));

        daemon_write_config("[Labels]\nzone=west\nexample.com/gpu=a100\n");
        g_free(shell("systemctl reload gangwayd.service"));
        wait_until(has_label, gpu, "the new label");
        g_assert_false(has_label(zone));
        daemon_configure(NULL);
}

int main(int argc, char **argv)
{
        static const Test tests[] = {
                {"/constraints/met", test_met},
                {"/constraints/not-met", test_not_met},
                {"/constraints/before-polkit", test_before_polkit},
                {"/constraints/malformed", test_malformed},
                {"/constraints/time", test_time},
                {"/constraints/labels", test_labels},
        };
        return fixture_main(argc, argv, tests, G_N_ELEMENTS(tests));
}
