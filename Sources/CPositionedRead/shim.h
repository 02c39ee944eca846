// The door to preadv2(2), which Swift's module of glibc leaves out: a read that does not wait for the disk.
#ifndef MARTLET_CPOSITIONEDREAD_SHIM_H
#define MARTLET_CPOSITIONEDREAD_SHIM_H
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// What of the file is in memory; -1 with EAGAIN where the disk would have to be waited for (RWF_NOWAIT, 8), with
// EOPNOTSUPP where the file system cannot tell.
static inline ssize_t martlet_pread_cached(int file, void *target, size_t count, off_t offset) {
    struct iovec piece = {.iov_base = target, .iov_len = count};
    return syscall(SYS_preadv2, file, &piece, 1UL, (unsigned long)offset, 0UL, 8);
}
#endif
