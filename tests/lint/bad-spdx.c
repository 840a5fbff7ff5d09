/* lint-as: src/util/bad.c (want: spdx) */

int bad_license(void)
{
        return 0;
}
