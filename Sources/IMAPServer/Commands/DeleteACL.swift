// DELETEACL: somebody's line in a mailbox's access control list goes.

import IMAPSyntax
import Mail

extension Session {
    /// RFC 4314 §3.2. What the identifier has by other lines stays.
    func deleteACL(_ deleteACL: DeleteACL) async throws -> Completion {
        try await change(deleteACL.mailbox, deleteACL.identifier, .replace(.none))
        return .ok("DELETEACL completed.")
    }
}
