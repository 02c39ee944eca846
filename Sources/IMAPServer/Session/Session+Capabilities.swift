// What an account's logins are offered, and that what they are not is unknown to them.

import Accounts
import IMAPSyntax
import MailStore

extension Session {
    /// Whether a capability is this login's: the administrator may have switched it for the account.
    func isOffered(_ capability: String) -> Bool {
        guard let switches = identity?.switches else { return true }
        var name = capability.uppercased()
        // What stands behind these is a value.
        if name.hasPrefix("APPENDLIMIT=") { name = "APPENDLIMIT" }
        if name.hasPrefix("RIGHTS=") { name = "ACL" }
        return IMAPCapabilities.isOffered(name, disabled: switches.disabled, enabled: switches.enabled)
    }

    /// Why a command is unknown to this login; nil when it is not.
    func refusal(ofUnoffered command: Command) -> Completion? {
        guard identity?.switches.disabled.isEmpty == false else { return nil }
        guard let missing = command.capabilitiesUsed.first(where: { !isOffered($0) }) else { return nil }
        return .bad("This server does not know \(missing) for you.")
    }

    /// The code, unless it belongs to a capability that is not this login's.
    func offered(_ code: ResponseCode?) -> ResponseCode? {
        switch code {
        case .appendUID, .copyUID, .uidNotSticky: isOffered("UIDPLUS") ? code : nil
        case .highestModSeq, .closed: isOffered("CONDSTORE") ? code : nil
        default: code
        }
    }
}

extension Command {
    /// The capabilities whose grammar this command uses beside that of its name, which the command table has.
    var capabilitiesUsed: [String] {
        switch self {
        case .select(let select), .examine(let select):
            select.resync != nil ? ["QRESYNC"] : select.condstore ? ["CONDSTORE"] : []
        case .fetch(let fetch): fetch.capabilitiesUsed
        case .store(let store): store.unchangedSince != nil ? ["CONDSTORE"] : []
        case .status(let status): status.items.compactMap(\.capability)
        case .list(let list): list.capabilitiesUsed
        case .search(let search): search.capabilitiesUsed
        case .sort(let sort): sort.results.map { ["ESORT"] + $0.capabilitiesUsed } ?? []
        case .esearch(let esearch): esearch.results?.capabilitiesUsed ?? []
        case .notify(let notify): notify.items.compactMap(\.capability)
        case .expunge(let expunge): expunge.uids != nil ? ["UIDPLUS"] : []
        case .create(let create): create.uses.isEmpty ? [] : ["CREATE-SPECIAL-USE"]
        default: []
        }
    }
}

extension Fetch {
    fileprivate var capabilitiesUsed: [String] {
        var names: [String] = []
        if modifiers.changedSince != nil { names.append("CONDSTORE") }
        if modifiers.vanished { names.append("QRESYNC") }
        return names + items.compactMap(\.capability)
    }
}

extension SearchResults {
    /// Those of UPDATE's items.
    fileprivate var capabilitiesUsed: [String] {
        updateItems.isEmpty ? [] : ["NOTIFY"] + updateItems.compactMap(\.capability)
    }
}

extension Notify {
    fileprivate var items: [FetchItem] {
        guard case .set(_, let groups) = self else { return [] }
        return groups.flatMap(\.events).flatMap { event -> [FetchItem] in
            if case .messageNew(let items) = event { items } else { [] }
        }
    }
}

extension FetchItem {
    fileprivate var capability: String? {
        switch self {
        case .binary, .binarySize: "BINARY"
        case .emailID, .threadID: "OBJECTID"
        case .saveDate: "SAVEDATE"
        case .preview: "PREVIEW"
        case .modSeq: "CONDSTORE"
        default: nil
        }
    }
}

extension StatusItem {
    fileprivate var capability: String? {
        switch self {
        case .size: "STATUS=SIZE"
        case .highestModSeq: "CONDSTORE"
        case .appendLimit: "APPENDLIMIT"
        case .mailboxID: "OBJECTID"
        case .deletedStorage: "QUOTA=RES-STORAGE"
        default: nil
        }
    }
}

extension List {
    fileprivate var capabilitiesUsed: [String] {
        var names: [String] = []
        if selections.contains(.specialUse) || returns.contains(.specialUse) { names.append("SPECIAL-USE") }
        if !selections.subtracting([.specialUse]).isEmpty || patterns.count > 1 { names.append("LIST-EXTENDED") }
        for case .status(let items) in returns { names += ["LIST-STATUS"] + items.compactMap(\.capability) }
        return names
    }
}

extension Search {
    fileprivate var capabilitiesUsed: [String] {
        var names: [String] = results.map { ["ESEARCH"] + $0.capabilitiesUsed } ?? []
        if results?.options.contains(.save) == true { names.append("SEARCHRES") }
        if key.asksForModSeq { names.append("CONDSTORE") }
        if key.contains({ if case .messages(.saved) = $0 { true } else { false } }) { names.append("SEARCHRES") }
        let isWithin = key.contains {
            switch $0 {
            case .older, .younger: true
            default: false
            }
        }
        if isWithin { names.append("WITHIN") }
        return names
    }
}
