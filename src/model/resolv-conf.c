/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * With the machine's network, the machine's file is right as it is. In a network of its own, a loopback address is the
 * container itself, and a zone of an IPv6 address names an interface that is not there, so such servers are left out;
 * where nothing is left, gangwayd.conf has the word. What is no server is kept: search, domain, options, sortlist.
 *
 * The lines are taken apart as glibc does (res_init.c): the keyword begins the line, white space ends it, and what
 * stands behind a server's address is passed over. IPv4 addresses may have the old forms of inet_aton(3), so "127.1" is
 * a loopback address, too. Lines with control characters, which no resolver means, are left out.
 */

#include "model/resolv-conf.h"

#include <arpa/inet.h>
#include <string.h>

#define WHITE " \t\r\f" /* what GLib takes for white space, within a line */

typedef struct Server {
        char *text; /* without a zone */
        bool loopback;
        bool stub;
        bool zone;
} Server;

typedef struct File {
        GPtrArray *servers;  /* Server */
        GPtrArray *settings; /* char *, lines that are kept */
} File;

static void free_server(gpointer data)
{
        Server *server = data;

        g_free(server->text);
        g_free(server);
}

static Server *server_new(const char *text)
{
        g_auto(GStrv) parts = g_strsplit(text, "%", 2);
        char normal[INET6_ADDRSTRLEN];
        struct in6_addr address = {};
        struct in_addr ipv4;
        bool is_ipv4 = !parts[1] && inet_aton(parts[0], &ipv4);
        Server *server;

        if (!is_ipv4) {
                if (inet_pton(AF_INET6, parts[0], &address) != 1)
                        return NULL;
                is_ipv4 = IN6_IS_ADDR_V4MAPPED(&address);
                memcpy(&ipv4, &address.s6_addr[12], sizeof(ipv4));
        }
        server = g_new0(Server, 1);
        server->zone = parts[1];
        server->text = g_strdup(
                inet_ntop(is_ipv4 ? AF_INET : AF_INET6, is_ipv4 ? (void *) &ipv4 : &address, normal, sizeof(normal)));
        /* The address that stands for none leads to this very machine, too. */
        if (is_ipv4)
                server->loopback = ntohl(ipv4.s_addr) >> 24 == 127 || ipv4.s_addr == INADDR_ANY;
        else
                server->loopback = IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address);
        server->stub = strcmp(server->text, "127.0.0.53") == 0 || strcmp(server->text, "127.0.0.54") == 0;
        return server;
}

static bool is_plain(const char *line, size_t length)
{
        for (size_t i = 0; i < length; i++)
                if (g_ascii_iscntrl(line[i]) && !strchr(WHITE, line[i]))
                        return false;
        return memchr(line, '\0', length) == NULL;
}

static void take_line(File *file, const char *line)
{
        static const char *const kept[] = {"search", "domain", "options", "sortlist", NULL};
        g_autofree char *keyword = g_strndup(line, strcspn(line, WHITE));
        g_autofree char *value = g_strstrip(g_strdup(line + strlen(keyword)));
        Server *server;

        if (!*value)
                return;
        if (g_strv_contains(kept, keyword)) {
                g_strdelimit(value, WHITE, ' ');
                g_ptr_array_add(file->settings, g_strdup_printf("%s %s", keyword, value));
        } else if (strcmp(keyword, "nameserver") == 0) {
                value[strcspn(value, WHITE)] = '\0';
                server = server_new(value);
                if (server)
                        g_ptr_array_add(file->servers, server);
        }
}

static void read_file(File *file, const char *text, size_t size)
{
        file->servers = g_ptr_array_new_with_free_func(free_server);
        file->settings = g_ptr_array_new_with_free_func(g_free);
        while (size > 0) {
                const char *end = memchr(text, '\n', size);
                size_t length = end ? (size_t) (end - text) : size, whole = end ? length + 1 : length;

                if (is_plain(text, length)) {
                        g_autofree char *line = g_strndup(text, length);

                        take_line(file, line);
                }
                text += whole;
                size -= whole;
        }
}

