/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each mistake in a seccomp profile is refused, with its place. */

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "backend/seccomp-profile.h"
#include "seccomp-text.h"

static const struct {
        const char *text;
        const char *message;
} mistakes[] = {
        {"", "has to hold a JSON object"},
        {"[]", "has to hold a JSON object"},
        {"{\"defaultAction\":}", "1:"},
        {"{}", "profile: 'defaultAction' has to be there"},
        {"{\"defaultAction\":1}", "profile: 'defaultAction' has to be there, as a string"},
        {"{\"defaultAction\":\"ALLOW\"}", "profile: 'defaultAction' can't be 'ALLOW'"},
        {"{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "can't be 'SCMP_ACT_NOTIFY'"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}", "'defaultErrnoRet' goes with SCMP_ACT_ERRNO"},
        {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
         "'defaultErrnoRet' has to be a whole number"},
        {"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "'defaultErrnoRet' has to be a whole number"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[]}", "profile: The key 'archMap' is not supported"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":{}}", "'architectures' has to be an array"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[1]}", "architectures[0] has to be a string"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[{}]}", "architectures[0] has to be a string"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_PARISC\"]}",
         "does not name that of this"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[]}", "does not name that of this machine"},
        {"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":1}", "'syscalls' has to be an array"},
        {RULE("1"), "syscalls[0]: This has to be an object"},
        {RULE("{\"names\":[\"getppid\"]}"), "syscalls[0]: 'action' has to be there"},
        {RULE("{\"action\":\"SCMP_ACT_TRAP\"}"), "syscalls[0]: 'names' has to name"},
        {RULE("{\"action\":\"SCMP_ACT_TRAP\",\"names\":[]}"), "syscalls[0]: 'names' has to name"},
        {RULE("{\"action\":\"SCMP_ACT_TRAP\",\"names\":[1]}"), "syscalls[0]: names[0] has to be a string"},
        {RULE("{\"action\":\"SCMP_ACT_TRAP\",\"names\":[\"getppid\"],\"errnoRet\":1}"), "'errnoRet' goes with"},
        {RULE("{\"action\":\"SCMP_ACT_TRAP\",\"names\":[\"getppid\"],\"includes\":{}}"), "The key 'includes' is not"},
        {RULE("{\"action\":\"SCMP_ACT_TRAP\",\"names\":[\"getppid\"]},3"), "syscalls[1]: This has to be an object"},
        {ERRNO_RULE("\"args\":3"), "'args' has to be an array"},
        {ERRNO_RULE("\"args\":[3]"), "Each of 'args' has to be an object"},
        {ERRNO_RULE("\"args\":[{},{},{},{},{},{},{}]"), "More than 6"},
        {ARGUMENT("\"index\":0,\"value\":1"), "'op' has to be there"},
        {ARGUMENT("\"index\":0,\"value\":1,\"op\":\"EQ\""), "'op' can't be 'EQ'"},
        {ARGUMENT("\"value\":1,\"op\":\"SCMP_CMP_EQ\""), "without 'index'"},
        {ARGUMENT("\"index\":0,\"op\":\"SCMP_CMP_EQ\""), "without 'value'"},
        {ARGUMENT("\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\""), "'index' has to be a whole number from 0 to 5"},
        {ARGUMENT("\"index\":0,\"value\":1.5,\"op\":\"SCMP_CMP_EQ\""), "'value' has to be a whole number"},
        {ARGUMENT("\"index\":0,\"value\":\"1\",\"op\":\"SCMP_CMP_EQ\""), "'value' has to be a whole number"},
        {ARGUMENT("\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\",\"valuetwo\":1"), "The key 'valuetwo'"},
        {ARGUMENT("\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_GT\"},{\"index\":1,\"value\":9,\"op\":\"SCMP_CMP_LT\""),
         "The argument 1 is compared twice"},
};

static void test_mistakes(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(mistakes); i++) {
                g_autofree char *message = NULL;
                SeccompProfile *profile = NULL;

                g_test_message("%s", mistakes[i].text);
                g_assert_cmpint(seccomp_text_load(mistakes[i].text, &profile, &message), ==, -EINVAL);
                g_assert_null(profile);
                g_test_message("%s", message);
                g_assert_nonnull(strstr(message, mistakes[i].message));
        }
}

static void test_missing_file(void)
{
        g_autofree char *message = NULL;
        SeccompProfile *profile = NULL;

        g_assert_cmpint(seccomp_profile_load("/nonexistent/seccomp.json", &profile, &message), ==, -ENOENT);
        g_assert_true(g_str_has_prefix(message, "/nonexistent/seccomp.json: "));
        g_assert_null(profile);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/seccomp-filter/mistakes", test_mistakes);
        g_test_add_func("/seccomp-filter/missing-file", test_missing_file);
        return g_test_run();
}
