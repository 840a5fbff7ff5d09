/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unpack/digest.h"

#include <gcrypt.h>
#include <glib.h>
#include <string.h>

#define PREFIX "sha256:"
#define SIZE   32

struct Digest {
        gcry_md_hd_t handle;
};

void digest_prepare(void)
{
        (void) gcry_check_version(NULL);
        /* Nothing here is secret. */
        (void) gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
        (void) gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

Digest *digest_new(void)
{
        Digest *digest = g_new0(Digest, 1);

        if (gcry_md_open(&digest->handle, GCRY_MD_SHA256, 0) != 0)
                g_error("libgcrypt has no SHA-256");
        return digest;
}

Digest *digest_free(Digest *digest)
{
        if (digest)
                gcry_md_close(digest->handle);
        g_free(digest);
        return NULL;
}

void digest_update(Digest *digest, const void *bytes, size_t size)
{
        gcry_md_write(digest->handle, bytes, size);
}

void digest_text(Digest *digest, char ret[static DIGEST_TEXT_SIZE])
{
        static const char digits[] = "0123456789abcdef";
        const unsigned char *bytes = gcry_md_read(digest->handle, GCRY_MD_SHA256);
        char *text = stpcpy(ret, PREFIX);

        for (size_t i = 0; i < SIZE; i++) {
                *text++ = digits[bytes[i] >> 4];
                *text++ = digits[bytes[i] & 15];
        }
        *text = '\0';
}

bool digest_is_valid(const char *text)
{
        return g_str_has_prefix(text, PREFIX) && strlen(text) == DIGEST_TEXT_SIZE - 1 &&
               strspn(text + strlen(PREFIX), "0123456789abcdef") == (size_t) SIZE * 2;
}
