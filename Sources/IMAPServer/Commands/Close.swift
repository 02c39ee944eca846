// CLOSE: EXPUNGE without its announcements, and back to the authenticated state.

import MailStore

extension Session {
    /// RFC 3501 §6.4.2. A mailbox that was opened read-only is only closed.
    func close() async throws -> Completion {
        let selection = try selected()
        if !selection.mailbox.isReadOnly {
            do {
                _ = try await selection.account.expunge(in: selection.view.mailboxID)
            } catch StoreError.notPermitted {
                // RFC 4314 §4: without the right to expunge, a mailbox is only closed.
            } catch StoreError.messageGone {
                // The mailbox was deleted under this session: there is nothing left to expunge.
            }
        }
        unselectMailbox()
        return .ok("CLOSE completed.")
    }
}
