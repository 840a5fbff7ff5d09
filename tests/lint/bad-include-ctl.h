/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/ctl/bad.h */
#pragma once

#include "ctl/verbs.h"
#include "util/log.h"
#include "model/config.h" /* want: include-direction */
#include "service/errors.h" /* want: include-direction */
