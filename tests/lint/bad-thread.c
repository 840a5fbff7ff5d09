/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lint-as: src/util/bad.c */

void bad_thread(void)
{
        pthread_create(NULL, NULL, NULL, NULL); /* want: thread */
        g_thread_new("bad", NULL, NULL);        /* want: thread */
}
