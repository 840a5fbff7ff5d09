/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "stalls.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"

#define PERIOD_NSEC 1000000L
/* Other real-time tasks, and interrupts, take less. */
#define STALL_MSEC 0.2
#define SEEN_MAX   65536U

typedef struct Stall {
        double begin, end;
} Stall;

/* What one processor's watcher writes; read when it has ended. */
typedef struct Watch {
        pid_t pid;
        guint n;
        Stall seen[SEEN_MAX];
} Watch;

struct Stalls {
        guint n_processors;
        Watch *watches; /* shared memory */
};

static void *shared_memory(gsize size)
{
        /* cppcheck-suppress invalidFunctionArg ; -1 is what mmap(2) wants of an anonymous mapping */
        void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                g_error("mmap: %s", g_strerror(errno));
        return memory;
}

static void G_NORETURN watch(Watch *own, guint processor)
{
        const struct sched_param parameters = {.sched_priority = sched_get_priority_min(SCHED_FIFO)};
        struct timespec next;
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET(processor, &set);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || sched_setaffinity(0, sizeof(set), &set) < 0 ||
            sched_setscheduler(0, SCHED_FIFO, &parameters) < 0)
                g_error("A watch of the processor %u can't be set up: %s", processor, g_strerror(errno));
        (void) clock_gettime(CLOCK_MONOTONIC, &next);
        while (own->n < SEEN_MAX) {
                double due, came;

                next.tv_nsec += PERIOD_NSEC;
                if (next.tv_nsec >= G_USEC_PER_SEC * 1000) {
                        next.tv_nsec -= G_USEC_PER_SEC * 1000;
                        next.tv_sec++;
                }
                (void) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
                due = (double) next.tv_sec * 1e3 + (double) next.tv_nsec / 1e6;
                came = now_ms();
                if (came - due < STALL_MSEC)
                        continue;
                own->seen[own->n++] = (Stall){due, came};
                (void) clock_gettime(CLOCK_MONOTONIC, &next);
        }
        g_error("The processor %u stalls too often to be watched", processor);
}

Stalls *stalls_new(void)
{
        Stalls *stalls = g_new0(Stalls, 1);

        stalls->n_processors = g_get_num_processors();
        stalls->watches = shared_memory(stalls->n_processors * sizeof(Watch));
        for (guint i = 0; i < stalls->n_processors; i++) {
                Watch *own = &stalls->watches[i];
                pid_t pid = fork();

                if (pid == 0)
                        watch(own, i);
                if (pid < 0)
                        g_error("fork: %s", g_strerror(errno));
                own->pid = pid;
        }
        return stalls;
}

void stalls_stop(Stalls *stalls)
{
        for (guint i = 0; i < stalls->n_processors; i++) {
                int status = 0;

                (void) kill(stalls->watches[i].pid, SIGTERM);
                if (waitpid(stalls->watches[i].pid, &status, 0) < 0 || !WIFSIGNALED(status) ||
                    WTERMSIG(status) != SIGTERM)
                        g_error("A watch of the processor %u has failed", i);
        }
}

static int compare(gconstpointer a, gconstpointer b)
{
        const Stall *x = a, *y = b;

        return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Of several processors at once it counts once. */
double stalls_between(const Stalls *stalls, double begin, double end)
{
        g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Stall));
        double sum = 0;

        for (guint i = 0; i < stalls->n_processors; i++) {
                const Watch *own = &stalls->watches[i];

                for (guint j = 0; j < own->n; j++)
                        if (own->seen[j].begin < end && own->seen[j].end > begin)
                                g_array_append_val(found, own->seen[j]);
        }
        g_array_sort(found, compare);
        for (guint i = 0; i < found->len; i++) {
                const Stall *stall = &g_array_index(found, Stall, i);

                begin = MAX(begin, stall->begin);
                if (MIN(end, stall->end) <= begin)
                        continue;
                sum += MIN(end, stall->end) - begin;
                begin = stall->end;
        }
        return sum;
}

guint stalls_count(const Stalls *stalls)
{
        guint n = 0;

        for (guint i = 0; i < stalls->n_processors; i++)
                n += stalls->watches[i].n;
        return n;
}

double stalls_longest(const Stalls *stalls)
{
        double longest = 0;

        for (guint i = 0; i < stalls->n_processors; i++)
                for (guint j = 0; j < stalls->watches[i].n; j++)
                        longest = MAX(longest, stalls->watches[i].seen[j].end - stalls->watches[i].seen[j].begin);
        return longest;
}

void stalls_free(Stalls *stalls)
{
        (void) munmap(stalls->watches, stalls->n_processors * sizeof(Watch));
        g_free(stalls);
}
