/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What --mount, --volume, --secret and --ssh read, and what they refuse with which words.
 */

#include "ctl/field-list.h"
#include "ctl/grant-option.h"
#include "ctl/mount-option.h"
#include "unit.h"

/* A mount in one line, so that a table can say what is expected. */
static char *describe(const MountOption *mount)
{
        static const char *const types[] = {"bind", "image", "host", "scratch", "cache", "tmpfs", "secret", "ssh"};
        GString *text = g_string_new(types[mount->type]);

        g_string_append_printf(text, " %s", mount->destination ?: "-");
        if (mount->source)
                g_string_append_printf(text, " src=%s", mount->source);
        if (mount->id)
                g_string_append_printf(text, " id=%s", mount->id);
        if (mount->sharing)
                g_string_append_printf(text, " sharing=%s", mount->sharing);
        if (mount->selector)
                g_string_append_printf(text, " selector=%s", mount->selector);
        if (mount->size)
                g_string_append_printf(text, " size=%" G_GUINT64_FORMAT, mount->size);
        if (mount->has_uid)
                g_string_append_printf(text, " uid=%u", mount->uid);
        if (mount->has_gid)
                g_string_append_printf(text, " gid=%u", mount->gid);
        if (mount->has_mode)
                g_string_append_printf(text, " mode=%o", mount->mode);
        if (mount->read_only)
                g_string_append(text, " ro");
        if (mount->output)
                g_string_append(text, " output");
        if (mount->optional)
                g_string_append(text, " optional");
        return g_string_free(text, FALSE);
}

typedef int (*Parse)(const char *text, MountOption **ret, sd_bus_error *error);

typedef struct GoodCase {
        const char *text;
        const char *expected;
} GoodCase;

typedef struct BadCase {
        const char *text;
        const char *part; /* of the sentence */
} BadCase;

static void check_good(const GoodCase *cases, size_t n, Parse parse)
{
        for (size_t i = 0; i < n; i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                g_autoptr(MountOption) mount = NULL;
                int r = parse(cases[i].text, &mount, &error);

                g_test_message("'%s': %s", cases[i].text, error.message ?: "good");
                g_assert_cmpint(r, ==, 0);
                g_autofree char *text = describe(mount);
                g_assert_cmpstr(text, ==, cases[i].expected);
        }
}

static void check_bad(const BadCase *cases, size_t n, Parse parse)
{
        for (size_t i = 0; i < n; i++) {
                sd_bus_error error = SD_BUS_ERROR_NULL;
                MountOption *mount = NULL;
                int r = parse(cases[i].text, &mount, &error);

                g_test_message("'%s': %s", cases[i].text, error.message ?: "good");
                assert_refused(r, &error, SD_BUS_ERROR_INVALID_ARGS, cases[i].part);
                g_assert_null(mount);
        }
}

