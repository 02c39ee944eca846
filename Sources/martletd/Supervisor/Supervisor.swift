// A small process above the server's, which starts it again when it crashes.
//
// Theory. Outside systemd nobody else would. martletd forks before it has a second thread: the parent stays as it is
// and does nothing but wait, the child becomes the server and returns from `enter`. So the start costs a millisecond
// more, and no connection, file or lock is ever the parent's.
//
// - The worker ends by itself, with whatever status: that is the supervisor's end too, with the same status. Only when
//   a worker that was started again cannot start (its disk is full, say) is it tried again.
// - A signal ends the worker (a trap is one, being killed for want of memory is another): it is reported, in one line,
//   and another is started, at once after a minute of health and else later and later (`BackOff`). That one is executed
//   anew: its memory lies elsewhere, so nothing can be learnt by crashing it again and again.
// - SIGTERM, SIGINT and SIGHUP are passed on, except those that a terminal has sent, to everybody in the foreground,
//   already. After SIGTERM or SIGINT nothing is started again.
// - The kernel kills the worker when the supervisor is gone: what has been bound and locked is free.
// - What libraries and the language's run-time write when something is wrong goes to the worker's standard error, a
//   pipe to the supervisor: the line about the crash quotes it. The log itself goes where the supervisor's would.

import CProcess
import Foundation
import Glibc
import Logging

/// Runs in a process with one thread, until the process ends.
struct Supervisor {
    /// EX_USAGE of sysexits.h: a command line that will not get better.
    private static let usageError: Int32 = 64
    private static let passedOn = [SIGTERM, SIGINT, SIGHUP]
    /// Tells a worker that was executed anew where its log goes.
    static let workerVariable = "MARTLETD_WORKER_LOG"

    private let logger: Logger
    private let signals: Int32
    private let unblocked: sigset_t
    private var backOff = BackOff()
    private var isStopping = false

    /// Becomes the supervisor and starts the server.
    /// - Returns: in the server's process only: the descriptor that its log goes to.
    static func enter(logger: Logger) -> Int32 {
        var set = sigset_t()
        var unblocked = sigset_t()
        sigemptyset(&set)
        for signal in passedOn + [SIGCHLD] { sigaddset(&set, signal) }
        sigprocmask(SIG_BLOCK, &set, &unblocked)
        let signals = martlet_signals(&set)
        guard signals >= 0 else {
            sigprocmask(SIG_SETMASK, &unblocked, nil)
            return STDERR_FILENO
        }
        var supervisor = Supervisor(logger: logger, signals: signals, unblocked: unblocked)
        return supervisor.run()
    }

    /// The log's descriptor when this process is a worker that was executed anew.
    static func inheritedLog() -> Int32? {
        guard let text = getenv(workerVariable), let log = Int32(String(cString: text)) else { return nil }
        unsetenv(workerVariable)
        return log > STDERR_FILENO && fcntl(log, F_GETFD) >= 0 ? log : nil
    }

    private init(logger: Logger, signals: Int32, unblocked: sigset_t) {
        self.logger = logger
        self.signals = signals
        self.unblocked = unblocked
    }

    private mutating func run() -> Int32 {
        var isFirst = true
        while true {
            var pipe: [Int32] = [-1, -1]
            let isPiped = martlet_pipe(&pipe) == 0
            let parent = getpid()
            let worker = martlet_fork()
            if worker == 0 { return become(parent, isPiped ? pipe : nil, isAnew: !isFirst) }
            if isPiped { close(pipe[1]) }
            let began = ContinuousClock.now
            var end = WorkerEnd.couldNotStart(errno)
            var words = LastWords()
            if worker > 0 { end = wait(for: worker, isPiped ? pipe[0] : nil, &words) }
            if isPiped { close(pipe[0]) }
            let lived = ContinuousClock.now - began
            if case .exited(let status) = end, isFirst || status == 0 || status == Self.usageError || isStopping {
                exit(status)
            }
            let pause = isStopping ? nil : backOff.pause(afterLiving: lived)
            report(end, worker, lived, words, pause)
            guard let pause else { exit(EXIT_FAILURE) }
            rest(pause)
            isFirst = false
        }
    }

    // MARK: In the worker

