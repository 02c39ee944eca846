// The door to libpng, for its simplified interface.
#ifndef MARTLET_CPNG_SHIM_H
#define MARTLET_CPNG_SHIM_H
#include <png.h>
#endif
