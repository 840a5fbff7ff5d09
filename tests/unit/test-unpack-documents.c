/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An image's documents: which image is taken, what is malformed. */

#include <sys/stat.h>

#include "unpack-layout.h"
#include "util/error.h"

#define FILE(name_, data_)                                                                                             \
        {                                                                                                              \
                .name = (name_), .data = (data_)                                                                       \
        }
#define PLATFORM(text)    ",\"platform\":{" text "}"
#define OS_ARCH(os, arch) PLATFORM("\"os\":\"" os "\",\"architecture\":\"" arch "\"")

/* An image whose only file is named after it. */
static char *add_named_image(TestLayout *layout, const char *name, const char *extra)
{
        test_layout_add_layer(layout, tar_new(FILE(name, "x")), "gzip", TYPE_LAYER);
        return test_layout_add_image(layout, "", extra);
}

static const struct {
        const char *name, *platform;
} built[] = {
        {"amd64", OS_ARCH("linux", "amd64")},
        {"windows", OS_ARCH("windows", "amd64")},
        {"amd64-v3", PLATFORM("\"os\":\"linux\",\"architecture\":\"amd64\",\"variant\":\"v3\"")},
        {"arm64", PLATFORM("\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\"")},
        {"arm-v5", PLATFORM("\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v5\"")},
        {"arm-v6", PLATFORM("\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\"")},
        {"s390x", OS_ARCH("linux", "s390x")},
        {"attestation", OS_ARCH("unknown", "unknown")},
};

/* The descriptors of all, with commas. */
static char *add_all(TestLayout *layout)
{
        g_autoptr(GPtrArray) descriptors = g_ptr_array_new_with_free_func(g_free);

        for (guint i = 0; i < G_N_ELEMENTS(built); i++)
                g_ptr_array_add(descriptors, add_named_image(layout, built[i].name, built[i].platform));
        g_ptr_array_add(descriptors, NULL);
        return g_strjoinv(",", (char **) descriptors->pdata);
}

/* Their configs all say amd64: what is told is what the index says. */
static void assert_told(const Unpack *u, const char *taken)
{
        g_autofree char *platform = g_strdelimit(g_strdup_printf("linux/%s", taken), "-", '/');

        g_assert_cmpuint(unpack_count(u, "platform", platform), ==, 1);
}

static void test_platforms(void)
{
        static const struct {
                const char *wanted, *taken;
        } cases[] = {
                {"linux/amd64", "amd64"},        {"linux/amd64/v2", "amd64"}, {"linux/amd64/v3", "amd64-v3"},
                {"linux/amd64/v4", "amd64-v3"},  {"linux/arm64", "arm64"},    {"linux/arm64/v8", "arm64"},
                {"linux/arm", "arm-v6"},         {"linux/arm/v7", "arm-v6"},  {"linux/arm/v6", "arm-v6"},
                {"linux/arm/v5", "arm-v5"},      {"linux/s390x", "s390x"},    {"linux/aarch64", "arm64"},
                {"linux/arm/v4", NULL},          {"linux/riscv64", NULL},     {"linux/s390x/z15", NULL},
                {"linux/x86_64/v3", "amd64-v3"}, {"linux/armhf", "arm-v6"},
        };
        g_autoptr(TestLayout) flat = test_layout_new(), nested = test_layout_new();
        g_autofree char *descriptors = add_all(flat), *inner = add_all(nested), *index = NULL, *inner_index = NULL;

        test_layout_set_index(flat, descriptors);
        inner_index = g_strdup_printf("{\"schemaVersion\":2,\"manifests\":[%s]}", inner);
        index = test_layout_add_text(nested, TYPE_INDEX, inner_index, "");
        test_layout_set_index(nested, index);

        for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                guint n = i / 2;

                u->platform = cases[n].wanted;
                unpack_folder(u, i % 2 ? flat->folder : nested->folder);
                if (cases[n].taken) {
                        g_autofree char *path = g_build_filename("0", cases[n].taken, NULL);

                        unpack_assert_done(u, 1, 0);
                        unpack_assert_shows(u, path, "100644 0 0 x");
                        assert_told(u, cases[n].taken);
                } else {
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[n].wanted);
                        unpack_assert_error(u, ERROR_INVALID_IMAGE,
                                            "there are: linux/amd64, windows/amd64, linux/amd64/v3");
                        g_assert_null(strstr(u->error_message, "unknown"));
                }
        }
}

