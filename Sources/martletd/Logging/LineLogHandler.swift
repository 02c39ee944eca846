// Log lines that nobody can forge: one event, one line, every value escaped, the client's address before its words.
//
// The order is fixed: time, level, `rip` (the client's address), msg, the other values by name, `user` (what a client
// called itself) last. Whatever stands in a value, a reader that takes the first `rip=` has the true one.

import Foundation
import Logging
import Synchronization

import enum Accounts.LogFormat

/// Where lines go, and the level that SIGHUP may change: shared by every logger of the process.
final class LogSink: Sendable {
    private let level: Mutex<Logger.Level>
    let format: LogFormat
    private let write: @Sendable (String) -> Void
    private let finishWriting: @Sendable () async -> Void

    /// - Parameters:
    ///   - finish: gives what waits to be written a little time.
    ///   - write: takes a whole line with its end. It does not wait: what it cannot write is lost, and serving goes on.
    init(
        level: Logger.Level, format: LogFormat, finish: @escaping @Sendable () async -> Void = {},
        write: @escaping @Sendable (String) -> Void
    ) {
        self.level = Mutex(level)
        self.format = format
        finishWriting = finish
        self.write = write
    }

    /// Lines to a file, standard error unless another is named.
    /// - Parameter hasThread: as `LogFile` has it.
    static func file(
        _ file: FileHandle = .standardError, level: Logger.Level, format: LogFormat, hasThread: Bool = true
    ) -> LogSink {
        let file = LogFile(file.fileDescriptor, hasThread: hasThread) { lost in
            let line = LogLine(
                time: Date(), level: .warning, message: "lines of the log were lost: it could not be written",
                metadata: ["lines": "\(lost)"])
            return format == .json ? line.json : line.logfmt
        }
        return LogSink(level: level, format: format, finish: file.finish) { file.write($0) }
    }

    /// Before the process ends.
    func finish() async { await finishWriting() }

    var currentLevel: Logger.Level {
        get { level.withLock { $0 } }
        set { level.withLock { $0 = newValue } }
    }

    func emit(_ line: LogLine) {
        switch format {
        case .logfmt: write(line.logfmt)
        case .json: write(line.json)
        }
    }
}

/// swift-log's handler over a sink.
struct LineLogHandler: LogHandler {
    let sink: LogSink
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(sink: LogSink) { self.sink = sink }

    var logLevel: Logger.Level {
        get { sink.currentLevel }
        set { sink.currentLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var values = metadata
        if let provided = metadataProvider?.get() { values.merge(provided) { old, _ in old } }
        if let given = event.metadata { values.merge(given) { _, new in new } }
        sink.emit(LogLine(time: Date(), level: event.level, message: "\(event.message)", metadata: values))
    }
}

/// One event, ready to be written.
struct LogLine: Sendable {
    /// A value's longest, in Unicode scalars; the rest becomes `…`.
    static let longestValue = 1_000
    let fields: [(name: String, value: String)]

    init(time: Date, level: Logger.Level, message: String, metadata: Logger.Metadata) {
        var fields = [("time", Self.timestamp(time)), ("level", level.rawValue)]
        if let address = metadata["rip"] { fields.append(("rip", "\(address)")) }
        fields.append(("msg", message))
        for name in metadata.keys.sorted() where name != "rip" && name != "user" {
            fields.append((name, metadata[name].map { "\($0)" } ?? ""))
        }
        if let user = metadata["user"] { fields.append(("user", "\(user)")) }
        self.fields = fields
    }

    var logfmt: String {
        fields.map { "\($0.name)=\(Self.isPlain($0.value) ? $0.value : Self.quoted($0.value))" }
            .joined(separator: " ") + "\n"
    }

    var json: String {
        "{" + fields.map { "\(Self.quoted($0.name)):\(Self.quoted($0.value))" }.joined(separator: ",") + "}\n"
    }

    private static func timestamp(_ time: Date) -> String {
        time.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// What needs no quotes in logfmt.
    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty && value.utf8.count <= longestValue
            && value.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0)
                    || "._:/@+-,%[]".utf8.contains($0)
            }
    }

    /// A JSON string (RFC 8259 §7), in which nothing that a terminal or a person could mistake is written as it is:
    /// control characters, line separators, direction marks.
    private static func quoted(_ value: String) -> String {
        var result = "\""
        for (index, scalar) in value.unicodeScalars.enumerated() {
            if index == longestValue {
                result += "…"
                break
            }
            switch scalar {
            case "\"", "\\":
                result.unicodeScalars.append("\\")
                result.unicodeScalars.append(scalar)
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\0"..<" ", "\u{7f}"..."\u{9f}", "\u{200b}"..."\u{200f}", "\u{2028}"..."\u{202e}",
                "\u{2060}"..."\u{2069}", "\u{feff}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