static void test_mount(void)
{
        static const GoodCase cases[] = {
                {"type=bind,src=/a,dst=/x", "bind /x src=/a output"},
                {"type=bind,source=/a,target=/x,readonly", "bind /x src=/a ro"},
                {"type=bind,source=.,destination=/x,ro=true", "bind /x src=. ro"},
                {"type=bind,src=/a,dst=/x,readonly=false", "bind /x src=/a output"},
                {"type=bind,src=/a,dst=/x,ro=0", "bind /x src=/a output"},
                {"type=bind,src=/a,dst=/x,rw", "bind /x src=/a output"},
                {"type=bind,src=/a,dst=/x,rw=false", "bind /x src=/a ro"},
                {"type=bind,src=/a,dst=/x,output=false", "bind /x src=/a"},
                {"type=host,src=/a,dst=/x", "host /x src=/a output"},
                {"dst=/x,output,src=/a,selector=sub/folder,type=bind", "bind /x src=/a selector=sub/folder output"},
                {"\"type=bind\",\"src=/a,b \"\"c\"\"\",dst=/x", "bind /x src=/a,b \"c\" output"},
                {"type=bind,src=/a=b,dst=/x", "bind /x src=/a=b output"},
                {"type=image,src=debian:12,dst=/x", "image /x src=debian:12"},
                {"type=image,src=debian:12,dst=/x,image-subpath=etc", "image /x src=debian:12 selector=etc"},
                {"type=host,src=/etc,dst=/x,ro", "host /x src=/etc ro"},
                {"type=scratch,dst=/x,output", "scratch /x output"},
                {"type=cache,dst=/x", "cache /x id=/x"},
                {"type=cache,dst=/x,id=apt,sharing=locked,from=seed", "cache /x src=seed id=apt sharing=locked"},
                {"type=tmpfs,dst=/x", "tmpfs /x"},
                {"type=tmpfs,dst=/x,size=64m,ro", "tmpfs /x size=67108864 ro"},
                {"type=tmpfs,dst=/x,tmpfs-size=1", "tmpfs /x size=1"},
                {"type=secret,id=token", "secret /run/secrets/token id=token"},
                {"type=secret,dst=/etc/key.pem", "secret /etc/key.pem id=key.pem"},
                {"type=secret,id=t,dst=/x,mode=0440,uid=0,gid=10,optional",
                 "secret /x id=t uid=0 gid=10 mode=440 optional"},
                {"type=secret,id=t,required=true", "secret /run/secrets/t id=t"},
                {"type=secret,id=t,required=false", "secret /run/secrets/t id=t optional"},
                {"type=ssh", "ssh - id=default"},
                {"type=ssh,id=work,dst=/s,mode=600", "ssh /s id=work mode=600"},
        };

        check_good(cases, G_N_ELEMENTS(cases), mount_option_parse);
}

static void test_mount_refused(void)
{
        static const BadCase cases[] = {
                {"", "''"},
                {"dst=/x", "type="},
                {"src=/a,dst=/x", "type=bind"},
                {"type=floppy,dst=/x", "bind, image, host, scratch, cache, tmpfs, secret, ssh"},
                {"type,dst=/x", "''"},
                {"type=volume,src=data,dst=/x", "type=cache"},
                {"type=bind,dst=/x", "type=scratch"},
                {"type=bind,src=/a", "dst="},
                {"type=image,dst=/x", "src="},
                {"type=host,dst=/x", "src="},
                {"type=scratch", "dst="},
                {"type=cache,id=a", "dst="},
                {"type=secret", "id="},
                {"type=secret,id=a/b", "dst="},
                {"type=bind,src=/a,dst=/x,read_only", "'read_only'; it has dst, src, selector, ro, rw, output"},
                {"type=bind,src=/a,dst=/x,size=1", "'size'"},
                {"type=tmpfs,dst=/x,src=/a", "'src'; it has dst, ro, rw, size"},
                {"type=tmpfs,dst=/x,output", "'output'"},
                {"type=secret,id=a,ro", "'ro'"},
                {"type=bind,src=/a,dst=/x,dst=/y", "dst is given twice"},
                {"type=bind,src=/a,dst=/x,target=/y", "dst is given twice"},
                {"type=bind,src=/a,dst=/x,ro,rw", "ro is given twice"},
                {"type=secret,id=a,optional,required", "optional is given twice"},
                {"type=bind,src=/a,dst=/x,ro=yes", "'yes'"},
                {"type=bind,src=,dst=/x", "src needs a value"},
                {"type=bind,src,dst=/x", "src needs a value"},
                {"type=tmpfs,dst=/x,size=big", "'big'"},
                {"type=tmpfs,dst=/x,size=0", "'0'"},
                {"type=tmpfs,dst=/x,size=99999999999999999999", "size takes"},
                {"type=secret,id=a,mode=rw", "octal"},
                {"type=secret,id=a,mode=04000", "octal"},
                {"type=secret,id=a,mode=800", "octal"},
                {"type=secret,id=a,uid=-1", "'-1'"},
                {"type=secret,id=a,uid=4294967295", "'4294967295'"},
                {"type=secret,id=a,gid", "''"},
                {"type=bind,,dst=/x", "''"},
                {"type=bind,=x,dst=/x", "'=x'"},
                {"type=bind,\"src=/a,dst=/x", "quotes"},
                {"type=bind,\"src=/a\"b,dst=/x", "quotes"},
        };

        check_bad(cases, G_N_ELEMENTS(cases), mount_option_parse);
}

