// The door to glibc's settings of its heap, which Swift's module of glibc leaves out.
#ifndef MARTLET_CMALLOC_SHIM_H
#define MARTLET_CMALLOC_SHIM_H
#include <malloc.h>
#endif
