// How far a long command is, drawn on standard error while it is a terminal.

internal import Foundation
internal import Glibc

/// One line that is drawn over itself, at most ten times a second. Silent when standard error is no terminal.
struct ProgressBar {
    private let total: Int64
    private let isShown: Bool
    private let started: ContinuousClock.Instant
    private var drawn: ContinuousClock.Instant?
    private var width = 0

    /// - Parameter total: what there is to do, in bytes; 0 when that is not known.
    init(total: Int64, isShown: Bool) {
        self.total = total
        self.isShown = isShown && isatty(STDERR_FILENO) == 1
        started = .now
    }

    /// - Parameter messages: how many are done; nil where they are not counted.
    mutating func update(done: Int64, messages: Int?) {
        guard isShown else { return }
        let now = ContinuousClock.now
        if let drawn, now - drawn < .milliseconds(100) { return }
        drawn = now
        draw(ProgressBar.line(done: done, total: total, messages: messages, elapsed: now - started, columns: columns))
    }

    /// Clears the line, so that what is printed next stands alone.
    mutating func finish() {
        guard isShown, width > 0 else { return }
        FileHandle.standardError.write(Data("\r\u{1b}[K".utf8))
        width = 0
    }

    private mutating func draw(_ line: String) {
        width = line.count
        FileHandle.standardError.write(Data("\r\(line)\u{1b}[K".utf8))
    }

    private var columns: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// `[#####.....]  50 %  1,234 messages  12.0 MiB  3.1 MiB/s  about 1 min left`, cut to fit `columns`.
    static func line(done: Int64, total: Int64, messages: Int?, elapsed: Duration, columns: Int) -> String {
        let seconds = max(0.001, Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
        let rate = Double(done) / seconds
        var words = [ByteCount(done).text, "\(ByteCount(Int64(rate)).text)/s"]
        if let messages { words.insert("\(messages) messages", at: 0) }
        if total > 0 {
            let share = min(1, Double(done) / Double(total))
            let filled = Int(share * 20)
            let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
            words.insert("[\(bar)] \(Int(share * 100)) %", at: 0)
            if seconds > 3, rate > 1, done < total {
                words.append("\(left(Double(total - done) / rate)) left")
            }
        }
        return String(words.joined(separator: "  ").prefix(max(10, columns - 1)))
    }

    private static func left(_ seconds: Double) -> String {
        switch seconds {
        case ..<90: "\(Int(seconds)) s"
        case ..<5_400: "\(Int(seconds / 60)) min"
        default: "\(Int(seconds / 3_600)) h"
        }
    }
}
