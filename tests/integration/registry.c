/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The servers are transient units of the throw-away system, and everything of theirs lies in a folder of the tests'.
 * That no TLS is spoken is said in a registries.conf, as an administrator would.
 */
#include "registry.h"

#include "common.h"

#define SETTINGS "/etc/containers/registries.conf.d/gangway-test.conf"

static char *folder(void)
{
        return g_build_filename(g_getenv("GANGWAY_TEST_DIR"), "registry", NULL);
}

static gboolean listens(gpointer port)
{
        return shell_status("ss -Hltn 'sport = :%s' | grep -q .", (const char *) port) == 0;
}

void registry_start(void)
{
        g_autofree char *dir = folder();

        g_free(shell("mkdir -p '%s/store' /etc/containers/registries.conf.d\n"
                     "cat >'%s/config.yml' <<END\n"
                     "version: 0.1\n"
                     "log: {level: error}\n"
                     "storage: {filesystem: {rootdirectory: '%s/store'}}\n"
                     "http: {addr: '" REGISTRY "'}\n"
                     "END\n"
                     "printf '[[registry]]\\nlocation = \"" REGISTRY "\"\\ninsecure = true\\n[[registry]]\\n"
                     "location = \"" REGISTRY_MUTE "\"\\ninsecure = true\\n' >" SETTINGS "\n"
                     "systemd-run -q --unit test-registry --collect docker-registry serve '%s/config.yml' 2>&1",
                     dir, dir, dir, dir));
        wait_until(listens, (gpointer) "5000", "the registry listens");
}

void registry_stop(void)
{
        g_autofree char *dir = folder();

        g_free(shell("systemctl stop test-registry.service; rm -rf '%s' " SETTINGS, dir));
}

/* Adds a layer of what the script makes to the image `image` of a layout. */
static void add_layer(const char *layout, const char *script)
{
        g_free(shell("exec 2>&1; rm -rf '%s.bundle'; umoci unpack --image '%s:image' '%s.bundle' && "
                     "(cd '%s.bundle/rootfs' && %s) && umoci repack --image '%s:image' '%s.bundle' && "
                     "rm -rf '%s.bundle'",
                     layout, layout, layout, layout, script, layout, layout, layout));
}

/* Makes an image in a layout of its own, as the tag `image`. */
static void make_image(const char *layout, const char *name, const char *script)
{
        g_free(shell("exec 2>&1; rm -rf '%s'; umoci init --layout '%s' && umoci new --image '%s:image' && "
                     "umoci config --image '%s:image' --config.env FROM='%s'",
                     layout, layout, layout, layout, name));
        add_layer(layout, script);
}

void registry_push(const char *name, const char *script, const char *second_script)
{
        g_autofree char *dir = folder(), *layout = g_build_filename(dir, "layout", NULL);

        make_image(layout, name, script);
        if (second_script)
                add_layer(layout, second_script);
        g_free(shell("skopeo copy -q 'oci:%s:image' 'docker://" REGISTRY "/%s' 2>&1 && rm -rf '%s'", layout, name,
                     layout));
}

void registry_push_index(const char *name)
{
        static const char *const architectures[][2] = {{"amd64", "amd64"}, {"arm64", "arm64\", \"variant\": \"v8"}};
        g_autofree char *dir = folder();
        g_autoptr(GString) manifests = g_string_new(NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(architectures); i++) {
                g_autofree char *layout = g_strdup_printf("%s/%s", dir, architectures[i][0]);
                g_autofree char *script = g_strdup_printf("echo %s >platform", architectures[i][0]);
                g_autofree char *tag = g_strdup_printf("%s-%s", name, architectures[i][0]), *descriptor = NULL;

                make_image(layout, name, script);
                g_free(shell("umoci config --image '%s:image' --architecture %s && skopeo copy -q 'oci:%s:image' "
                             "'docker://" REGISTRY "/%s' 2>&1",
                             layout, architectures[i][0], layout, tag));
                descriptor = shell("skopeo inspect --raw 'docker://" REGISTRY "/%s' >'%s/manifest' && "
                                   "printf '{\"mediaType\": \"application/vnd.oci.image.manifest.v1+json\", "
                                   "\"size\": %%u, \"digest\": \"sha256:%%s\"' \"$(stat -c %%s '%s/manifest')\" "
                                   "\"$(sha256sum <'%s/manifest' | cut -d' ' -f1)\"",
                                   tag, dir, dir, dir);
                g_string_append_printf(manifests, "%s%s, \"platform\": {\"os\": \"linux\", \"architecture\": \"%s\"}}",
                                       i ? ", " : "", descriptor, architectures[i][1]);
        }
        g_autofree char *repository = g_strndup(name, (gsize) (strchr(name, ':') - name));
        g_autofree char *index = g_strdup_printf("{\"schemaVersion\": 2, \"mediaType\": "
                                                 "\"application/vnd.oci.image.index.v1+json\", \"manifests\": [%s]}",
                                                 manifests->str);
        g_autofree char *file = g_build_filename(dir, "index", NULL);
        g_assert_true(g_file_set_contents(file, index, -1, NULL));
        /* No tool at hand puts an index together; the registry takes one by a PUT. */
        g_free(shell("python3 -c 'import sys, urllib.request\n"
                     "r = urllib.request.Request(sys.argv[1], open(sys.argv[2], \"rb\").read(), method=\"PUT\", "
                     "headers={\"Content-Type\": \"application/vnd.oci.image.index.v1+json\"})\n"
                     "urllib.request.urlopen(r)' http://" REGISTRY "/v2/%s/manifests/%s '%s' 2>&1",
                     repository, strchr(name, ':') + 1, file));
}

void registry_mute_start(void)
{
        g_free(shell("systemd-run -q --unit test-mute --collect python3 -c 'import socket, time\n"
                     "s = socket.create_server((\"localhost\", 5001))\n"
                     "held = []\n"
                     "while True: held.append(s.accept())' 2>&1"));
        wait_until(listens, (gpointer) "5001", "the mute server listens");
}

void registry_mute_stop(void)
{
        g_free(shell("systemctl stop test-mute.service"));
}
