// What the supervisor decides: how long it waits, what it takes from a dying process, whether it is there at all.

import Glibc
import Testing

@testable import martletd

@Suite struct SupervisorTests {
    @Test("case 194: a crash loop is slowed down to a start a minute, and a minute of health forgives")
    func backOff() {
        var backOff = BackOff()
        #expect(backOff.pause(afterLiving: .seconds(3_600)) == .zero)
        let loop = (0..<9).map { _ in backOff.pause(afterLiving: .seconds(2)) }
        #expect(loop == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        #expect(backOff.pause(afterLiving: BackOff.health) == .zero)
        #expect(backOff.pause(afterLiving: .zero) == .seconds(1))
    }

    @Test(
        "how a process ended, as waitpid tells it",
        arguments: [
            (0, "status 0"), (1 << 8, "status 1"), (64 << 8, "status 64"), (4, "SIGILL"), (5 | 0x80, "SIGTRAP"),
            (11, "SIGSEGV"), (9, "SIGKILL"), (40, "signal 40"),
        ] as [(Int32, String)])
    func ends(status: Int32, text: String) { #expect("\(WorkerEnd(status))" == text) }

    @Test("case 194: the reason of a trap is kept, and no value that stood in memory")
    func reasons() {
        let secret = "hunter2"
        for (line, reason) in [
            ("A.swift:417: Fatal error: Index out of range", "A.swift:417: Fatal error: Index out of range"),
            (
                "x.swift:1: Fatal error: 'try!' expression unexpectedly raised an error: E(\(secret))",
                "x.swift:1: Fatal error: '…' expression unexpectedly raised an error: …"
            ),
            ("Fatal error: Duplicate values for key: '\(secret)'", "Fatal error: Duplicate values for key: …"),
            ("Fatal error: can't find \"\(secret)\"", "Fatal error: can't find \"…\""),
            ("Fatal error: \"\(secret)", "Fatal error: \""),
            ("Fatal error: a\u{1b}[31mb\u{202e}c", "Fatal error: a[31mbc"),
        ] {
            var words = LastWords()
            #expect(words.take(Array("\(line)\nmore\n".utf8)) == ["more"])
            #expect(words.reason == reason)
        }
        #expect(LastWords.harmless(String(repeating: "x", count: 5_000)).count == LastWords.longest)
    }

    @Test("lines without end and without number are bounded")
    func bounds() {
        var words = LastWords()
        #expect(words.take(repeatElement(0x78, count: 1 << 20)).isEmpty)
        let lines = words.take(repeatElement([0x0a, 0x79], count: 1_000).joined())
        #expect(lines.count == LastWords.mostLines && lines[0].utf8.count == LastWords.longestLine)
    }

    @Test("a pipe is read without waiting, to its end")
    func pipes() {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        var words = LastWords()
        #expect(words.take(from: ends[0]).isEmpty && !words.isOver)
        write(ends[1], "one\ntw", 6)
        #expect(words.take(from: ends[0]) == ["one"])
        close(ends[1])
        #expect(words.take(from: ends[0]) == ["tw"] && words.isOver)
        close(ends[0])
    }

    @Test("systemd and others that wait for a notification watch by themselves")
    func supervision() {
        #expect(Supervision.auto.isWanted(environment: [:], processID: 7))
        #expect(Supervision.auto.isWanted(environment: ["SYSTEMD_EXEC_PID": "8"], processID: 7))
        #expect(!Supervision.auto.isWanted(environment: ["SYSTEMD_EXEC_PID": "7"], processID: 7))
        #expect(!Supervision.auto.isWanted(environment: ["NOTIFY_SOCKET": "/run/x"], processID: 7))
        #expect(Supervision.always.isWanted(environment: ["NOTIFY_SOCKET": "/run/x"], processID: 7))
        #expect(!Supervision.never.isWanted(environment: [:], processID: 7))
    }
}
