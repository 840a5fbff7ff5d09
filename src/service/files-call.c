/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A name is bytes, and the bus's strings are UTF-8: where a name is none, bytes stand for it under a key of their own,
 * both ways.
 */

#include "service/files-call.h"

#include <limits.h>
#include <string.h>

#include "service/container-bus.h"
#include "service/container-files.h"
#include "service/decode.h"
#include "util/cleanup.h"
#include "util/error.h"

typedef struct FilesOptions {
        char *path;
        bool follow;
        uint32_t limit;
        char *after;
} FilesOptions;

static void options_done(FilesOptions *options)
{
        g_free(options->path);
        g_free(options->after);
}

/* Bytes that a C string can hold. */
static int read_bytes(sd_bus_message *m, const char *what, char **target, sd_bus_error *error)
{
        const void *bytes;
        size_t size;
        int r;

        r = sd_bus_message_read_array(m, 'y', &bytes, &size);
        if (r < 0)
                return r;
        if (size > 0 && memchr(bytes, 0, size))
                return error_invalid(error, "There is a zero byte in %s", what);
        g_free(*target);
        *target = g_strndup(bytes, size);
        return 0;
}

static int read_path_bytes(sd_bus_message *m, void *target, sd_bus_error *error)
{
        FilesOptions *options = target;

        if (*options->path)
                return error_invalid(error, "Where there is path-bytes, path is \"\", not '%.128s'", options->path);
        return read_bytes(m, "path-bytes", &options->path, error);
}

static int read_follow(sd_bus_message *m, void *target, sd_bus_error *error)
{
        return decode_bool(m, &((FilesOptions *) target)->follow);
}

static int read_limit(sd_bus_message *m, void *target, sd_bus_error *error)
{
        FilesOptions *options = target;
        int r = sd_bus_message_read(m, "u", &options->limit);

        return r >= 0 && options->limit == 0 ? error_invalid(error, "The limit is at least 1") : r;
}

static int check_after(const FilesOptions *options, sd_bus_error *error)
{
        return options->after ? error_invalid(error, "after and after-bytes are the same; give one of them") : 0;
}

static int read_after(sd_bus_message *m, void *target, sd_bus_error *error)
{
        FilesOptions *options = target;
        int r = check_after(options, error);

        return r < 0 ? r : decode_string(m, &options->after);
}

static int read_after_bytes(sd_bus_message *m, void *target, sd_bus_error *error)
{
        FilesOptions *options = target;
        int r = check_after(options, error);

        return r < 0 ? r : read_bytes(m, "after-bytes", &options->after, error);
}

static int decode(sd_bus_message *m, const OptionRow *rows, uint32_t *ret_index, FilesOptions *options,
                  sd_bus_error *error)
{
        int r;

        r = sd_bus_message_read(m, "u", ret_index);
        if (r >= 0)
                r = decode_string(m, &options->path);
        if (r >= 0)
                r = decode_options(m, "option", rows, options, error);
        if (r < 0)
                return r;
        if (strlen(options->path) >= PATH_MAX)
                return error_invalid(error, "The path has %zu bytes, and %d are the most", strlen(options->path),
                                     PATH_MAX - 1);
        if (options->after && options->limit == 0)
                return error_invalid(error, "after needs a limit");
        if (options->after && strlen(options->after) > NAME_MAX)
                return error_invalid(error, "after is no name: it has %zu bytes, and %d are the most",
                                     strlen(options->after), NAME_MAX);
        return 0;
}

static int append_text(sd_bus_message *m, const char *key, const char *key_of_bytes, const char *text)
{
        int r;

        if (g_utf8_validate(text, -1, NULL))
                return sd_bus_message_append(m, "{sv}", key, "s", text);
        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", key_of_bytes);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', text, strlen(text));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Appends an entry of the launcher's, three strings. */
static int append_entry(sd_bus_message *m, const char *const entry[3])
{
        g_auto(GStrv) words = g_strsplit(entry[1], " ", 0);
        int r;

        if (g_strv_length(words) != 6)
                return -EBADMSG;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && *entry[0])
                r = append_text(m, "name", "name-bytes", entry[0]);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "type", "s", words[0]);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "size", "t", g_ascii_strtoull(words[1], NULL, 10));
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "mode", "u", (uint32_t) g_ascii_strtoull(words[2], NULL, 10));
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "uid", "u", (uint32_t) g_ascii_strtoull(words[3], NULL, 10));
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "gid", "u", (uint32_t) g_ascii_strtoull(words[4], NULL, 10));
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "mtime", "x", g_ascii_strtoll(words[5], NULL, 10));
        if (r >= 0 && g_str_equal(words[0], "symlink"))
                r = append_text(m, "target", "target-bytes", entry[2]);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* A call whose answer is under way. */
