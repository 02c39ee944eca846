// The log's file: nobody waits for it, nothing of it is out of order, and what is lost is counted.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import martletd

@Suite struct LogFileTests {
    private static func line(_ number: Int) -> String { "line \(number) \(String(repeating: "x", count: 150))\n" }

    @Test(
        "case 159: a reader that stops keeps nobody waiting; later it gets what waited, and how much was lost",
        .timeLimit(.minutes(5)))
    func stopped() throws {
        let pipe = Pipe()
        let log = LogFile(pipe.fileHandleForWriting.fileDescriptor, mostWaiting: 10_000) { "lost \($0)\n" }
        let count = 5_000
        for number in 0..<count { log.write(Self.line(number)) }
        let (kept, lost) = try Self.read(pipe)
        #expect(kept.count > 100 && lost > 1_000 && kept.count + lost == count)
        #expect(kept == (0..<kept.count).map(Self.line))
        log.write("and now\n")
        #expect(pipe.fileHandleForReading.availableData == Data("and now\n".utf8))
    }

    /// The lines up to that which says how many were lost.
    private static func read(_ pipe: Pipe) throws -> (lines: [String], lost: Int) {
        var data = Data()
        while true {
            let more = pipe.fileHandleForReading.availableData
            data += more
            let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map { "\($0)\n" }
            guard data.last == 0x0a, let match = lines.last?.wholeMatch(of: /lost (\d+)\n/) else {
                try #require(!more.isEmpty, "the end came before the line about what was lost")
                continue
            }
            return (Array(lines.dropLast()), Int(match.1) ?? -1)
        }
    }

    @Test("case 159: a slow reader loses nothing of what fits into memory", .timeLimit(.minutes(5)))
    func slow() async throws {
        let pipe = Pipe()
        let log = LogFile(pipe.fileHandleForWriting.fileDescriptor) { "lost \($0)\n" }
        let count = 4_000
        for number in 0..<count { log.write(Self.line(number)) }
        let expected = (0..<count).map(Self.line).joined()
        var data = Data()
        while data.count < expected.utf8.count { data += pipe.fileHandleForReading.availableData }
        #expect(String(decoding: data, as: UTF8.self) == expected)
        await log.finish()
    }

    @Test("case 159: a reader that is gone, and a full disk, are no end", arguments: ["", "/dev/full"])
    func broken(path: String) async throws {
        ProcessSetup.outliveReaders()
        let pipe = Pipe()
        try pipe.fileHandleForReading.close()
        let file = try path.isEmpty ? pipe.fileHandleForWriting : #require(FileHandle(forWritingAtPath: path))
        let said = Mutex(0)
        let log = LogFile(file.fileDescriptor, mostWaiting: 10_000) { lost in
            said.withLock { $0 += 1 }
            return "lost \(lost)\n"
        }
        let begin = ContinuousClock.now
        for number in 0..<2_000 { log.write(Self.line(number)) }
        await log.finish()
        #expect(ContinuousClock.now - begin < .soon)
        #expect(said.withLock { $0 } == 0, "nothing has been written since")
    }

    @Test("case 159: without a thread the next line takes along what waited", .timeLimit(.minutes(5)))
    func withoutThread() throws {
        let pipe = Pipe()
        let log = LogFile(pipe.fileHandleForWriting.fileDescriptor, hasThread: false, mostWaiting: 10_000) {
            "lost \($0)\n"
        }
        let count = 5_000
        for number in 0..<count { log.write(Self.line(number)) }
        // Room for what waits.
        var data = pipe.fileHandleForReading.readData(ofLength: 60_000)
        log.write("next\n")
        while !data.suffix(5).elementsEqual("next\n".utf8) { data += pipe.fileHandleForReading.availableData }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
        let kept = lines.dropLast(2)
        #expect(kept.map { "\($0)\n" } == (0..<kept.count).map(Self.line))
        #expect(lines.dropLast().last.map { "\($0)" } == "lost \(count - kept.count)")
    }
}
