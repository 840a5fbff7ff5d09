/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/pattern.h"

/* What an expression is compiled to: steps that lead to others by their distance, so that a piece can be moved and
 * repeated as it is. */

typedef enum StepKind {
        STEP_CHARACTER,        /* the character a */
        STEP_FOLDED_CHARACTER, /* the same in lower or upper case; a is the lower one */
        STEP_SET,              /* one of the set number a */
        STEP_JUMP,             /* on with the one at the distance a */
        STEP_SPLIT,            /* on with those at the distances a and b */
        STEP_TEXT_START,
        STEP_TEXT_END,
        STEP_WORD_EDGE,
        STEP_NO_WORD_EDGE,
        STEP_MATCH,
} StepKind;

typedef struct Step {
        StepKind kind;
        int a, b;
} Step;

typedef struct Range {
        gunichar first, last;
} Range;

typedef struct Set {
        GArray *ranges; /* Range */
        bool negated;
        bool fold; /* upper and lower case are the same */
} Set;

struct Pattern {
        GArray *steps;   /* Step */
        GPtrArray *sets; /* Set */
};
