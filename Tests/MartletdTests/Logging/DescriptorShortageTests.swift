// The line about too many open files: the first at once, then one a minute, with how often it was.

import Accounts
import Logging
import Synchronization
import Testing

@testable import martletd

@Suite struct DescriptorShortageTests {
    @Test("case 151: a flood of refusals is one line a minute")
    func oneLineAMinute() {
        let lines = Mutex<[String]>([])
        let sink = LogSink(level: .info, format: .logfmt) { line in lines.withLock { $0.append(line) } }
        let start = ContinuousClock.now
        let seconds = Atomic(0)
        let shortage = DescriptorShortage(limit: 512, logger: Logger(label: "x") { _ in LineLogHandler(sink: sink) }) {
            start + .seconds(seconds.load(ordering: .relaxed))
        }
        for second in 0..<150 {
            seconds.store(second, ordering: .relaxed)
            for _ in 0..<10 { shortage.note() }
        }
        let times = lines.withLock { $0 }.compactMap { line in
            line.firstMatch(of: /limit=512 times=(\d+)/).map { String($0.1) }
        }
        #expect(times == ["1", "600", "600"])
    }
}
