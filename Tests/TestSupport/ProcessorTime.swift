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

/// How much longer `work` takes for `large` than for `small`, in processor time; nothing counts as less than two
/// milliseconds.
///
/// Each is the best of three measures, taken in turns; as long as the answer is more than `clear`, which a busy machine
/// also makes of caches that others use, of up to twelve.
package func growth<Input>(_ small: Input, _ large: Input, clear: Double = 2.5, _ work: (Input) -> Void) -> Double {
    var best = (small: Double.infinity, large: Double.infinity)
    var factor: Double { best.large / max(best.small, 0.002) }
    for round in 0..<12 where round < 3 || factor > clear {
        best.small = min(best.small, processorTime { work(small) })
        best.large = min(best.large, processorTime { work(large) })
    }
    return factor
}
