/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Containers and processes for the integration tests. The calls are made by hand, not by generated proxies, since
 * most of these tests are about what a proxy would hide: the order of messages, the names of errors, file descriptors
 * and arguments that are wrong on purpose. Every function fails the test, with words, where something does not go as
 * its name says, and nothing waits without a bound.
 */
#include "common.h"

#include <poll.h>

static const char *options_text(const char *text)
{
        return text ?: "{}";
}

static GVariant *parse(const char *type, const char *text)
{
        g_autoptr(GError) error = NULL;
        GVariant *value = g_variant_parse(G_VARIANT_TYPE(type), text, NULL, NULL, &error);

        if (!value)
                g_error("'%s' is no %s: %s", text, type, error->message);
        return value;
}

static void add_all(GVariantBuilder *builder, const char *text)
{
        g_autoptr(GVariant) dict = parse("a{sv}", options_text(text));

        for (gsize i = 0; i < g_variant_n_children(dict); i++) {
                g_autoptr(GVariant) entry = g_variant_get_child_value(dict, i);
                g_variant_builder_add_value(builder, entry);
        }
}

static GVariant *create_options(const Create *create)
{
        g_auto(GVariantBuilder) options = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
        g_autoptr(GVariant) mounts = create->mounts ? parse("aa{sv}", create->mounts) : NULL;

        add_all(&options, create->options);
        /* What is not about networks does not wait for one. */
        if (!create->options || !strstr(create->options, "'net-mode'"))
                g_variant_builder_add(&options, "{sv}", "net-mode", g_variant_new_string("none"));
        if (!mounts) {
                g_autoptr(GVariant) more = parse("aa{sv}", create->more ?: "[]");
                g_auto(GVariantBuilder) mount = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{sv}"));
                g_auto(GVariantBuilder) all = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("aa{sv}"));

                add_all(&mount, "{'type': <'bind'>, 'destination': <'/'>, 'source': <handle 0>}");
                add_all(&mount, create->mount);
                g_variant_builder_add_value(&all, g_variant_builder_end(&mount));
                for (gsize i = 0; i < g_variant_n_children(more); i++) {
                        g_autoptr(GVariant) further = g_variant_get_child_value(more, i);
                        g_variant_builder_add_value(&all, further);
                }
                mounts = g_variant_ref_sink(g_variant_builder_end(&all));
        }
        if (g_variant_n_children(mounts) > 0)
                g_variant_builder_add(&options, "{sv}", "mounts", mounts);
        return g_variant_builder_end(&options);
}

/* Folders of a user other than root are made once for each. */
static const char *root_of(Client *caller)
{
        static GHashTable *roots = NULL;

        if (client_uid(caller) == 0)
                return root_shared();
        if (!roots)
                roots = g_hash_table_new(NULL, NULL);
        char *root = g_hash_table_lookup(roots, GUINT_TO_POINTER(client_uid(caller)));
        if (!root) {
                root = root_copy(caller);
                g_hash_table_insert(roots, GUINT_TO_POINTER(client_uid(caller)), root);
        }
        return root;
}

guint32 container_create_send(Client *caller, const Create *create)
{
        g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
        int root = client_open(caller, create->root ?: root_of(caller), O_PATH);

        g_assert_cmpint(g_unix_fd_list_append(fds, root, NULL), ==, 0);
        g_assert_no_errno(close(root));
        for (const int *handle = create->handles; handle && *handle >= 0; handle++)
                g_assert_cmpint(g_unix_fd_list_append(fds, *handle, NULL), >=, 1);
        return client_send_to(caller, GANGWAY_NAME, GANGWAY_PATH, "org.gangway1.Manager", "CreateContainer",
                              g_variant_new("(s@a{sv})", create->name ?: "", create_options(create)), fds,
                              create->interactive ? G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION
                                                  : G_DBUS_MESSAGE_FLAGS_NONE);
}

Container *container_receive(Client *caller, guint32 serial)
{
        g_autoptr(Reply) reply = client_receive(caller, serial);
        Container *container = g_new0(Container, 1);

        if (reply->error)
                g_error("CreateContainer: %s: %s", reply->error, reply->message);
        container->client = caller;
        g_variant_get(reply->body, "(o)", &container->path);
        return container;
}

