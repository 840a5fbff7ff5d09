/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A port that is published on 127.0.0.1 needs packets from there to leave by the bridge, so the portmap plugin sets
 * route_localnet for the bridge's interface: for all containers behind it, in both directions, and for good. A
 * container that sends packets to 127.0.0.1 by way of its gateway (it takes a route, or CAP_NET_RAW) would then be let
 * in to every server that listens on the machine's loopback only: CVE-2020-8558 was this in Kubernetes.
 *
 * So before the first port is mapped, such packets are dropped where they come in. Answers of published ports are not
 * concerned: they are for the bridge's address until connection tracking, which comes later, has seen them.
 */

#include "network/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "util/cleanup.h"
#include "util/error.h"
#include "util/spawn.h"

/* Seconds for a lock that others hold while they change rules. */
#define LOCK_SECONDS "20"

static const char *const programs[] = {"/usr/sbin/iptables", "/sbin/iptables", "/usr/local/sbin/iptables",
                                       "/usr/bin/iptables"};

static const char *find_program(void)
{
        for (size_t i = 0; i < G_N_ELEMENTS(programs); i++)
                if (access(programs[i], X_OK) == 0)
                        return programs[i];
        return NULL;
}

/* quiet: that it fails is an answer. Returns its exit status, or a negative errno. */
static int run(const char *program, const char *command, bool quiet, int null)
{
        const char *const argv[] = {program, "-w",      LOCK_SECONDS, "-t",
                                    "raw",   command,   "PREROUTING", "!",
                                    "-i",    "lo",      "-d",         "127.0.0.0/8",
                                    "-m",    "comment", "--comment",  "gangway: loopback stays local",
                                    "-j",    "DROP",    NULL};
        _cleanup_close_ int pidfd = -1;
        siginfo_t info = {};
        pid_t pid;
        int r = spawn(&(SpawnRequest){.path = program, .argv = argv, .control = -1, .null = null, .quiet = quiet}, &pid,
                      &pidfd);

        if (r < 0)
                return r;
        if (TEMP_FAILURE_RETRY(waitid(P_PID, (id_t) pid, &info, WEXITED)) < 0)
                return -errno;
        return info.si_code == CLD_EXITED ? info.si_status : -ECHILD;
}

int guard_loopback(Job *job, sd_bus_error *error)
{
        const char *program = find_program();
        _cleanup_close_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        int r;

        if (!program)
                return 0;
        /* One at a time, or it would be there twice. */
        if (null < 0 || flock(job->folder, LOCK_EX) < 0)
                return error_set(error, ERROR_NETWORK_FAILED, "The machine's loopback can't be guarded: %s",
                                 g_strerror(errno));
        r = run(program, "-C", true, null);
        if (r != 0)
                r = run(program, "-I", false, null);
        (void) flock(job->folder, LOCK_UN);
        if (r < 0)
                return error_set(error, ERROR_NETWORK_FAILED,
                                 "%s, which is to guard the machine's loopback, failed: %s", program, g_strerror(-r));
        if (r > 0)
                return error_set(error, ERROR_NETWORK_FAILED,
                                 "%s can't add the rule that keeps the machine's loopback out of reach of containers "
                                 "with published ports: it ended with status %d; see the journal of gangwayd.service",
                                 program, r);
        return 0;
}
