// Questions at the terminal: secrets without echo, and yes or no.
//
// A secret is typed with the terminal's echo off. Whatever ends the question (the answer, end of input, Ctrl-C,
// SIGTERM, SIGHUP) gives the terminal back as it was: the three signals are blocked from their default effect while
// the question stands, a dispatch source hears them instead, restores the terminal and then lets the signal do its
// work. Ctrl-Z is ignored meanwhile, so that no shell is left without echo.

internal import Dispatch
internal import Foundation
internal import Glibc

enum Prompt {
    /// More than any password that is accepted; the rest of a longer line is refused.
    static let longestAnswer = 4_096

    /// Asks for a new secret twice; `check` refuses one before it has to be typed again. Throws when there is no
    /// terminal to ask at.
    static func newSecret(_ question: String, check: ([UInt8]) throws -> Void) throws -> [UInt8] {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure.usage(
                "there is no terminal to ask for the password at; give it on standard input with --password-stdin")
        }
        let first = try hiddenLine(question + ": ")
        guard !first.isEmpty else { throw Failure("the password must not be empty; nothing was changed") }
        try check(first)
        guard try hiddenLine("The same again: ") == first else {
            throw Failure("the two passwords are not the same; nothing was changed")
        }
        return first
    }

    /// One line from standard input, for `--password-stdin`.
    static func secretFromStandardInput() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= longestAnswer, let piece = try FileHandle.standardInput.read(upToCount: longestAnswer),
            !piece.isEmpty
        {
            bytes += piece
        }
        return try singleLine(bytes)
    }

    /// The one line in `bytes`, without its end.
    static func singleLine(_ bytes: [UInt8]) throws -> [UInt8] {
        var line = bytes[...]
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else { throw Failure("there is no password on standard input: it was empty") }
        guard line.count <= longestAnswer else {
            throw Failure("what came on standard input is no password: it is longer than \(longestAnswer) bytes")
        }
        guard !line.contains(UInt8(ascii: "\n")) else {
            throw Failure("standard input must hold the password alone, on one line; it holds several lines")
        }
        return Array(line)
    }

    /// Asks a question that only `yes` answers with yes; without a terminal it refuses and names `--yes`.
    static func confirm(_ question: String) throws {
        guard isatty(STDIN_FILENO) == 1 else {
            throw Failure.usage("there is no terminal to ask \"\(question)\" at; say --yes if you mean it")
        }
        write(question + " Type yes to go on: ")
        let answer = try line().map { String(decoding: $0, as: UTF8.self) } ?? ""
        guard answer.trimmingCharacters(in: .whitespaces).lowercased() == "yes" else {
            throw Failure("not confirmed; nothing was changed")
        }
    }

    private static func hiddenLine(_ question: String) throws -> [UInt8] {
        var before = termios()
        guard tcgetattr(STDIN_FILENO, &before) == 0 else {
            throw Failure("cannot read the terminal's settings: \(String(cString: strerror(errno)))")
        }
        let guardian = TerminalGuardian(before)
        defer { guardian.restore() }
        var hidden = before
        hidden.c_lflag &= ~tcflag_t(ECHO | ECHOE | ECHOK)
        hidden.c_lflag |= tcflag_t(ECHONL | ICANON | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0 else {
            throw Failure("cannot turn off the terminal's echo: \(String(cString: strerror(errno)))")
        }
        write(question)
        guard let answer = try line() else {
            write("\n")
            throw Failure("the question was not answered; nothing was changed")
        }
        return answer
    }

    /// The next line of standard input without its end; nil at the end of input.
    private static func line() throws -> [UInt8]? {
        var bytes: [UInt8] = []
        while let byte = try FileHandle.standardInput.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return bytes }
            guard bytes.count < longestAnswer else { throw Failure("the answer is too long; nothing was changed") }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : bytes
    }

    private static func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}

/// Holds the terminal's settings while echo is off, and puts them back once, whoever ends the question.
private final class TerminalGuardian {
    private let before: termios
    private let sources: [any DispatchSourceSignal]
    private static let ending = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    init(_ before: termios) {
        self.before = before
        signal(SIGTSTP, SIG_IGN)
        let queue = DispatchQueue(label: "martlet.prompt")
        let registered = DispatchSemaphore(value: 0)
        sources = TerminalGuardian.ending.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                var settings = before
                tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
                FileHandle.standardError.write(Data("\n".utf8))
                signal(number, SIG_DFL)
                kill(getpid(), number)
            }
            source.setRegistrationHandler { registered.signal() }
            source.resume()
            return source
        }
        // Echo is on until all of them listen: none may come unheard once it is off.
        for _ in sources { registered.wait() }
    }

    func restore() {
        var settings = before
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
        for source in sources { source.cancel() }
        for number in TerminalGuardian.ending + [SIGTSTP] { signal(number, SIG_DFL) }
    }
}
