// What the tests of Mail share: bytes from text, and messages with CRLF written with plain line ends.

import Glibc
import Mail

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// A message as it is stored: line ends become CRLF.
func message(_ text: String) -> [UInt8] {
    var endings = LineEndings()
    return endings.toCRLF(Array(text.utf8))
}

/// The bytes of a section, `nil` when there is none.
func section(_ message: [UInt8], _ path: [UInt32], _ text: SectionText? = nil) -> String? {
    MessageParser.parse(message).parts.range(of: Section(path: path, text: text)).map {
        String(decoding: message[$0], as: UTF8.self)
    }
}

/// How much longer `work` takes for `large` than for `small`, in the thread's own processor time, so that a busy
/// machine matters little; the best of three each, and nothing counts as less than two milliseconds.
func growth<Input>(_ small: Input, _ large: Input, _ work: (Input) -> Void) -> Double {
    func best(_ input: Input) -> Double {
        (0..<3).map { _ in processorTime { work(input) } }.min() ?? 0
    }
    return best(large) / max(best(small), 0.002)
}

/// Seconds of this thread's processor time.
func processorTime(_ work: () -> Void) -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    work()
    return now() - start
}