Container *container_create(Client *caller, const Create *create)
{
        return container_receive(caller, container_create_send(caller, create));
}

Container *container_create_started(Client *caller, const Create *create)
{
        Container *container = container_create(caller, create);
        g_autoptr(Process) init =
                process_new(container, .method = "Start", .argv = ARGV("sleep", "1000"), .options = "{'id': <'init'>}");
        return container;
}

Reply *container_create_fails(Client *caller, const Create *create)
{
        Reply *reply = client_receive(caller, container_create_send(caller, create));

        if (!reply->error)
                g_error("CreateContainer succeeded with mount %s, mounts %s, options %s", options_text(create->mount),
                        create->mounts ?: "as usual", options_text(create->options));
        return reply;
}

void container_release(Container *container)
{
        g_autoptr(GVariant) body = client_call(container->client, container->path, "Release", NULL);
        container->released = TRUE;
}

void container_free(Container *container)
{
        if (!container)
                return;
        if (!container->released)
                container_release(container);
        g_free(container->path);
        g_free(container);
}

char *container_state(Container *container)
{
        return client_property_string(container->client, container->path, "State");
}

typedef struct StateWait {
        Container *container;
        const char *state;
} StateWait;

static gboolean state_is(gpointer data)
{
        StateWait *wait = data;
        g_autofree char *state = container_state(wait->container);
        return g_str_equal(state, wait->state);
}

void container_wait_state(Container *container, const char *state)
{
        StateWait wait = {container, state};
        wait_until(state_is, &wait, state);
}

char *container_unit(Container *container)
{
        return client_property_string(container->client, container->path, "Unit");
}

char *container_cgroup(Container *container)
{
        g_autofree char *path = client_property_string(container->client, container->path, "ControlGroup");
        return g_strconcat("/sys/fs/cgroup", path, NULL);
}

guint container_leader(Container *container)
{
        g_autoptr(GVariant) leader = client_property(container->client, container->path, "Leader");
        return g_variant_get_uint32(leader);
}

guint32 process_spawn_send(Container *container, const Spawn *spawn)
{
        g_auto(GVariantBuilder) pairs = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a{uh}"));
        g_autoptr(GUnixFDList) fds = g_unix_fd_list_new();
        g_autoptr(GError) error = NULL;
        const char *const *argv = spawn->argv ?: ARGV("sh", "-c", spawn->script);

        for (const FdPair *pair = spawn->fds; pair && pair->fd >= 0; pair++) {
                int handle = g_unix_fd_list_append(fds, pair->fd, &error);
                g_assert_no_error(error);
                g_variant_builder_add(&pairs, "{uh}", pair->number, handle);
        }
        g_autoptr(GVariant) env = parse("a{ss}", options_text(spawn->env));
        g_autoptr(GVariant) options = parse("a{sv}", options_text(spawn->options));
        return client_send_to(spawn->client ?: container->client, GANGWAY_NAME, container->path,
                              "org.gangway1.Container", spawn->method ?: "Exec",
                              g_variant_new("(^as@a{ss}a{uh}@a{sv})", argv, env, &pairs, options), fds,
                              G_DBUS_MESSAGE_FLAGS_NONE);
}

Process *process_receive(Client *caller, guint32 serial)
{
        g_autoptr(Reply) reply = client_receive(caller, serial);
        g_autoptr(GVariant) results = NULL;
        Process *process = g_new0(Process, 1);
        int handle = -1;

        if (reply->error)
                g_error("no process: %s: %s", reply->error, reply->message);
        g_variant_get(reply->body, "(s@a{sv})", &process->id, &results);
        g_assert_true(g_variant_lookup(results, "pid", "u", &process->pid));
        process->position = reply->position;
        process->pty = -1;
        if (g_variant_lookup(results, "pty", "h", &handle)) {
                process->pty = g_unix_fd_list_get(reply->fds, handle, NULL);
                g_assert_cmpint(process->pty, >=, 0);
        }
        return process;
}

