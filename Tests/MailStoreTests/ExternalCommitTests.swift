// What another process commits reaches those who watch.

import MailStore
import Synchronization
import TestSupport
import Testing

@Suite struct ExternalCommitTests {
    @Test("watchers hear of another process's commit, also of one before the first look")
    func firstCommit() async throws {
        try await TemporaryStore.with { temporary in
            let heard = Mutex(0)
            let watch = temporary.store.directory.watchChanges { heard.withLock { $0 += 1 } }
            defer { watch.cancel() }
            // A second store on the directory has connections and a data_version of its own, as a process has.
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            try await other.directory.addDomain("example.org", by: "test")
            try await waitUntil("the notice") { heard.withLock { $0 } > 0 }
            let before = heard.withLock { $0 }
            try await other.directory.addDomain("example.net", by: "test")
            try await waitUntil("the second notice") { heard.withLock { $0 } > before }
            await other.close()
        }
    }
}