static void test_platform_arguments(void)
{
        static const char *const wrong[] = {"linux", "linux/", "/amd64", "linux/arm/v7/x", "linux//v7"};

        for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new_image(tar_new(FILE("a", "x")));

                u->platform = wrong[i];
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, SD_BUS_ERROR_INVALID_ARGS, wrong[i]);
                u->platform = "windows/amd64";
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_PLATFORM_NOT_SUPPORTED, "windows");
        }
}

/* Nothing said is this machine's; and one image of which the index says nothing is what its config says. */
static void test_no_platform(void)
{
        static const char *const wanted[] = {"", "linux/amd64", "linux/x86_64/v3"};
        g_autoptr(TestLayout) layout = test_layout_new_image(tar_new(FILE("a", "x")));
        g_autoptr(Unpack) other = unpack_new();

        for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
                g_autoptr(Unpack) u = unpack_new();

                u->platform = wanted[i];
                unpack_folder(u, layout->folder);
                unpack_assert_done(u, 1, 0);
                g_assert_cmpuint(unpack_count(u, "platform", "linux/amd64"), ==, 1);
        }
        other->platform = "linux/riscv64";
        unpack_folder(other, layout->folder);
        unpack_assert_error(other, ERROR_INVALID_IMAGE,
                            "config says that it is for linux/amd64, and not for linux/riscv64");
}

/* A single image whose config has these members instead of its platform's, and whose index says nothing of it. */
static TestLayout *new_with_config(const char *members)
{
        TestLayout *layout = test_layout_new();
        g_autofree char *config = NULL, *config_descriptor = NULL, *manifest = NULL, *descriptor = NULL;

        test_layout_add_layer(layout, tar_new(FILE("a", "x")), "gzip", TYPE_LAYER);
        config = g_strdup_printf("{%s\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}", members,
                                 layout->diff_ids->str);
        config_descriptor = test_layout_add_text(layout, TYPE_CONFIG, config, "");
        manifest = g_strdup_printf("{\"schemaVersion\":2,\"config\":%s,\"layers\":[%s]}", config_descriptor,
                                   layout->layers->str);
        descriptor = test_layout_add_text(layout, TYPE_MANIFEST, manifest, "");
        test_layout_set_index(layout, descriptor);
        return layout;
}

/* What an image is for is told in the normalised spelling, whoever says it. */
static void test_told_platform(void)
{
        static const struct {
                const char *members, *wanted, *told;
        } cases[] = {
                {"\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\",", "", "linux/arm64"},
                {"\"os\":\"Linux\",\"architecture\":\"aarch64\",", "linux/arm64", "linux/arm64"},
                {"\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v6\",", "linux/armhf", "linux/arm/v6"},
                {"\"os\":\"linux\",\"architecture\":\"arm\",", "", "linux/arm/v7"},
                {"", "linux/s390x", "linux/s390x"},
                {"\"os\":\"linux\",", "linux/s390x", "linux/s390x"},
                {"\"os\":\"linux\",\"architecture\":\"not a word\",", "", NULL},
        };
        g_autoptr(TestLayout) windows = new_with_config("\"os\":\"windows\",\"architecture\":\"amd64\",");
        g_autoptr(Unpack) refused = unpack_new(), root = unpack_new();
        g_autoptr(GByteArray) tar = tar_new(FILE("a", "x"));

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(TestLayout) layout = new_with_config(cases[i].members);
                g_autoptr(Unpack) u = unpack_new();

                u->platform = cases[i].wanted;
                unpack_folder(u, layout->folder);
                unpack_assert_done(u, 1, 0);
                g_assert_cmpuint(unpack_count(u, "platform"), ==, cases[i].told != NULL);
                if (cases[i].told)
                        g_assert_cmpstr(unpack_message(u, "platform")[1], ==, cases[i].told);
        }
        unpack_folder(refused, windows->folder);
        unpack_assert_error(refused, ERROR_INVALID_IMAGE, "for windows/amd64");

        root->platform = "linux/aarch64";
        unpack_bytes(root, tar);
        unpack_assert_done(root, 1, 0);
        g_assert_cmpuint(unpack_count(root, "platform", "linux/arm64"), ==, 1);
}

