/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/*
 * The names of images. A registry's references are such names too, so that an image can be called what it was pulled
 * by; what is more in a name has no meaning here, and two names are the same where their bytes are.
 */

#define IMAGE_NAME_LENGTH_MAX 255U

/* For messages: what a name may hold. */
#define IMAGE_NAME_RULE                                                                                                \
        "1 to 255 letters, digits and characters of '._:/@+-', of which the first is a letter or digit, without '..'"

/* Whether name is [A-Za-z0-9][A-Za-z0-9._:/@+-]{0,254} without "..". */
bool image_name_is_valid(const char *name);

/* Whether name can be a reference that a registry is asked for, HOST[:PORT]/PATH[:TAG][@DIGEST]: a valid name without
 * empty parts, so that neither a transport ("docker://") nor an option of a program can be meant by it. Whether there
 * is such a registry or image is not looked at. */
bool image_reference_is_valid(const char *name);
