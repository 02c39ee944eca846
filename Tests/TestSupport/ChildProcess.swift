// Runs a program to its end for a test: bounded in time, off the tests' threads, and with no pipe that can stay open.
//
// Theory. The tests of all modules run in one process on as many threads as there are cores, so a test must not block
// one of them; the child is waited for by a thread of its own. A pipe ends when the last process that holds it does,
// and children that are started side by side can hold each other's; so the child reads from a file and writes to a
// file. Its end is asked for with WNOHANG until the patience is over; then its process group is killed, which no
// program can refuse.

import Foundation
import Glibc

/// How a program ended.
package struct ChildResult: Sendable {
    /// Its exit status; 128 and more for the signal that ended it.
    package let status: Int32
    package let standardOutput: [UInt8]
    package let standardError: [UInt8]
    /// All that it wrote: the standard output first.
    package var output: String { String(decoding: standardOutput + standardError, as: UTF8.self) }
}

/// Why a program did not come to its end.
package struct ChildFailure: Error, CustomStringConvertible {
    package let description: String
}

/// Runs `program`, an absolute path, with `input` as its standard input.
/// - Throws: `ChildFailure` when it cannot be started, or had to be killed after `patience`.
package func runChild(
    _ program: String, _ arguments: [String], input: [UInt8] = [], patience: Duration = .seconds(60)
) async throws -> ChildResult {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread {
            continuation.resume(with: Result {
                try Child(program, arguments, input: input).result(patience: patience)
            })
        }
    }
}

/// The same with text as its input.
package func runChild(
    _ program: String, _ arguments: [String], input: String, patience: Duration = .seconds(60)
) async throws -> ChildResult {
    try await runChild(program, arguments, input: Array(input.utf8), patience: patience)
}

private struct Child {
    private let name: String
    private let process: pid_t
    private let output: FileHandle
    private let errors: FileHandle

    init(_ program: String, _ arguments: [String], input: [UInt8]) throws {
        name = ([program] + arguments).joined(separator: " ")
        let source = try Child.nameless()
        try source.write(contentsOf: Data(input))
        try source.seek(toOffset: 0)
        output = try Child.nameless()
        errors = try Child.nameless()
        process = try Child.spawn(
            program, arguments, [source.fileDescriptor, output.fileDescriptor, errors.fileDescriptor])
    }

    /// An open file without a name, closed when a program is started.
    private static func nameless() throws -> FileHandle {
        let path = NSTemporaryDirectory() + "martlet-child-\(UUID().uuidString)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ChildFailure(description: "cannot make \(path): \(String(cString: strerror(errno)))")
        }
        unlink(path)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// Starts `program` with `descriptors` as its standard input, output and error.
    private static func spawn(_ program: String, _ arguments: [String], _ descriptors: [Int32]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var environment = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + environment { free(word) } }
        var process: pid_t = 0
        let problem = posix_spawn(&process, program, &actions, &attributes, &words, &environment)
        guard problem == 0 else {
            throw ChildFailure(description: "cannot run \(program): \(String(cString: strerror(problem)))")
        }
        return process
    }

    func result(patience: Duration) throws -> ChildResult {
        let end = ContinuousClock.now + patience
        var status: Int32 = 0
        while waitpid(process, &status, WNOHANG) == 0 {
            guard ContinuousClock.now < end else {
                kill(-process, SIGKILL)
                waitpid(process, &status, 0)
                let said = try ended(status).output
                throw ChildFailure(description: "\(name) did not end within \(patience); it said: \(said)")
            }
            usleep(2_000)
        }
        return try ended(status)
    }

    private func ended(_ status: Int32) throws -> ChildResult {
        let signal = status & 0x7f
        return ChildResult(
            status: signal == 0 ? status >> 8 & 0xff : 128 + signal, standardOutput: try Child.all(of: output),
            standardError: try Child.all(of: errors))
    }

    private static func all(of file: FileHandle) throws -> [UInt8] {
        try file.seek(toOffset: 0)
        return Array(try file.readToEnd() ?? Data())
    }
}