/* Which of several images is meant, nobody can know; the same one under two names is one. */
static void test_several(void)
{
        for (guint i = 0; i < 3; i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                const char *extra = i == 0 ? "" : OS_ARCH("linux", "amd64");
                g_autofree char *a = add_named_image(layout, "a", extra),
                                *b = add_named_image(layout, i == 2 ? "a" : "b", extra);
                g_autofree char *both = g_strjoin(",", a, b, NULL);

                test_layout_set_index(layout, both);
                unpack_folder(u, layout->folder);
                if (i == 2)
                        unpack_assert_done(u, 1, 0);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE,
                                            i == 0 ? "one that says none" : "more than one image");
        }
}

static void test_deep_index(void)
{
        for (guint depth = 8; depth < 10; depth++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                char *descriptor = add_named_image(layout, "a", "");

                for (guint i = 0; i < depth; i++) {
                        g_autofree char *text = g_strdup_printf("{\"manifests\":[%s]}", descriptor);

                        g_free(descriptor);
                        descriptor = test_layout_add_text(layout, TYPE_INDEX, text, "");
                }
                test_layout_set_index(layout, descriptor);
                g_free(descriptor);
                unpack_folder(u, layout->folder);
                if (depth == 8)
                        unpack_assert_done(u, 1, 0);
                else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, "nested more than 8 levels");
        }
}

#define DIGEST   "sha256:0000000000000000000000000000000000000000000000000000000000000000"
#define ENTRY(x) "{\"manifests\":[{\"mediaType\":\"" TYPE_MANIFEST "\"," x "}]}"

static void test_malformed_index(void)
{
        static const struct {
                const char *text, *part;
        } cases[] = {
                {"", "its index"},
                {"{", "it is no JSON"},
                {"[]", "no object"},
                {"7", "no JSON object"},
                {"null", "no JSON object"},
                {"{}", "names no image"},
                {"{\"manifests\":null}", "names no image"},
                {"{\"manifests\":{}}", "no array"},
                {"{\"manifests\":[7]}", "no object"},
                {"{\"manifests\":[{}]}", "digest"},
                {"{\"a\":\"\xff\"}", "no UTF-8"},
                {ENTRY("\"size\":1"), "digest ''"},
                {ENTRY("\"size\":1,\"digest\":\"sha512:00\""), "'sha512:00'"},
                {ENTRY("\"size\":1,\"digest\":\"sha256:../../../../etc/passwd\""), "none of SHA-256"},
                {ENTRY("\"size\":1,\"digest\":\"sha256:"
                       "000000000000000000000000000000000000000000000000000000000000000G\""),
                 "none of SHA-256"},
                {ENTRY("\"size\":1,\"digest\":7"), "no string"},
                {ENTRY("\"digest\":\"" DIGEST "\""), "'size'"},
                {ENTRY("\"size\":-1,\"digest\":\"" DIGEST "\""), "'size'"},
                {ENTRY("\"size\":\"1\",\"digest\":\"" DIGEST "\""), "'size'"},
                {ENTRY("\"size\":1,\"digest\":\"" DIGEST "\""), "its manifest"},
                {ENTRY("\"size\":1,\"digest\":\"" DIGEST "\",\"platform\":7"), "no object"},
                {"{\"manifests\":[{\"mediaType\":\"application/vnd.other\",\"size\":1,\"digest\":\"" DIGEST "\"}]}",
                 "names no image"},
                {"{\"manifests\":[{\"mediaType\":\"" TYPE_INDEX "\",\"size\":1,\"digest\":\"" DIGEST "\"}]}",
                 "an index"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();

                g_test_message("%s", cases[i].text);
                test_layout_write_text(layout, "index.json", cases[i].text);
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].part);
        }
}