/* runc closes all that it should not hand on an instant before it executes the program, so that with it the answer may
 * come in that instant. */
static gboolean is_executed(gpointer pid)
{
        g_autofree char *path = g_strdup_printf("/proc/%u/comm", GPOINTER_TO_UINT(pid)), *name = NULL;

        return !g_file_get_contents(path, &name, NULL, NULL) || !g_str_has_prefix(name, "runc");
}

Process *process_spawn(Container *container, const Spawn *spawn)
{
        Process *process = process_receive(spawn->client ?: container->client, process_spawn_send(container, spawn));

        wait_until(is_executed, GUINT_TO_POINTER(process->pid), "the program is executed");
        return process;
}

Reply *process_spawn_fails(Container *container, const Spawn *spawn)
{
        Reply *reply = client_receive(spawn->client ?: container->client, process_spawn_send(container, spawn));

        if (!reply->error)
                g_error("%s succeeded with options %s", spawn->method ?: "Exec", options_text(spawn->options));
        return reply;
}

guint process_spawn_run(Container *container, char **ret_output, const Spawn *spawn)
{
        Spawn piped = *spawn;
        int ends[2];

        make_pipe(ends);
        piped.fds = FDS({1, ends[1]}, {2, ends[1]});
        g_autoptr(Process) process = process_spawn(container, &piped);
        close_fd(&ends[1]);
        g_autofree char *output = read_text(ends[0], NULL);
        close_fd(&ends[0]);
        guint code = process_wait(container, process->id, NULL);
        g_strchomp(output);
        if (ret_output)
                *ret_output = g_steal_pointer(&output);
        return code;
}

void process_free(Process *process)
{
        if (!process)
                return;
        if (process->pty >= 0)
                close(process->pty);
        g_free(process->id);
        g_free(process);
}

guint process_wait(Container *container, const char *id, GVariant **ret_details)
{
        g_autoptr(GVariant) body = client_call(container->client, container->path, "Wait", g_variant_new("(s)", id));
        g_autoptr(GVariant) details = NULL;
        guint code;

        g_variant_get(body, "(u@a{sv})", &code, &details);
        if (ret_details)
                *ret_details = g_steal_pointer(&details);
        return code;
}

void process_signal(Container *container, const char *id, const char *signal, const char *whom)
{
        g_autoptr(GVariant) body =
                client_call(container->client, container->path, "Signal", g_variant_new("(sss)", id, signal, whom));
}

char *read_text(int fd, const char *until)
{
        g_autoptr(GString) text = g_string_new(NULL);
        gint64 end = g_get_monotonic_time() + DEADLINE_SECONDS * G_TIME_SPAN_SECOND;

        while (!until || !strstr(text->str, until)) {
                struct pollfd ready = {.fd = fd, .events = POLLIN};
                char buffer[4096];
                int left = (int) ((end - g_get_monotonic_time()) / 1000);

                if (left <= 0 || poll(&ready, 1, left) == 0)
                        g_error("no %s within %d s, only: %s", until ?: "end of file", DEADLINE_SECONDS, text->str);
                ssize_t n = read(fd, buffer, sizeof(buffer));
                if (n > 0)
                        g_string_append_len(text, buffer, n);
                else if (until)
                        g_error("the end of file instead of %s, after: %s", until, text->str);
                else if (n == 0 || errno == EIO)
                        break;
                else
                        g_error("read: %s", g_strerror(errno));
        }
        return g_strdup(text->str);
}

void write_text(int fd, const char *text)
{
        size_t length = strlen(text);
        g_assert_cmpint(write(fd, text, length), ==, (ssize_t) length);
}

void make_pipe(int ret_ends[static 2])
{
        g_assert_no_errno(pipe2(ret_ends, O_CLOEXEC));
}

void close_fd(int *fd)
{
        g_assert_no_errno(close(*fd));
        *fd = -1;
}

void assert_error(const Reply *reply, const char *error, const char *part)
{
        g_assert_cmpstr(reply->error, ==, error);
        assert_contains(reply->message, part);
}

void assert_contains(const char *text, const char *part)
{
        if (part && !strstr(text, part))
                g_error("'%s' is not in: %s", part, text);
}
