/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "backend/reaper.h"

/*
 * One process of a container, from the moment that it runs until the container is released: its end is kept for
 * whoever asks.
 */

typedef struct Process Process;

typedef struct ProcessEnd {
        uint32_t exit_code; /* 0 to 255; 128 + n for a signal */
        int term_signal;    /* 0: none */
        uint32_t wait_status;
        bool oom;
        bool released;
} ProcessEnd;

typedef void (*ProcessEnded)(Process *process, void *userdata);
/* Called once: with the end. */
typedef void (*ProcessWaited)(const Process *process, void *userdata);

/* Takes over a running process of which the daemon is, or is about to become, the parent. slave_path is an O_PATH fd of
 * its terminal, or -1, and is taken over too, also on failure. ended is told once. */
int process_new(Reaper *reaper, const char *id, pid_t pid, int slave_path, ProcessEnded ended, void *userdata,
                Process **ret);
Process *process_free(Process *process);

const char *process_get_id(const Process *process);
/* 0 once it has ended. */
pid_t process_get_pid(const Process *process);
/* NULL while it runs. */
const ProcessEnd *process_get_end(const Process *process);

/* Notes what the exit status does not tell: the container was released, or ran out of memory. */
void process_mark_released(Process *process);
void process_mark_oom(Process *process);

/* Calls waited with the end, at once where it has ended. The userdata is that of the caller until then. */
void process_wait(Process *process, ProcessWaited waited, void *userdata);

/* Tells everybody who waits; for the ended callback, which decides when. */
void process_tell_waiters(Process *process);

/* Sends a signal to it, or to its process group. Success where it has ended. */
int process_signal(Process *process, int signal, bool group);

/* Sets its terminal's size. Success where it has ended. Errors: -ENOTTY where it has none. */
int process_resize(Process *process, uint16_t rows, uint16_t columns);

/* Ends it as a closed terminal window would: HUP, then TERM, then KILL, with time between. */
int process_hang_up(Process *process, sd_event *event);
