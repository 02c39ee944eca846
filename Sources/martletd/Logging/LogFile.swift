// Where log lines go: a file, a pipe, a terminal. Whoever logs never waits for it.
//
// Theory. Sessions log on the threads that serve everybody, so a reader that stops reading, or a full disk, must not
// stop them. A line is written at once by whoever has it, when poll(2) says that there is room: at least a page, so no
// piece is larger than that. What finds no room waits in memory, in order, the rest of a line that was cut in the midst
// included; a thread of its own writes it when there is room again. Where writing fails (a full disk, a reader that is
// gone) what waits is tried again with each further line. Beyond `mostWaiting` lines are lost and counted, and the
// first line after them says how many.
//
// States: `waiting` empty: all is written. `waiting` not empty and `isWatched`: the thread waits for room. `waiting`
// not empty and not watched: the last write failed.

import CoreMetrics
import Dispatch
import Glibc
import Synchronization

/// One file's lines. Safe to use from any thread.
final class LogFile: Sendable {
    /// What a pipe that has room takes without waiting (PIPE_BUF).
    private static let piece = 4_096
    private static let longestNotice = 256

    private enum Outcome { case done, noRoom, failed }

    private struct State {
        var waiting: [UInt8] = []
        /// Lines that were lost since it was last said.
        var lost = 0
        var isWatched = false
    }

    private let file: Int32
    private let hasThread: Bool
    private let mostWaiting: Int
    private let notice: @Sendable (Int) -> String
    private let lostLines = Counter(label: "martlet_log_lines_lost_total")
    private let watcher = DispatchQueue(label: "log")
    private let state = Mutex(State())

    /// - Parameters:
    ///   - hasThread: false where there must be no second thread: what waits is then tried again with the next line.
    ///   - mostWaiting: in bytes.
    ///   - notice: the line that says how many lines were lost.
    init(
        _ file: Int32, hasThread: Bool = true, mostWaiting: Int = 1_024 * 1_024,
        notice: @escaping @Sendable (Int) -> String
    ) {
        self.file = file
        self.hasThread = hasThread
        self.mostWaiting = mostWaiting
        self.notice = notice
    }

    /// Takes a line with its end.
    func write(_ line: String) {
        let mustWatch = state.withLock { state in
            // Where the thread waits for room there is none.
            if !state.isWatched { _ = push(&state) }
            let room = mostWaiting - state.waiting.count - (state.lost > 0 ? Self.longestNotice : 0)
            guard line.utf8.count <= room || state.waiting.isEmpty else {
                state.lost += 1
                lostLines.increment()
                return false
            }
            tellOfLost(&state)
            state.waiting += line.utf8
            guard !state.isWatched, push(&state) == .noRoom, hasThread else { return false }
            state.isWatched = true
            return true
        }
        if mustWatch { watcher.async { self.watch() } }
    }

    /// Waits for what is still to be written, for two seconds at most.
    func finish() async {
        let end = ContinuousClock.now + .seconds(2)
        while ContinuousClock.now < end, state.withLock({ $0.isWatched }) {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    private func watch() {
        while true {
            var room = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
            _ = poll(&room, 1, -1)
            let isOver = state.withLock { state in
                state.isWatched = push(&state) == .noRoom
                return !state.isWatched
            }
            if isOver { return }
        }
    }

    /// Writes what waits, and how many lines were lost behind it, as far as it goes without waiting.
    private func push(_ state: inout State) -> Outcome {
        while true {
            if state.waiting.isEmpty {
                guard state.lost > 0 else { return .done }
                tellOfLost(&state)
            }
            let (count, outcome) = write(state.waiting)
            state.waiting.removeFirst(count)
            if outcome != .done { return outcome }
        }
    }

    private func tellOfLost(_ state: inout State) {
        guard state.lost > 0 else { return }
        state.waiting += notice(state.lost).utf8
        state.lost = 0
    }

    /// - Returns: how many of the bytes were written, and why not all.
    private func write(_ bytes: [UInt8]) -> (count: Int, outcome: Outcome) {
        var written = 0
        while written < bytes.count {
            var room = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
            if poll(&room, 1, 0) == 0 { return (written, .noRoom) }
            let piece = Array(bytes[written..<Self.end(of: bytes, from: written)])
            let count = Glibc.write(file, piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return (written, count < 0 && errno == EAGAIN ? .noRoom : .failed) }
            written += count
        }
        return (written, .done)
    }

    /// Where a piece that begins there ends: behind a whole line when one fits, so that others who write to the same
    /// pipe come between lines.
    private static func end(of bytes: [UInt8], from start: Int) -> Int {
        let end = min(start + piece, bytes.count)
        guard end < bytes.count else { return end }
        return bytes[start..<end].lastIndex(of: 0x0a).map { $0 + 1 } ?? end
    }
}