static void test_volume(void)
{
        static const GoodCase good[] = {
                {"/a:/x", "bind /x src=/a output"},    {"/a:/x:ro", "bind /x src=/a ro"},
                {"/a:/x:rw", "bind /x src=/a output"}, {".:/x", "bind /x src=. output"},
                {"..:/x", "bind /x src=.. output"},    {"./a:/x", "bind /x src=./a output"},
                {"a/b:/x", "bind /x src=a/b output"},  {"/a,b:/x,y", "bind /x,y src=/a,b output"},
                {"/a:/x/", "bind /x/ src=/a output"},
        };
        static const BadCase bad[] = {
                {"", "DIR:DESTINATION"},
                {"/a", "DIR:DESTINATION"},
                {"/a:", "DIR:DESTINATION"},
                {":/x", "DIR:DESTINATION"},
                {"/a:/x:ro:ro", "type=bind"},
                {"data:/x", "type=cache,id=data,dst=/x"},
                {"data:/x", "./data"},
                {"/a:x", "'x'"},
                {"/a:/x:Z", "'Z'; there are ro and rw"},
                {"/a:/x:", "''"},
                {"/a:/x:ro,z", "'ro,z'"},
        };

        check_good(good, G_N_ELEMENTS(good), mount_option_parse_volume);
        check_bad(bad, G_N_ELEMENTS(bad), mount_option_parse_volume);
}

static void test_secret(void)
{
        static const BadCase bad[] = {
                {"", "''"},
                {"token", "'token'"},
                {"id=token", "src=FILE"},
                {"src=/a", "id=NAME"},
                {"id=token,src=/a,env=A", "one of"},
                {"id=token,src=", "src needs a value"},
                {"id=token,file=/a", "'file'; there are id, src, env"},
        };
        g_autoptr(SecretOption) file = NULL, variable = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;

        g_assert_cmpint(secret_option_parse("id=token,src=/a b", &file, &error), ==, 0);
        g_assert_cmpstr(file->id, ==, "token");
        g_assert_cmpstr(file->file, ==, "/a b");
        g_assert_null(file->variable);
        g_assert_cmpint(secret_option_parse("env=TOKEN,id=token", &variable, &error), ==, 0);
        g_assert_cmpstr(variable->variable, ==, "TOKEN");
        g_assert_null(variable->file);
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                SecretOption *secret = NULL;

                g_test_message("'%s'", bad[i].text);
                assert_refused(secret_option_parse(bad[i].text, &secret, &error), &error, SD_BUS_ERROR_INVALID_ARGS,
                               bad[i].part);
                g_assert_null(secret);
        }
}

static void test_agent(void)
{
        static const char *const bad[] = {"", "=/a", "id="};
        g_autoptr(AgentOption) usual = NULL, other = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;

        g_assert_cmpint(agent_option_parse("default", &usual, &error), ==, 0);
        g_assert_cmpstr(usual->id, ==, "default");
        g_assert_null(usual->socket);
        g_assert_cmpint(agent_option_parse("work=/run/a=b", &other, &error), ==, 0);
        g_assert_cmpstr(other->id, ==, "work");
        g_assert_cmpstr(other->socket, ==, "/run/a=b");
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                AgentOption *agent = NULL;

                assert_refused(agent_option_parse(bad[i], &agent, &error), &error, SD_BUS_ERROR_INVALID_ARGS,
                               "ID=SOCKET");
                g_assert_null(agent);
        }
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ctl-mount-option/mount", test_mount);
        g_test_add_func("/ctl-mount-option/mount-refused", test_mount_refused);
        g_test_add_func("/ctl-mount-option/volume", test_volume);
        g_test_add_func("/ctl-mount-option/secret", test_secret);
        g_test_add_func("/ctl-mount-option/agent", test_agent);
        return g_test_run();
}