    /// - Returns: the log's descriptor.
    private func become(_ parent: pid_t, _ pipe: [Int32]?, isAnew: Bool) -> Int32 {
        martlet_die_with_parent()
        // It may have gone before that was asked for.
        if getppid() != parent { _exit(EXIT_FAILURE) }
        close(signals)
        var log = STDERR_FILENO
        if let pipe {
            log = fcntl(STDERR_FILENO, F_DUPFD, 3)
            if log >= 0 { dup2(pipe[1], STDERR_FILENO) } else { log = STDERR_FILENO }
            for end in pipe { close(end) }
        }
        var unblocked = unblocked
        sigprocmask(SIG_SETMASK, &unblocked, nil)
        guard isAnew else { return log }
        setenv(Self.workerVariable, "\(log)", 1)
        // Else a trap before `letTrapsEnd` would be looked into by a handler, which may never end.
        setenv("SWIFT_BACKTRACE", "enable=no", 0)
        var arguments = CommandLine.arguments.map { strdup($0) }
        arguments.append(nil)
        execv("/proc/self/exe", arguments)
        // Then as it is: without another layout of its memory, but serving.
        unsetenv(Self.workerVariable)
        return log
    }

    // MARK: In the supervisor

    /// Passes signals on until the worker has ended, and keeps what it says on its standard error.
    private mutating func wait(for worker: pid_t, _ errors: Int32?, _ words: inout LastWords) -> WorkerEnd {
        while true {
            var files = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            if let errors, !words.isOver { files.append(pollfd(fd: errors, events: Int16(POLLIN), revents: 0)) }
            poll(&files, nfds_t(files.count), -1)
            if let errors { hear(errors, &words) }
            takeSignals(for: worker)
            var status: Int32 = 0
            guard waitpid(worker, &status, WNOHANG) == worker else { continue }
            if let errors { hear(errors, &words) }
            return WorkerEnd(status)
        }
    }

    private func hear(_ errors: Int32, _ words: inout LastWords) {
        for line in words.take(from: errors) {
            logger.warning("written to standard error", metadata: ["text": "\(LastWords.harmless(line))"])
        }
    }

    /// - Parameter worker: nil between two of them.
    private mutating func takeSignals(for worker: pid_t?) {
        var isTerminals: Int32 = 0
        while case let signal = martlet_next_signal(signals, &isTerminals), signal > 0 {
            if signal == SIGTERM || signal == SIGINT { isStopping = true }
            guard Self.passedOn.contains(signal), isTerminals == 0, let worker else { continue }
            kill(worker, signal)
        }
    }

    /// Until it is time for the next, or a signal ends it all.
    private mutating func rest(_ pause: Duration) {
        let end = ContinuousClock.now + pause
        while case let left = end - ContinuousClock.now, left > .zero {
            var files = [pollfd(fd: signals, events: Int16(POLLIN), revents: 0)]
            poll(&files, 1, Int32(clamping: left.components.seconds * 1_000 + 50))
            takeSignals(for: nil)
            if isStopping { exit(EXIT_SUCCESS) }
        }
    }

    private func report(
        _ end: WorkerEnd, _ worker: pid_t, _ lived: Duration, _ words: LastWords, _ pause: Duration?
    ) {
        let next = pause.map { "\($0.components.seconds) s" } ?? "no more: it was to end"
        logger.critical(
            "the server crashed",
            metadata: [
                "cause": "\(end)", "reason": "\(words.reason ?? "unknown")", "pid": "\(worker)",
                "lived": "\(lived.components.seconds) s", "starts-again": "\(next)",
            ])
    }
}

/// How a worker ended.
enum WorkerEnd: CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)
    /// There was no process for it; errno.
    case couldNotStart(Int32)

    /// - Parameter status: as waitpid(2) gives it.
    init(_ status: Int32) {
        self = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
    }

    var description: String {
        switch self {
        case .exited(let status): "status \(status)"
        case .killed(let signal): Self.names[signal] ?? "signal \(signal)"
        case .couldNotStart(let code): "no process: \(String(cString: strerror(code)))"
        }
    }

    private static let names = [
        SIGILL: "SIGILL", SIGTRAP: "SIGTRAP", SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGABRT: "SIGABRT",
        SIGFPE: "SIGFPE", SIGSYS: "SIGSYS", SIGKILL: "SIGKILL", SIGTERM: "SIGTERM", SIGINT: "SIGINT", SIGHUP: "SIGHUP",
        SIGQUIT: "SIGQUIT",
    ]
}
