// The door to cracklib's libcrack, which knows common passwords.
#ifndef MARTLET_CCRACK_SHIM_H
#define MARTLET_CCRACK_SHIM_H
#include <stddef.h>
#include <crack.h>
#endif
