// What the session must know of each command before it runs: as data, read by the dispatcher and by the tests.

package import IMAPSyntax

/// The states of RFC 3501 §3 in which a session takes commands.
package struct SessionStates: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let notAuthenticated = SessionStates(rawValue: 1)
    package static let authenticated = SessionStates(rawValue: 2)
    package static let selected = SessionStates(rawValue: 4)

    package static let any: SessionStates = [.notAuthenticated, .authenticated, .selected]
    package static let afterLogin: SessionStates = [.authenticated, .selected]
}

/// What may be told of the selected mailbox when a command ends.
package enum Announcing: Hashable, Sendable {
    case nothing
    /// New messages and flags, but no EXPUNGE (RFC 3501 §7.4.1).
    case withoutExpunge
    case everything
}

/// The properties of a command.
package struct CommandRule: Hashable, Sendable {
    /// Where it is allowed.
    package var states: SessionStates
    /// Its sequence-number form names messages by their place.
    package var usesSequenceNumbers = false
    /// What its end announces; the UID form announces everything (RFC 3501 §7.4.1, last paragraph).
    package var announcing = Announcing.everything
    /// It changes the selected mailbox and is refused after EXAMINE.
    package var needsWritableMailbox = false
    /// It changes what is stored, and is refused to a login that may only read.
    package var changesMail = false
    /// The capability that brought it; nil for IMAP4rev1's own, and where the arguments tell which.
    package var capability: String?
}

package enum CommandTable {
    /// Every command has its row.
    package static func rule(for name: CommandName) -> CommandRule {
        switch name {
        case .capability, .noop: CommandRule(states: .any)
        case .logout: CommandRule(states: .any, announcing: .nothing)
        case .id: CommandRule(states: .any, capability: "ID")
        case .startTLS: CommandRule(states: .notAuthenticated, announcing: .nothing)
        case .authenticate, .login: CommandRule(states: .notAuthenticated, announcing: .nothing)
        case .enable: CommandRule(states: .afterLogin, capability: "ENABLE")
        case .select, .examine: CommandRule(states: .afterLogin, announcing: .nothing)
        case .create, .delete, .rename, .subscribe, .unsubscribe, .append:
            CommandRule(states: .afterLogin, changesMail: true)
        case .list, .lsub, .status: CommandRule(states: .afterLogin)
        case .getMetadata: CommandRule(states: .afterLogin, capability: "METADATA")
        case .setMetadata: CommandRule(states: .afterLogin, changesMail: true, capability: "METADATA")
        case .getQuota, .getQuotaRoot: CommandRule(states: .afterLogin, capability: "QUOTA")
        case .setQuota: CommandRule(states: .afterLogin, changesMail: true, capability: "QUOTASET")
        case .setACL, .deleteACL: CommandRule(states: .afterLogin, changesMail: true, capability: "ACL")
        case .getACL, .listRights, .myRights: CommandRule(states: .afterLogin, capability: "ACL")
        case .namespace: CommandRule(states: .afterLogin, capability: "NAMESPACE")
        case .idle: CommandRule(states: .afterLogin, capability: "IDLE")
        case .notify: CommandRule(states: .afterLogin, capability: "NOTIFY")
        case .unauthenticate:
            CommandRule(states: .afterLogin, announcing: .nothing, capability: "UNAUTHENTICATE")
        case .compress: CommandRule(states: .afterLogin, capability: "COMPRESS=DEFLATE")
        case .check: CommandRule(states: .selected)
        case .close: CommandRule(states: .selected, announcing: .nothing)
        case .unselect: CommandRule(states: .selected, announcing: .nothing, capability: "UNSELECT")
        case .expunge: CommandRule(states: .selected, needsWritableMailbox: true, changesMail: true)
        case .search: CommandRule(states: .selected, usesSequenceNumbers: true, announcing: .withoutExpunge)
        case .sort:
            CommandRule(
                states: .selected, usesSequenceNumbers: true, announcing: .withoutExpunge, capability: "SORT")
        // Each algorithm is a capability (see `Command.capabilitiesUsed`).
        case .thread: CommandRule(states: .selected, usesSequenceNumbers: true, announcing: .withoutExpunge)
        case .esearch: CommandRule(states: .afterLogin, capability: "MULTISEARCH")
        case .cancelUpdate: CommandRule(states: .selected, capability: "CONTEXT=SEARCH")
        case .fetch: CommandRule(states: .selected, usesSequenceNumbers: true, announcing: .withoutExpunge)
        case .store:
            CommandRule(
                states: .selected, usesSequenceNumbers: true, announcing: .withoutExpunge, needsWritableMailbox: true,
                changesMail: true)
        case .copy: CommandRule(states: .selected, usesSequenceNumbers: true, changesMail: true)
        case .move:
            CommandRule(
                states: .selected, usesSequenceNumbers: true, needsWritableMailbox: true, changesMail: true,
                capability: "MOVE")
        case .replace:
            CommandRule(
                states: .selected, usesSequenceNumbers: true, needsWritableMailbox: true, changesMail: true,
                capability: "REPLACE")
        }
    }

    /// What the end of this command announces.
    package static func announcing(_ command: Command) -> Announcing {
        if command.searchKey?.namesSequenceNumbers == true { return .withoutExpunge }
        return command.isUIDForm ? .everything : rule(for: command.name).announcing
    }
}

extension Command {
    /// `UID FETCH` and its like, whose replies carry UIDs and name no message by its place.
    package var isUIDForm: Bool {
        switch self {
        case .fetch(let fetch): fetch.messages.isUID
        case .store(let store): store.messages.isUID
        case .copy(let copy): copy.messages.isUID
        case .move(let move): move.messages.isUID
        case .search(let search): search.numbering == .uid
        case .sort(let sort): sort.numbering == .uid
        case .thread(let thread): thread.numbering == .uid
        case .expunge(let expunge): expunge.uids != nil
        default: false
        }
    }
}
