/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The conversation with the unpacker, which says what it finds, layer by layer, lowest first:
 *
 *   progress DONE TOTAL
 *   layer INDEX DIGEST-or-""        and waits for "skip" or "unpack"
 *   opaque INDEX PATH               a folder of the layer that it unpacks
 *   unpacked INDEX DIGEST SIZE
 *   setting KIND VALUE
 *   platform PLATFORM               of the image, normalised; once, where it is known
 *   done LAYERS SKIPPED-DEVICES     or error NAME SENTENCE
 *
 * It parses what a user handed in, so all that it says is checked: that it comes in this order, that numbers are
 * numbers and in their bounds, digests digests, texts UTF-8.
 */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "model/store-layout.h"
#include "store/database.h"
#include "store/images.h"
#include "store/import-layers.h"
#include "store/placement.h"
#include "store/unpacker.h"
#include "store/verbs.h"
#include "util/cleanup.h"
#include "util/error.h"
#include "util/platform.h"

#define SETTINGS_MAX       4096U
#define PLATFORM_BYTES_MAX 128U
/* The overflow gid, which owns nothing. */
#define NO_GROUP 65534U

typedef struct Dialog {
        Import import;
        Unpacker unpacker;
        ImageSettings *settings;
        const char *name;
        char *platform; /* NULL until it is said */
        bool in_layer;  /* one is being unpacked */
        bool ended;
        uint64_t bytes;
        uint64_t skipped_devices;
} Dialog;

static void dialog_done(Dialog *dialog)
{
        unpacker_done(&dialog->unpacker);
        image_settings_free(dialog->settings);
        g_free(dialog->platform);
        import_done(&dialog->import);
}

static bool to_number(const char *text, uint64_t max, uint64_t *ret)
{
        guint64 number;

        if (!g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL))
                return false;
        *ret = number;
        return true;
}

/* Whether text is the index of the newest layer, or of the one after it. */
static bool is_index(const Dialog *dialog, const char *text, unsigned expected)
{
        uint64_t index;

        return to_number(text, IMPORT_LAYERS_MAX, &index) && index == expected;
}

static int on_progress(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        uint64_t done, total;

        if (!to_number(message->strings[1], INT64_MAX, &done) || !to_number(message->strings[2], INT64_MAX, &total))
                return unpacker_mistrust("a progress that is no number", error);
        job_progress(dialog->import.job, done, total);
        return 0;
}

static int on_layer(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        const char *digest = message->strings[2];
        int r;

        if (dialog->in_layer || !is_index(dialog, message->strings[1], dialog->import.layers->len))
                return unpacker_mistrust("a layer out of its order", error);
        if (*digest && !import_digest_is_valid(digest))
                return unpacker_mistrust("a digest that is none", error);
        r = import_add_layer(&dialog->import, digest, error);
        if (r < 0)
                return r;
        dialog->in_layer = r == 0;
        return unpacker_send(&dialog->unpacker, r > 0 ? "skip" : "unpack", error);
}

static int on_opaque(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        if (!dialog->in_layer || !is_index(dialog, message->strings[1], dialog->import.layers->len - 1))
                return unpacker_mistrust("a folder out of its layer", error);
        return import_set_opaque(&dialog->import, message->strings[2], error);
}

static int on_unpacked(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        const char *digest = message->strings[2];
        const ImportLayer *layer;
        uint64_t size;

        if (!dialog->in_layer || !is_index(dialog, message->strings[1], dialog->import.layers->len - 1))
                return unpacker_mistrust("the end of a layer that has not begun", error);
        layer = g_ptr_array_index(dialog->import.layers, dialog->import.layers->len - 1);
        if (!import_digest_is_valid(digest) || (*layer->digest && !g_str_equal(layer->digest, digest)))
                return unpacker_mistrust("a digest that is not that of the layer", error);
        if (!to_number(message->strings[3], dialog->import.max_bytes - dialog->bytes, &size))
                return unpacker_mistrust("a size that can't be", error);
        dialog->bytes += size;
        dialog->in_layer = false;
        import_end_layer(&dialog->import, digest, size);
        return 0;
}

static int on_setting(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        const char *kind = message->strings[1], *value = message->strings[2];

        if (!image_setting_is_known(kind) || !g_utf8_validate(value, -1, NULL) ||
            image_settings_count(dialog->settings) >= SETTINGS_MAX)
                return unpacker_mistrust("a setting that can't be", error);
        if ((g_str_equal(kind, "env") && (*value == '=' || !strchr(value, '='))) ||
            (g_str_equal(kind, "working-dir") && *value != '/'))
                return unpacker_mistrust("a setting with a value that can't be", error);
        image_settings_add(dialog->settings, kind, value);
        return 0;
}

static int on_platform(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        g_autofree char *normalised = NULL;
        Platform platform;

        if (dialog->platform)
                return unpacker_mistrust("a second platform", error);
        if (platform_parse(message->strings[1], &platform, NULL) < 0)
                return unpacker_mistrust("a platform that is none", error);
        normalised = platform_to_text(&platform);
        if (!g_str_equal(normalised, message->strings[1]))
                return unpacker_mistrust("a platform that is not normalised", error);
        dialog->platform = g_steal_pointer(&normalised);
        return 0;
}

static int on_done(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        if (dialog->in_layer || dialog->import.layers->len == 0 ||
            !is_index(dialog, message->strings[1], dialog->import.layers->len) ||
            !to_number(message->strings[2], INT64_MAX, &dialog->skipped_devices))
                return unpacker_mistrust("an end before the end", error);
        dialog->ended = true;
        return 0;
}

