// A task executor over one event loop: a session's async code runs on the loop that its channel lives on.

import NIOCore

/// Give it to a `Task` as its preference; every nonisolated async function of the task then runs on the loop, so that
/// a write or a read on the channel costs no change of threads.
final class LoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
