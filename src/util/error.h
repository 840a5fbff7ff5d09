/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Functions return 0 or a positive answer, or a negative errno. What a caller on the bus must read goes into an
 * sd_bus_error besides, as one of these names with an English sentence; the negative errno is then the one that
 * sd-bus maps the name to. Out-parameters are untouched on failure.
 */

#include <systemd/sd-bus.h>

#define ERROR_CONTAINER_EXISTS  "org.gangway1.Error.ContainerExists"
#define ERROR_NO_SUCH_CONTAINER "org.gangway1.Error.NoSuchContainer"
#define ERROR_PROCESS_EXISTS    "org.gangway1.Error.ProcessExists"
#define ERROR_NO_SUCH_PROCESS   "org.gangway1.Error.NoSuchProcess"
#define ERROR_NO_SUCH_PROGRAM   "org.gangway1.Error.NoSuchProgram"
#define ERROR_NOT_EXECUTABLE    "org.gangway1.Error.NotExecutable"
#define ERROR_NOT_STARTED       "org.gangway1.Error.NotStarted"
#define ERROR_NOT_RUNNING       "org.gangway1.Error.NotRunning"
#define ERROR_NOT_A_TERMINAL    "org.gangway1.Error.NotATerminal"
#define ERROR_PAUSED            "org.gangway1.Error.Paused"
#define ERROR_MOUNT_FAILED      "org.gangway1.Error.MountFailed"
#define ERROR_SCOPE_FAILED      "org.gangway1.Error.ScopeFailed"
#define ERROR_RUNTIME_FAILED    "org.gangway1.Error.RuntimeFailed"

/* InvalidArgs with a sentence. Returns -EINVAL. */
#define error_invalid(error, ...) sd_bus_error_setf((error), SD_BUS_ERROR_INVALID_ARGS, __VA_ARGS__)