static const struct {
        const char *word;
        size_t n_strings;
        int (*take)(Dialog *dialog, const StringMessage *message, sd_bus_error *error);
} words[] = {
        {"progress", 3, on_progress}, {"layer", 3, on_layer},     {"opaque", 3, on_opaque},
        {"unpacked", 4, on_unpacked}, {"setting", 3, on_setting}, {"platform", 2, on_platform},
        {"done", 3, on_done},
};

static int take_message(Dialog *dialog, const StringMessage *message, sd_bus_error *error)
{
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_equal(words[i].word, message->strings[0]))
                        return message->n_strings == words[i].n_strings
                                       ? words[i].take(dialog, message, error)
                                       : unpacker_mistrust("too few words or too many", error);
        return unpacker_mistrust(message->strings[0], error);
}

static int converse(Dialog *dialog, sd_bus_error *error)
{
        while (!dialog->ended) {
                StringMessage message;
                int r = unpacker_receive(&dialog->unpacker, &message, error);

                if (r <= 0)
                        return r;
                r = take_message(dialog, &message, error);
                string_message_done(&message);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int make_image(Dialog *dialog, ImportResult *ret, sd_bus_error *error)
{
        Job *job = dialog->import.job;
        ImageRow row = {.owner = dialog->import.owner, .name = dialog->name, .platform = dialog->platform ?: ""};
        Placement placement;
        int64_t image = 0;
        int r;

        r = placement_begin(&placement, job, &dialog->import.incoming, STORE_LAYERS, error);
        if (r < 0)
                return r;
        r = import_insert_layers(&dialog->import, &placement, ret, error);
        if (r >= 0) {
                row.layer = ret->layer;
                row.size = ret->size;
                row.digest = ret->digest;
                r = image_replace(job, &row, &image, error);
        }
        if (r >= 0)
                r = image_set_settings(job, image, dialog->settings, error);
        return placement_end(&placement, r, error);
}

static int check_source(int fd, sd_bus_error *error)
{
        int flags = fcntl(fd, F_GETFL);
        struct stat st;

        if (flags < 0 || fstat(fd, &st) < 0)
                return error_invalid(error, "The source of the image can't be used: %s", g_strerror(errno));
        if (S_ISDIR(st.st_mode))
                return 0;
        if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
                return error_invalid(error,
                                     "The source of an image has to be a regular file, a pipe or a folder, opened by "
                                     "the caller");
        if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
                return error_invalid(error, "The source of the image is not open for reading");
        return 0;
}

/* The bus says which groups a user's connection has, and not which of them is the primary one; the user database does,
 * which the daemon can't ask, since it may be on the network. A user that it does not know gets no group's rights. */
static uint64_t find_group(uint64_t uid)
{
        const struct passwd *user = getpwuid((uid_t) uid);

        return user ? user->pw_gid : NO_GROUP;
}

static int parse(const StringMessage *request, Dialog *dialog, UnpackerRequest *unpack, sd_bus_error *error)
{
        uint64_t uid = 0, gid = 0, entries = 0;
        int r;

        r = argument_to_owner(request->strings[1], &dialog->import.owner, error);
        if (r >= 0)
                r = argument_check_name(request->strings[2], error);
        if (r >= 0)
                r = argument_to_number(request->strings[3], 0, UINT32_MAX - 1, &uid, error);
        if (r >= 0)
                r = *request->strings[4] ? argument_to_number(request->strings[4], 0, UINT32_MAX - 1, &gid, error) : 0;
        if (r >= 0 && !*request->strings[4])
                gid = find_group(uid);
        if (r >= 0 && strlen(request->strings[5]) > PLATFORM_BYTES_MAX)
                r = error_invalid(error, "The platform is longer than %u bytes", PLATFORM_BYTES_MAX);
        if (r >= 0)
                r = argument_to_id_base(request->strings[6], &dialog->import.id_base, error);
        if (r >= 0)
                r = argument_to_number(request->strings[7], 1, INT64_MAX, &dialog->import.max_bytes, error);
        if (r >= 0)
                r = argument_to_number(request->strings[8], 1, INT64_MAX, &entries, error);
        if (r >= 0)
                r = check_source(request->fds[0], error);
        if (r < 0)
                return r;
        dialog->name = request->strings[2];
        *unpack = (UnpackerRequest){
                .source = request->fds[0],
                .uid = (uid_t) uid,
                .gid = (gid_t) gid,
                .id_base = dialog->import.id_base,
                .platform = request->strings[5],
                .max_bytes = request->strings[7],
                .max_entries = request->strings[8],
        };
        return 0;
}

int verb_import(Job *job, StringMessage *request, GStrvBuilder *answer, sd_bus_error *error)
{
        _cleanup_(dialog_done) Dialog dialog = {.import = {.job = job, .tree = -1, .incoming = INCOMING_NONE},
                                                .unpacker = UNPACKER_NONE,
                                                .settings = image_settings_new()};
        UnpackerRequest unpack;
        ImportResult result = {};
        int r;

        r = parse(request, &dialog, &unpack, error);
        if (r >= 0)
                r = import_begin(&dialog.import, error);
        if (r >= 0) {
                unpack.target = dialog.import.tree;
                r = unpacker_start(job, &unpack, &dialog.unpacker, error);
        }
        if (r >= 0)
                r = converse(&dialog, error);
        if (r >= 0)
                unpacker_finish(&dialog.unpacker);
        /* From here on nobody else has a hand in the files. */
        unpacker_done(&dialog.unpacker);
        if (r >= 0)
                r = import_settle(&dialog.import, error);
        if (r >= 0)
                r = make_image(&dialog, &result, error);
        if (r < 0)
                return r;
        answer_add_text(answer, "image", dialog.name);
        answer_add_number(answer, "size", result.size);
        answer_add_text(answer, "digest", result.digest);
        answer_add_number(answer, "skipped-devices", dialog.skipped_devices);
        g_free(result.digest);
        return 0;
}
