// How the process begins: one thread, which reads the command line, divides into supervisor and server, and serves.
//
// Order. Whatever must be done while there is one thread (forking, giving up rights) is done here, before the first
// `await`. A wrong command line ends in the process that was started.

import Accounts
import ArgumentParser
import Foundation
import Logging

@main enum Main {
    static func main() {
        let command = Martletd.parseOrExit()
        let environment = ProcessInfo.processInfo.environment
        let source: ConfigurationSource
        do {
            source = try command.source(environment: environment)
        } catch {
            Martletd.exit(withError: error)
        }
        ProcessSetup.outliveReaders()
        // Before there is a child, which would have the handlers until it is executed anew.
        ProcessSetup.letTrapsEnd(environment: environment)
        let early = source.early
        let place = begin(command.supervise, source, early)
        ProcessSetup.keepTemporaryFiles(in: source.dataDirectory)
        let log = FileHandle(fileDescriptor: place.log, closeOnDealloc: false)
        let confinement: Confinement
        do {
            confinement = try Confinement(
                dataDirectory: source.dataDirectory, configuration: early,
                sandbox: command.sandbox == .auto, isDebuggable: command.debuggable, isSupervised: place.isSupervised)
        } catch {
            Martletd.say(["\(error)"], log)
            exit(EXIT_FAILURE)
        }
        Task.detached { Foundation.exit(await Martletd.serve(source, confinement, log: log).rawValue) }
        ProcessSetup.rest()
    }

    /// - Returns: in the server's process: where its log goes, and whether it has a supervisor.
    private static func begin(
        _ supervision: Supervision, _ source: ConfigurationSource, _ early: ServerConfiguration
    ) -> (log: Int32, isSupervised: Bool) {
        if let log = Supervisor.inheritedLog() { return (log, true) }
        guard supervision.isWanted(environment: source.environment) else { return (STDERR_FILENO, false) }
        // The one thread that forks must stay the only one.
        let sink = LogSink.file(level: early.logLevel, format: early.logFormat, hasThread: false)
        let logger = Logger(label: "martletd.supervisor") { _ in LineLogHandler(sink: sink) }
        return (Supervisor.enter(logger: logger), true)
    }
}

/// Whether there is a supervisor.
enum Supervision: String, CaseIterable, ExpressibleByArgument {
    /// Unless systemd has started this process, or whoever else waits for a notification.
    case auto
    case always
    case never

    func isWanted(environment: [String: String], processID: Int32 = getpid()) -> Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto: environment["NOTIFY_SOCKET"] == nil && environment["SYSTEMD_EXEC_PID"] != "\(processID)"
        }
    }
}

/// Whether Landlock keeps the server to its data.
enum SandboxChoice: String, CaseIterable, ExpressibleByArgument {
    /// Where the kernel has it.
    case auto
    case never
}
