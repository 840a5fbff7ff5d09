/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Stands in for gangway-unpack, to see what gangway-store makes of what it is told: the real one says nothing wrong, so
 * what the store does about a parser that was taken over could not be tested with it. Its input is a script, a line for
 * each thing that it does:
 *
 *   say WORD WORD…        sends a message; "" is an empty word
 *   layer INDEX DIGEST    says so, and where the answer is "skip" goes on after the next line "end"
 *   end                   nothing
 *   folder PATH, file PATH TEXT, fill PATH BYTES SEED, whiteout PATH, symlink PATH TARGET    in the target
 *   open PATH             asks the opener, and says "setting label ok:TEXT" or "setting label error:ERRNO"
 *   signal NUMBER, exit STATUS, stall
 *
 * Where the input is a folder, the script is the file "script" in it.
 */

#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "store/store-run.h"
#include "util/cleanup.h"
#include "util/string-message.h"

#define CONTROL_FD 3

static int opener = -1;

/* Its errors are for the test's author: the store finds a program that has ended. */
static void check(bool good, const char *what)
{
        if (good)
                return;
        g_printerr("fake-unpack: %s: %s\n", what, g_strerror(errno));
        exit(EXIT_FAILURE);
}

static void say(const char *const *words)
{
        int r;

        while ((r = string_message_send(CONTROL_FD, words, NULL, 0)) == -EAGAIN)
                g_usleep(1000);
        check(r >= 0, "send");
}

static bool hear(const char *word)
{
        StringMessage message;
        bool is;

        check(string_message_receive(CONTROL_FD, 0, &message) > 0, "receive");
        is = g_str_equal(message.strings[0], word);
        string_message_done(&message);
        return is;
}

static void fill(const char *path, guint64 size, guint32 seed)
{
        if (store_run_fill(path, size, seed))
                return;
        say((const char *const[]){"error", "org.gangway1.Error.StoreFull", "no room", NULL});
        exit(EXIT_FAILURE);
}

static int open_by_opener(const char *path)
{
        StringMessage answer;
        int fd;

        check(string_message_send(opener, (const char *const[]){"open", path, NULL}, NULL, 0) >= 0, "opener");
        check(string_message_receive(opener, 0, &answer) > 0, "opener");
        fd = answer.n_fds == 1 ? steal_fd(&answer.fds[0]) : -(int) g_ascii_strtoll(answer.strings[1], NULL, 10);
        string_message_done(&answer);
        return fd;
}

static char *read_all(int fd)
{
        GString *text = g_string_new(NULL);
        char buffer[4096];
        ssize_t n;

        while ((n = read(fd, buffer, sizeof(buffer))) > 0)
                g_string_append_len(text, buffer, n);
        check(n == 0, "read");
        return g_string_free(text, FALSE);
}

static void open_and_tell(const char *path)
{
        g_autofree char *text = NULL, *value = NULL;
        _cleanup_close_ int fd = -1;
        int r = open_by_opener(path);

        if (r >= 0)
                text = read_all(fd = r);
        value = r >= 0 ? g_strconcat("ok:", text, NULL) : g_strdup_printf("error:%d", -r);
        say((const char *const[]){"setting", "label", value, NULL});
}

/* Whatever a sanitizer would make of it. */
static void die_of(int number)
{
        (void) signal(number, SIG_DFL);
        (void) raise(number);
}

static void make_file(const char *path, const char *text)
{
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

        check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text), path);
}

/* Returns whether the script goes on behind the next "end". */
static bool run_line(char **words)
{
        unsigned n = g_strv_length(words);
        const char *verb = words[0], *first = n > 1 ? words[1] : "", *second = n > 2 ? words[2] : "";

        for (unsigned i = 1; i < n; i++)
                if (g_str_equal(words[i], "\"\""))
                        words[i][0] = '\0';
        if (g_str_equal(verb, "say"))
                say((const char *const *) words + 1);
        else if (g_str_equal(verb, "layer")) {
                say((const char *const *) words);
                return hear("skip");
        } else if (g_str_equal(verb, "folder"))
                check(mkdir(first, 0755) == 0, first);
        else if (g_str_equal(verb, "file"))
                make_file(first, second);
        else if (g_str_equal(verb, "fill"))
                fill(first, g_ascii_strtoull(second, NULL, 10), (guint32) g_ascii_strtoull(words[3], NULL, 10));
        else if (g_str_equal(verb, "whiteout"))
                check(mknod(first, S_IFCHR, makedev(0, 0)) == 0, first);
        else if (g_str_equal(verb, "symlink"))
                check(symlink(second, first) == 0, first);
        else if (g_str_equal(verb, "open"))
                open_and_tell(first);
        else if (g_str_equal(verb, "signal"))
                die_of((int) g_ascii_strtoll(first, NULL, 10));
        else if (g_str_equal(verb, "exit"))
                exit((int) g_ascii_strtoll(first, NULL, 10));
        else if (g_str_equal(verb, "stall"))
                (void) hear("");
        else
                check(g_str_equal(verb, "end"), verb);
        return false;
}

static void run(const char *script)
{
        g_auto(GStrv) lines = g_strsplit(script, "\n", -1);
        bool skip = false;

        for (char **line = lines; *line; line++) {
                g_auto(GStrv) words = g_strsplit(*line, " ", -1);

                if (skip && !g_str_equal(*line, "end"))
                        continue;
                skip = **line && run_line(words);
        }
}

/* The script comes last where there is no way back: the ids must be there before files are made. */
static void enter(int target)
{
        check(fchdir(target) == 0 && unshare(CLONE_NEWUSER) == 0, "unshare");
        say((const char *const[]){"ready", NULL});
        check(hear("go"), "go");
        check(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "ids");
        (void) umask(0022);
}

int main(void)
{
        g_autofree char *script = NULL;
        StringMessage request;
        struct stat st;

        check(string_message_receive(CONTROL_FD, 0, &request) > 0, "request");
        check(request.n_strings == 6 && g_str_equal(request.strings[0], "unpack") && request.n_fds == 2, "request");
        check(fstat(request.fds[1], &st) == 0, "fstat");
        if (g_str_equal(request.strings[1], "refuse")) {
                string_message_done(&request);
                return EXIT_FAILURE;
        }
        if (g_str_equal(request.strings[1], "unready")) {
                say((const char *const[]){"layer", "0", "", NULL});
                (void) hear("");
        }
        enter(request.fds[0]);
        if (S_ISSOCK(st.st_mode)) {
                _cleanup_close_ int fd = -1;

                opener = steal_fd(&request.fds[1]);
                fd = open_by_opener("/script");
                check(fd >= 0, "script");
                script = read_all(fd);
        } else
                script = read_all(request.fds[1]);
        run(script);
        string_message_done(&request);
        return EXIT_SUCCESS;
}
