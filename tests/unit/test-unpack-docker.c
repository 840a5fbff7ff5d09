/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Archives and folders of `docker save`. */

#include <sys/stat.h>

#include "unpack-layout.h"
#include "util/error.h"

#define FILE(name_, data_)                                                                                             \
        {                                                                                                              \
                .name = (name_), .data = (data_)                                                                       \
        }

/* What docker's old form has: layers' archives, of which one is a symlink to another. */
static TestLayout *docker_layout(const char *config_name, const char *architectures)
{
        TestLayout *layout = test_layout_new();
        g_autoptr(GByteArray) tar = tar_new(FILE("a", "x"), FILE(".wh.b", ""));
        g_autofree char *diff_id = bytes_digest(tar), *id = NULL, *manifest = NULL, *link = NULL;
        g_auto(GStrv) words = g_strsplit(architectures, " ", -1);
        g_autoptr(GPtrArray) images = g_ptr_array_new_with_free_func(g_free);

        for (char **word = words; *word; word++) {
                g_autofree char *config =
                        g_strdup_printf("{\"os\":\"linux\",\"architecture\":\"%s\",\"config\":{\"Cmd\":[\"%s\"]},"
                                        "\"rootfs\":{\"diff_ids\":[\"%s\",\"%s\"]}}",
                                        *word, *word, diff_id, diff_id);
                g_autofree char *hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, config, -1);
                g_autofree char *name = config_name ? g_strdup(config_name) : g_strdup_printf("%s.json", hex);

                test_layout_write_text(layout, name, config);
                g_ptr_array_add(
                        images,
                        g_strdup_printf("{\"Config\":\"%s\",\"RepoTags\":[\"x:y\"],\"Layers\":[\"one/layer.tar\","
                                        "\"two/layer.tar\"]}",
                                        name));
        }
        g_ptr_array_add(images, NULL);
        manifest = g_strjoinv(",", (char **) images->pdata);
        id = g_strdup_printf("[%s]", manifest);
        test_layout_write_text(layout, "manifest.json", id);

        for (guint i = 0; i < 2; i++) {
                g_autofree char *folder = g_build_filename(layout->folder, i == 0 ? "one" : "two", NULL);

                g_assert_cmpint(mkdir(folder, 0755), ==, 0);
        }
        test_layout_write(layout, "one/layer.tar", tar->data, tar->len);
        link = g_build_filename(layout->folder, "two/layer.tar", NULL);
        g_assert_cmpint(symlink("../one/layer.tar", link), ==, 0);
        {
                g_autofree char *oci = g_build_filename(layout->folder, "oci-layout", NULL);

                g_assert_cmpint(unlink(oci), ==, 0);
        }
        return layout;
}

static void test_docker(void)
{
        g_autoptr(TestLayout) layout = docker_layout(NULL, "amd64");

        for (guint i = 0; i < 2; i++) {
                g_autoptr(Unpack) u = unpack_new();

                if (i == 0)
                        unpack_folder(u, layout->folder);
                else {
                        g_autofree char *archive = test_layout_pack(layout, "--bzip2");

                        unpack_file(u, archive);
                }
                unpack_assert_done(u, 2, 0);
                unpack_assert_shows(u, "0/a", "100644 0 0 x");
                unpack_assert_shows(u, "1/b", "020000 0 0 0:0");
                g_assert_cmpuint(unpack_count(u, "setting", "cmd", "amd64"), ==, 1);
        }
}

static void test_docker_errors(void)
{
        static const struct {
                const char *manifest, *part;
        } cases[] = {
                {"{}", "no array"},
                {"[]", "has 0 images"},
                {"[7]", "no object"},
                {"[{}]", "names no config"},
                {"[{\"Config\":\"nowhere\"}]", "('nowhere') is not there"},
                {"[{\"Config\":\"/etc/passwd\"}]", "is not there"},
                {"[{\"Config\":\"../../../../../etc/passwd\"}]", "is not there"},
                {"[{\"Config\":\"c\",\"Layers\":[]}]", "has no layers"},
                {"[{\"Config\":\"c\",\"Layers\":[\"one/layer.tar\"]}]", "has 1 layers, and digests for 2"},
                {"[{\"Config\":\"c\",\"Layers\":[\"one/layer.tar\",\"/etc/passwd\"]}]", "'/etc/passwd'"},
                {"[{\"Config\":\"c\",\"Layers\":[\"one/layer.tar\",\"one\"]}]", "can't be opened"},
                {"[{\"Config\":\"c\",\"Layers\":[\"one/layer.tar\",\"manifest.json\"]}]", "Layer 2 of 2"},
        };

        for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout = docker_layout("c", "amd64");

                g_test_message("%s", cases[i].manifest);
                test_layout_write_text(layout, "manifest.json", cases[i].manifest);
                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, cases[i].part);
        }
        {
                /* A config is what its name says. */
                g_autoptr(Unpack) u = unpack_new();
                g_autoptr(TestLayout) layout =
                        docker_layout("0000000000000000000000000000000000000000000000000000000000000000.json", "amd64");

                unpack_folder(u, layout->folder);
                unpack_assert_error(u, ERROR_INVALID_IMAGE, "its config has the digest");
        }
}

/* Several images in one archive are told by their configs' platforms. */
static void test_docker_platforms(void)
{
        g_autoptr(TestLayout) layout = docker_layout(NULL, "amd64 arm64");
        static const char *const wanted[] = {"linux/arm64", "linux/s390x"};

        for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
                g_autoptr(Unpack) u = unpack_new();

                u->platform = wanted[i];
                unpack_folder(u, layout->folder);
                if (i == 0) {
                        unpack_assert_done(u, 2, 0);
                        g_assert_cmpuint(unpack_count(u, "setting", "cmd", "arm64"), ==, 1);
                } else
                        unpack_assert_error(u, ERROR_INVALID_IMAGE, "there are: linux/amd64, linux/arm64");
        }
}

/* What docker saves now is of both kinds, and the layout is what counts. */
static void test_docker_with_layout(void)
{
        g_autoptr(Unpack) u = unpack_new();
        g_autoptr(TestLayout) layout = test_layout_new_image(tar_new(FILE("a", "x")));
        g_autofree char *archive = NULL;

        test_layout_write_text(layout, "manifest.json", "[{\"Config\":\"blobs/sha256/none\",\"Layers\":[]}]");
        archive = test_layout_pack(layout, "");
        unpack_file(u, archive);
        unpack_assert_done(u, 1, 0);
}

int main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        unpack_add_test("/unpack-docker/image", test_docker);
        unpack_add_test("/unpack-docker/errors", test_docker_errors);
        unpack_add_test("/unpack-docker/platforms", test_docker_platforms);
        unpack_add_test("/unpack-docker/with-layout", test_docker_with_layout);
        return g_test_run();
}