typedef struct FilesCall {
        sd_bus_message *m;
        sd_bus_message *reply;
        int result; /* of what was appended so far */
} FilesCall;

static FilesCall *call_new(sd_bus_message *m)
{
        FilesCall *call = g_new0(FilesCall, 1);

        call->m = sd_bus_message_ref(m);
        call->result = sd_bus_message_new_method_return(m, &call->reply);
        return call;
}

static void call_finish(FilesCall *call, const sd_bus_error *error)
{
        if (error)
                (void) sd_bus_reply_method_error(call->m, error);
        else if (call->result < 0)
                (void) sd_bus_reply_method_errno(call->m, call->result, NULL);
        else
                (void) sd_bus_send(NULL, call->reply, NULL);
        sd_bus_message_unref(call->reply);
        sd_bus_message_unref(call->m);
        g_free(call);
}

static void on_opened(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        FilesCall *call = userdata;

        if (!error && call->result >= 0)
                call->result = answer->n_fds == 1 ? sd_bus_message_append(call->reply, "h", answer->fds[0]) : -EBADMSG;
        call_finish(call, error);
}

static void on_stat(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        FilesCall *call = userdata;

        if (!error && call->result >= 0)
                call->result = answer->n_strings == 4 ? append_entry(call->reply, answer->strings + 1) : -EBADMSG;
        call_finish(call, error);
}

static void on_listed(StringMessage *answer, sd_bus_error *error, void *userdata)
{
        FilesCall *call = userdata;

        if (!error && g_str_equal(answer->strings[0], "more")) {
                for (size_t i = 1; i + 2 < answer->n_strings && call->result >= 0; i += 3)
                        call->result = append_entry(call->reply, answer->strings + i);
                return;
        }
        if (!error && call->result >= 0)
                call->result = sd_bus_message_close_container(call->reply);
        call_finish(call, error);
}

int files_call_open(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        static const OptionRow rows[] = {{"path-bytes", "ay", read_path_bytes}, {NULL, NULL, NULL}};
        _cleanup_(options_done) FilesOptions options = {};
        FilesRequest request = {.verb = "open-file", .arguments = (const char *const[]){NULL}};
        int r;

        r = decode(m, rows, &request.index, &options, error);
        if (r < 0)
                return r;
        request.path = options.path;
        container_files_ask(((ContainerBus *) userdata)->container, &request, on_opened, call_new(m));
        return 1;
}

int files_call_stat(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        static const OptionRow rows[] = {
                {"path-bytes", "ay", read_path_bytes}, {"follow", "b", read_follow}, {NULL, NULL, NULL}};
        _cleanup_(options_done) FilesOptions options = {};
        FilesRequest request = {.verb = "stat"};
        int r;

        r = decode(m, rows, &request.index, &options, error);
        if (r < 0)
                return r;
        request.path = options.path;
        request.arguments = (const char *const[]){options.follow ? "follow" : "", NULL};
        container_files_ask(((ContainerBus *) userdata)->container, &request, on_stat, call_new(m));
        return 1;
}

int files_call_read_directory(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        static const OptionRow rows[] = {
                {"path-bytes", "ay", read_path_bytes},   {"limit", "u", read_limit}, {"after", "s", read_after},
                {"after-bytes", "ay", read_after_bytes}, {NULL, NULL, NULL},
        };
        _cleanup_(options_done) FilesOptions options = {};
        FilesRequest request = {.verb = "read-directory"};
        g_autofree char *limit = NULL;
        FilesCall *call;
        int r;

        r = decode(m, rows, &request.index, &options, error);
        if (r < 0)
                return r;
        limit = g_strdup_printf("%u", options.limit);
        request.path = options.path;
        request.arguments = (const char *const[]){limit, options.after ? options.after : "", NULL};
        call = call_new(m);
        if (call->result >= 0)
                call->result = sd_bus_message_open_container(call->reply, 'a', "a{sv}");
        container_files_ask(((ContainerBus *) userdata)->container, &request, on_listed, call);
        return 1;
}
