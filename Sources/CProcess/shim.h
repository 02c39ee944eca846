// The door to what Swift's module of glibc leaves out of a process's beginning: fork(2), pipe2(2), prctl(2),
// signalfd(2), users and capabilities, Landlock.
#ifndef MARTLET_CPROCESS_SHIM_H
#define MARTLET_CPROCESS_SHIM_H
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

// Only in a process that has one thread: the child has no other.
static inline pid_t martlet_fork(void) { return fork(); }

// Two ends that wait for nothing and are nobody else's.
static inline int martlet_pipe(int ends[2]) { return (int)syscall(SYS_pipe2, ends, O_CLOEXEC | O_NONBLOCK); }

// This process is killed when the thread that forked it ends. Changing the user takes it back.
static inline int martlet_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL); }

// A descriptor from which the signals of a set are read; they must be blocked.
static inline int martlet_signals(const sigset_t *set) { return signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK); }

// The next signal, or 0 when there is none. `is_terminals`: the terminal sent it, to the whole group of processes.
static inline int martlet_next_signal(int signals, int *is_terminals) {
    struct signalfd_siginfo information;
    if (read(signals, &information, sizeof information) != (ssize_t)sizeof information) return 0;
    *is_terminals = information.ssi_code == SI_KERNEL;
    return (int)information.ssi_signo;
}

// glibc's, which changes every thread; unistd.h has it for GNU sources only.
extern int setresuid(uid_t real, uid_t effective, uid_t saved);
extern int setresgid(gid_t real, gid_t effective, gid_t saved);
extern int setgroups(size_t count, const gid_t *groups);

// Root becomes another user, with that one group and, of what root may, nothing but to bind ports below 1024. Only with
// one thread. It lasts until `martlet_become_for_good`: until then root is kept as the saved user, which keeps that.
static inline int martlet_become(uid_t user, gid_t group) {
    struct { uint32_t version; int pid; } header = {0x20080522, 0};
    struct { uint32_t effective, permitted, inheritable; } capabilities[2] = {{0, 0, 0}, {0, 0, 0}};
    if (setgroups(1, &group) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, 0) != 0) return -1;
    capabilities[0].effective = capabilities[0].permitted = 1u << 10;
    return (int)syscall(SYS_capset, &header, capabilities);
}

// The user is all that is left, in every thread.
static inline int martlet_become_for_good(uid_t user) { return setresuid(user, user, user); }

// No program that is executed gains rights; whoever is to lose some without being root needs this.
static inline int martlet_no_new_rights(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL); }

// Neither debuggers nor core dumps see the memory (0), or they do (1).
static inline int martlet_dumpable(int is_dumpable) { return prctl(PR_SET_DUMPABLE, (unsigned long)is_dumpable); }

// Landlock, as linux/landlock.h of a new kernel has it; the numbers are the same on every machine.
// The version that the kernel has, from 1 on; below that it has none.
static inline int martlet_landlock_version(void) { return (int)syscall(444L, NULL, 0UL, 1U); }

// A set of rules: what is handled (of files, TCP, signals and abstract sockets) is forbidden but for what is allowed.
static inline int martlet_landlock_rules(uint64_t files, uint64_t network, uint64_t scopes, int version) {
    uint64_t handled[3] = {files, network, scopes};
    return (int)syscall(444L, handled, version >= 6 ? 24UL : version >= 4 ? 16UL : 8UL, 0U);
}

// Allows what lies at and below an open path (O_PATH).
static inline int martlet_landlock_allow(int rules, int place, uint64_t rights) {
    struct { uint64_t rights; int32_t place; } __attribute__((packed)) rule = {rights, place};
    return (int)syscall(445L, rules, 1U, &rule, 0U);
}

// From now on they hold for this thread and all that it begins, for ever.
static inline int martlet_landlock_enter(int rules) { return (int)syscall(446L, rules, 0U); }
#endif
