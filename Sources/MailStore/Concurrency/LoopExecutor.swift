// Runs a connection's task on its event loop: no hop between the bytes that arrive and the session that reads them.

package import NIOCore

/// A task executor over an event loop: `Task(executorPreference: LoopExecutor(loop)) { … }`.
///
/// Work that blocks must not run on it: it holds up every connection of the loop.
package final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    package init(_ loop: any EventLoop) { self.loop = loop }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
