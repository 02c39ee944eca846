// What a piece of work costs its thread: a measure that other tests and other programs have no part in.

import Glibc

/// Seconds of processor time that `work` takes of the thread that calls. They stand still while the thread waits for
/// its turn, so that a bound on them holds on a busy machine. What `work` leaves to other threads is not in them.
package func processorTime(_ work: () throws -> Void) rethrows -> Double {
    func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try work()
    return now() - start
}

/// How the processor time of `work` grows with its input, as an exponent: 0 is a time that the size does not matter to,
/// 1 a linear one, 2 a quadratic one.
///
/// Measured between an eighth of `count` and `count`, where a quadratic cost is eight times a linear one: caches that
/// another's work empties make nothing like it. Each is the best of three measures, taken in turns; as long as the
/// exponent is more than `clear`, of up to twelve. Nothing counts as less than a fifth of a millisecond.
package func growth<Input>(
    to count: Int, of input: (Int) -> Input, clear: Double = 1.25, _ work: (Input) -> Void
) -> Double {
    let (small, large) = (input(count / 8), input(count))
    var best = (small: Double.infinity, large: Double.infinity)
    var exponent: Double { log2(best.large / max(best.small, 0.0002)) / 3 }
    for round in 0..<12 where round < 3 || exponent > clear {
        best.small = min(best.small, processorTime { work(small) })
        best.large = min(best.large, processorTime { work(large) })
    }
    return exponent
}
