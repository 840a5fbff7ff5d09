/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From the OCI form of a seccomp profile to the program that seccomp(2) takes. */

#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdint.h>

/* libseccomp's number of an architecture such as "SCMP_ARCH_X86_64", or 0. */
uint32_t seccomp_filter_architecture(const char *name);

/* Compiles the profile for this machine's architecture and for those that it lists, all of which have to be known.
 * Names of system calls that this libseccomp does not know are passed over: a profile is newer than a library.
 * Errors: -EINVAL with a sentence (the caller frees it); -E2BIG (more than the kernel takes); those of libseccomp. */
int seccomp_filter_compile(JsonObject *profile, GBytes **ret, char **ret_why);
