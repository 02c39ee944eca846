// Where a session leaves its login for the service to look after.

import Accounts
import Synchronization

/// Empty until the login, and after UNAUTHENTICATE.
final class LoginSlot: Sendable {
    private let login = Mutex<Accounts.Login?>(nil)

    var current: Accounts.Login? { login.withLock { $0 } }
    func set(_ new: Accounts.Login) { login.withLock { $0 = new } }
    func clear() { login.withLock { $0 = nil } }
}
