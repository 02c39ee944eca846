// Stands between martletd and the system's calls on the files below FAULTS_ROOT (LD_PRELOAD): lets one of them fail,
// ends the process at it, leaves synchronisations out, or writes down all that would reach the disk. And between it and
// the time of day, which may be another than the machine's.
//
// What to do stands in a page that the rig maps too (shim.h). A synchronisation's record has as its offset the clock at
// which it began: it covers what was written before that.

#define _GNU_SOURCE
#include "shim.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct control *control;
static const char *root;
static size_t root_length;
static int record_file = -1;

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL"), *record = getenv("FAULTS_RECORD");
    root = getenv("FAULTS_ROOT");
    if (!path || !root) return;
    root_length = strlen(root);
    int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void *page = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (record) record_file = open(record, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (page != MAP_FAILED) control = page;
}

static int is_ours(const char *path) {
    return control && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

// The path of an open file that is ours.
static int path_of(int file, char *path) {
    if (!control || file < 0) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int saved = errno;
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    errno = saved;
    if (length <= 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

// Whether this call is to fail; errno says how.
static int fails(uint32_t call, const char *name, const char *path) {
    if (!(control->calls & call)) return 0;
    uint64_t number = ++control->count;
    if (number != control->when && !(control->is_lasting && number > control->when)) return 0;
    if (!control->fired++) snprintf(control->what, sizeof control->what, "%s %s", name, path + root_length);
    if (control->error == DIES) {
        kill(getpid(), SIGKILL);
        pause();
    }
    errno = control->error;
    return 1;
}

static uint64_t note(
    enum operation operation, int file, const char *path, const char *other, uint64_t offset, const void *data,
    uint64_t length) {
    if (!control->records || record_file < 0) return 0;
    int saved = errno;
    struct stat status = {0};
    if (file >= 0) fstat(file, &status); else lstat(other ? other : path, &status);
    size_t held = operation == WRITE ? length : 0;
    struct record record = {
        .clock = ++control->clock, .inode = status.st_ino, .offset = offset, .length = length, .operation = operation,
        .path = strlen(path), .other = other ? strlen(other) : 0, .is_directory = S_ISDIR(status.st_mode)};
    struct iovec parts[] = {
        {&record, sizeof record}, {(void *)path, record.path}, {(void *)other, record.other}, {(void *)data, held}};
    static ssize_t (*put)(int, const struct iovec *, int);
    if (!put) put = (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    if (put(record_file, parts, 4) < 0) abort();
    errno = saved;
    return record.clock;
}

// Writing

#define POSITIONED(name, type) \
    ssize_t name(int file, const void *data, size_t count, type offset) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (!path_of(file, path)) return real(file, data, count, offset); \
        if (fails(WRITES, "pwrite", path)) return -1; \
        ssize_t done = real(file, data, count, offset); \
        if (done > 0) note(WRITE, file, path, NULL, offset, data, done); \
        return done; \
    }
POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t write(int file, const void *data, size_t count) {
    REAL(write);
    char path[PATH_MAX];
    if (!path_of(file, path)) return real(file, data, count);
    if (fails(WRITES, "write", path)) return -1;
    off_t offset = lseek(file, 0, SEEK_CUR);
    ssize_t done = real(file, data, count);
    if (done > 0) note(WRITE, file, path, NULL, offset, data, done);
    return done;
}

#define POSITIONED_READ(name, type) \
    ssize_t name(int file, void *data, size_t count, type offset) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (control && control->calls & READS && path_of(file, path) && fails(READS, "pread", path)) return -1; \
        return real(file, data, count, offset); \
    }
POSITIONED_READ(pread, off_t)
POSITIONED_READ(pread64, off64_t)

// The server reads by preadv2 what need not come from the disk, and glibc has no function of that name for Swift.
long syscall(long number, ...) {
    REAL(syscall);
    long given[6];
    va_list rest;
    va_start(rest, number);
    for (int at = 0; at < 6; at++) given[at] = va_arg(rest, long);
    va_end(rest);
    char path[PATH_MAX];
    if (number == SYS_preadv2 && control && control->calls & READS && path_of((int)given[0], path)
        && fails(READS, "preadv2", path)) return -1;
    return real(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

static int synchronise(int file, int (*real)(int)) {
    char path[PATH_MAX];
    if (!path_of(file, path)) return real(file);
    if (control->delay) usleep(control->delay * 1000);
    if (fails(SYNCS, "fsync", path)) return -1;
    size_t length = strlen(path);
    if (control->skips_logs && length > 4 && !strcmp(path + length - 4, "-wal")) return 0;
    uint64_t began = control->clock;
    int result = real(file);
    if (result == 0) note(SYNC, file, path, NULL, began, NULL, 0);
    return result;
}

int fsync(int file) {
    REAL(fsync);
    return synchronise(file, real);
}

int fdatasync(int file) {
    REAL(fdatasync);
    return synchronise(file, real);
}

#define TRUNCATION(name, type) \
    int name(int file, type length) { \
        REAL(name); \
        char path[PATH_MAX]; \
        if (!path_of(file, path)) return real(file, length); \
        if (fails(TRUNCATES, "ftruncate", path)) return -1; \
        int result = real(file, length); \
        if (result == 0) note(TRUNCATE, file, path, NULL, 0, NULL, length); \
        return result; \
    }
TRUNCATION(ftruncate, off_t)
TRUNCATION(ftruncate64, off64_t)

// Names

static void opened(int file, const char *given, int flags, int was_there) {
    char path[PATH_MAX];
    if (file < 0 || !path_of(file, path) || (flags & O_TMPFILE) == O_TMPFILE) return;
    if (flags & O_CREAT && !was_there) note(CREATE, file, path, NULL, 0, NULL, 0);
    if (flags & O_TRUNC) note(TRUNCATE, file, path, NULL, 0, NULL, 0);
    (void)given;
}

static int is_there(const char *path) {
    int saved = errno, result = access(path, F_OK);
    errno = saved;
    return result == 0;
}

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (!is_ours(path)) return real(path, flags, mode); \
        if (fails(OPENS, "open", path)) return -1; \
        int was_there = is_there(path), file = real(path, flags, mode); \
        opened(file, path, flags, was_there); \
        return file; \
    }
OPENING(open)
OPENING(open64)

#define OPENING_AT(name) \
    int name(int folder, const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (!is_ours(path)) return real(folder, path, flags, mode); \
        if (fails(OPENS, "open", path)) return -1; \
        int was_there = is_there(path), file = real(folder, path, flags, mode); \
        opened(file, path, flags, was_there); \
        return file; \
    }
OPENING_AT(openat)
OPENING_AT(openat64)

int unlink(const char *path) {
    REAL(unlink);
    if (!is_ours(path)) return real(path);
    if (fails(NAMES, "unlink", path)) return -1;
    int result = real(path);
    if (result == 0) note(UNLINK, -1, path, NULL, 0, NULL, 0);
    return result;
}

int rename(const char *old, const char *new) {
    REAL(rename);
    if (!is_ours(old)) return real(old, new);
    if (fails(NAMES, "rename", old)) return -1;
    int result = real(old, new);
    if (result == 0) note(RENAME, -1, old, new, 0, NULL, 0);
    return result;
}

int link(const char *old, const char *new) {
    REAL(link);
    if (!is_ours(old)) return real(old, new);
    if (fails(NAMES, "link", old)) return -1;
    int result = real(old, new);
    if (result == 0) note(LINK, -1, old, new, 0, NULL, 0);
    return result;
}

int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    if (!is_ours(path)) return real(path, mode);
    int result = real(path, mode);
    if (result == 0) note(MKDIR, -1, path, NULL, 0, NULL, 0);
    return result;
}

// The time of day. Clocks that measure spans of time go on as ever, as when somebody sets a machine's clock.

int clock_gettime(clockid_t clock, struct timespec *now) {
    REAL(clock_gettime);
    int result = real(clock, now);
    if (result == 0 && control && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        now->tv_sec += control->ahead;
    }
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    REAL(gettimeofday);
    int result = real(now, zone);
    if (result == 0 && control) now->tv_sec += control->ahead;
    return result;
}

time_t time(time_t *result) {
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (result) *result = now.tv_sec;
    return now.tv_sec;
}

// A moment that somebody waits for, as the machine knows it; small ones are of a clock that measures spans.
int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict lock, const struct timespec *restrict until) {
    REAL(pthread_cond_timedwait);
    struct timespec here = *until;
    if (control && here.tv_sec > 500000000) here.tv_sec -= control->ahead;
    return real(condition, lock, &here);
}
