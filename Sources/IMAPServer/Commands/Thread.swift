// THREAD and UID THREAD.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 5256 §3. One untagged THREAD in any case.
    func thread(_ thread: IMAPSyntax.Thread, tag: String) async throws -> Completion {
        let selection = try selected()
        return try await savingNothing(onFailureOf: nil, in: selection) {
            var progress = self.progress(tag, goal: selection.mailbox.count)
            let finding = try await find(
                thread.search, in: selection.mailbox, of: selection.account, progress: &progress)
            let forest = try await threads(
                of: finding.found, by: thread.algorithm, in: finding.scope, progress: &progress)
            let numbers = await searchNumbers(thread.numbering, of: finding)
            try await writeApart(finding.found.count) { $0.thread(forest, number: numbers.number(at:)) }
            return .ok("THREAD completed.")
        }
    }
}