static void file_done(File *file)
{
        g_ptr_array_unref(file->servers);
        g_ptr_array_unref(file->settings);
}

bool resolv_conf_is_stub(const char *text, size_t size)
{
        bool is_stub;
        File file;

        read_file(&file, text, size);
        is_stub = file.servers->len > 0;
        for (guint i = 0; i < file.servers->len; i++)
                is_stub = is_stub && ((const Server *) file.servers->pdata[i])->stub;
        file_done(&file);
        return is_stub;
}

static bool is_set(const char *const *words)
{
        return words && *words;
}

static void add_servers(GString *text, const char *const *servers)
{
        for (; *servers; servers++)
                g_string_append_printf(text, "nameserver %s\n", *servers);
}

/* Those of the file that can be reached. Returns whether there is one. */
static bool add_usable(GString *text, const File *file)
{
        for (guint i = 0; i < file->servers->len; i++) {
                const Server *server = file->servers->pdata[i];

                if (!server->loopback && !server->zone)
                        g_string_append_printf(text, "nameserver %s\n", server->text);
        }
        return text->len > 0;
}

/* The file's settings, but for those that begin with a keyword that is replaced. */
static void add_settings(GString *text, const File *file, bool search, bool options)
{
        for (guint i = 0; i < file->settings->len; i++) {
                const char *line = file->settings->pdata[i];

                if ((search || !(g_str_has_prefix(line, "search ") || g_str_has_prefix(line, "domain "))) &&
                    (options || !g_str_has_prefix(line, "options ")))
                        g_string_append_printf(text, "%s\n", line);
        }
}

static void add_words(GString *text, const char *keyword, const char *const *words)
{
        g_autofree char *joined = g_strjoinv(" ", (char **) words);

        g_string_append_printf(text, "%s %s\n", keyword, joined);
}

/* gangwayd.conf has the word; what it does not set stays. */
static void add_configured(GString *text, const File *file, const ResolvConfRequest *request)
{
        add_servers(text, request->servers);
        add_settings(text, file, !is_set(request->search), !is_set(request->options));
        if (is_set(request->search))
                add_words(text, "search", request->search);
        if (is_set(request->options))
                add_words(text, "options", request->options);
}

static void make(GString *text, const File *file, const ResolvConfRequest *request)
{
        if (is_set(request->dns_servers)) {
                add_servers(text, request->dns_servers);
        } else if (!add_usable(text, file)) {
                if (is_set(request->servers)) {
                        add_configured(text, file, request);
                        return;
                }
                g_string_append(text,
                                "# There is no DNS server: this machine's resolv.conf names none that a container "
                                "can reach. Set Servers= in [DNS] of gangwayd.conf, or ask for servers with the "
                                "option dns-servers (gangwayctl --dns).\n");
        }
        add_settings(text, file, true, true);
}

GString *resolv_conf_make(const char *text, size_t size, const ResolvConfRequest *request)
{
        GString *made = g_string_new(NULL);
        File file;

        read_file(&file, text, size);
        if (request->host_network && file.servers->len > 0 && !is_set(request->dns_servers))
                g_string_append_len(made, text, (gssize) size);
        else
                make(made, &file, request);
        file_done(&file);
        return made;
}

bool resolv_conf_is_domain(const char *word)
{
        size_t length = strlen(word);

        if (length < 1 || length > 253)
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_isalnum(word[i]) && !strchr("-._", word[i]))
                        return false;
        return true;
}

bool resolv_conf_is_option(const char *word)
{
        size_t length = strlen(word);

        if (length < 1 || length > 64 || !g_ascii_islower(word[0]))
                return false;
        for (size_t i = 0; i < length; i++)
                if (!g_ascii_islower(word[i]) && !g_ascii_isdigit(word[i]) && !strchr("-_:", word[i]))
                        return false;
        return true;
}
