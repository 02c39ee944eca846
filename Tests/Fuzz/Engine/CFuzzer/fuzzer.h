/* What libFuzzer offers to a program that has a main function of its own. */

#include <stddef.h>
#include <stdint.h>

/* Reads libFuzzer's options from the arguments and tries inputs until they say that it is enough. */
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