static void test_large_documents(void)
{
        g_autofree char *brackets = g_strnfill(100000, '['), *spaces = g_strnfill(5 * 1024 * 1024, ' ');
        g_autofree char *quoted = g_strdup_printf("{\"a\":\"%s\\\"[\"}", brackets);
        /* A comment with a quote in it, after which a parser that knows comments still sees brackets. */
        g_autofree char *hidden = g_strdup_printf("{/*\"*/\"a\":%s", brackets);
        const struct {
                const char *text, *part;
        } cases[] = {
                {brackets, "nested too deeply"},
                {hidden, "it is no JSON"},
                {spaces, "more than 4194304 bytes"},
                {quoted, "names no image"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();

                test_layout_write_text(layout, "index.json", cases[i].text);
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].part);
        }
}

static void test_malformed_image(void)
{
        g_autofree char *most = g_strnfill(40000, 'x'), *long_env = g_strdup_printf("\"Env\":[\"A=%s\"]", most);
        g_autoptr(GString) many = g_string_new("\"Env\":[\"A=b\"");
        const struct {
                const char *config, *part;
        } cases[] = {
                {"\"Env\":\"A=b\"", "'Env' of its config is no array"},
                {"\"Env\":[7]", "no array of strings"},
                {"\"Env\":[\"NAME\"]", "'NAME'"},
                {"\"Env\":[\"=x\"]", "NAME=VALUE"},
                {"\"Cmd\":{}", "'Cmd'"},
                {"\"User\":7", "'User'"},
                {"\"WorkingDir\":[]", "'WorkingDir'"},
                {long_env, "40002 bytes"},
                {NULL, "more than 2048 settings"},
        };

        for (guint i = 0; i < 2048; i++)
                g_string_append(many, ",\"A=b\"");
        g_string_append(many, "]");

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                g_autofree char *descriptor = NULL;

                test_layout_add_layer(layout, tar_new(FILE("a", "x")), "gzip", TYPE_LAYER);
                descriptor = test_layout_add_image(layout, cases[i].config ?: many->str, "");
                test_layout_set_index(layout, descriptor);
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].part);
                /* Before anything is unpacked. */
                g_assert_cmpuint(unpack_count(u, "layer"), ==, 0);
        }
}

static void test_layers(void)
{
        static const char *const parts[] = {"has no layers", "1 layers, and digests for 2",
                                            "of the type 'application/x'", "128 layers", "digest of layer 1"};

        for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new();
                g_autofree char *descriptor = NULL;

                for (guint j = 0; j < (i == 0 ? 0 : i == 3 ? 128 : 1); j++)
                        test_layout_add_layer(layout, tar_new(FILE("a", "x")), "gzip",
                                              i == 2 ? "application/x" : TYPE_LAYER);
                if (i == 1)
                        g_string_append(layout->diff_ids, ",\"" DIGEST "\"");
                if (i == 4)
                        g_string_assign(layout->diff_ids, "\"sha256:0\"");
                descriptor = test_layout_add_image(layout, "", "");
                test_layout_set_index(layout, descriptor);
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, parts[i]);
        }
        {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = test_layout_new_image(tar_new(FILE("a", "x")));

                test_layout_write_text(layout, "oci-layout", "{\"imageLayoutVersion\":\"2.0\"}");
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "version '2.0'");
        }
}

static void test_no_image(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(TestLayout) layout = test_layout_new();

        unpack_folder(u, layout->folder);
        unpack_assert_error(u, ERROR_INVALID_IMAGE, "is no image");
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-documents/platforms", test_platforms);
        unpack_add_test("/unpack-documents/platform-arguments", test_platform_arguments);
        unpack_add_test("/unpack-documents/no-platform", test_no_platform);
        unpack_add_test("/unpack-documents/told-platform", test_told_platform);
        unpack_add_test("/unpack-documents/several", test_several);
        unpack_add_test("/unpack-documents/deep-index", test_deep_index);
        unpack_add_test("/unpack-documents/malformed-index", test_malformed_index);
        unpack_add_test("/unpack-documents/large-documents", test_large_documents);
        unpack_add_test("/unpack-documents/malformed-image", test_malformed_image);
        unpack_add_test("/unpack-documents/layers", test_layers);
        unpack_add_test("/unpack-documents/no-image", test_no_image);
        return g_test_run();
}
