/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Functions return 0 or a positive answer, or a negative errno. What a caller on the bus must read goes into an
 * sd_bus_error besides, as one of these names with an English sentence; the negative errno is then the one that
 * sd-bus maps the name to. Out-parameters are untouched on failure.
 */

#include <systemd/sd-bus.h>

#define ERROR_CONTAINER_EXISTS    "org.gangway1.Error.ContainerExists"
#define ERROR_NO_SUCH_CONTAINER   "org.gangway1.Error.NoSuchContainer"
#define ERROR_PROCESS_EXISTS      "org.gangway1.Error.ProcessExists"
#define ERROR_NO_SUCH_PROCESS     "org.gangway1.Error.NoSuchProcess"
#define ERROR_NO_SUCH_PROGRAM     "org.gangway1.Error.NoSuchProgram"
#define ERROR_NOT_EXECUTABLE      "org.gangway1.Error.NotExecutable"
#define ERROR_NOT_STARTED         "org.gangway1.Error.NotStarted"
#define ERROR_NOT_RUNNING         "org.gangway1.Error.NotRunning"
#define ERROR_NOT_A_TERMINAL      "org.gangway1.Error.NotATerminal"
#define ERROR_PAUSED              "org.gangway1.Error.Paused"
#define ERROR_NO_SUCH_MOUNT       "org.gangway1.Error.NoSuchMount"
#define ERROR_MOUNT_FAILED        "org.gangway1.Error.MountFailed"
#define ERROR_SCOPE_FAILED        "org.gangway1.Error.ScopeFailed"
#define ERROR_RUNTIME_FAILED      "org.gangway1.Error.RuntimeFailed"
#define ERROR_NO_SUCH_IMAGE       "org.gangway1.Error.NoSuchImage"
#define ERROR_INVALID_IMAGE       "org.gangway1.Error.InvalidImage"
#define ERROR_STORE_FULL          "org.gangway1.Error.StoreFull"
#define ERROR_STORE_READ_ONLY     "org.gangway1.Error.StoreReadOnly"
#define ERROR_NO_SUCH_SECRET      "org.gangway1.Error.NoSuchSecret"
#define ERROR_NO_SUCH_AGENT       "org.gangway1.Error.NoSuchAgent"
#define ERROR_CONSTRAINTS_NOT_MET "org.gangway1.Error.ConstraintsNotMet"
#define ERROR_CANCELLED           "org.gangway1.Error.Cancelled"
#define ERROR_NO_SUCH_OPERATION   "org.gangway1.Error.NoSuchOperation"
#define ERROR_PULL_FAILED         "org.gangway1.Error.PullFailed"
#define ERROR_NOT_COMMITTABLE     "org.gangway1.Error.NotCommittable"
#define ERROR_NETWORK_UNAVAILABLE "org.gangway1.Error.NetworkUnavailable"
#define ERROR_NETWORK_FAILED      "org.gangway1.Error.NetworkFailed"
#define ERROR_PORT_IN_USE         "org.gangway1.Error.PortInUse"

#define ERROR_NETWORK_FAILED      "org.gangway1.Error.NetworkFailed"
#define ERROR_NETWORK_UNAVAILABLE "org.gangway1.Error.NetworkUnavailable"

#define ERROR_PLATFORM_NOT_SUPPORTED "org.gangway1.Error.PlatformNotSupported"

/* Sets an error, with a sentence. What the sentence quotes may be cut in the middle of a character, or be a program's
 * output: what is no UTF-8 is replaced, since the bus would take no such message and the caller would get no answer.
 * Returns the negative errno of the name. */
int error_set(sd_bus_error *error, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Answers a call with an error, in the same way. */
int error_reply(sd_bus_message *call, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* InvalidArgs with a sentence. Returns -EINVAL. */
#define error_invalid(error, ...) error_set((error), SD_BUS_ERROR_INVALID_ARGS, __VA_ARGS__)
