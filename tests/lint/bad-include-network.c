/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/network/bad.c */
#include "model/names.h"
#include "network/record.h"
#include "util/error.h"
#include "backend/scope.h" /* want: include-direction */
