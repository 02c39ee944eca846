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
        return Session.unknown(missing)
    }

    static func unknown(_ capability: String) -> Completion { .bad("This server does not know \(capability) for you.") }

    /// Refuses the grammar of a capability that is not this login's.
    func require(_ capability: String) throws(Refusal) {
        guard isOffered(capability) else { throw Refusal(Session.unknown(capability)) }
    }

    // MARK: Literals

    /// Which of LITERAL+ and LITERAL- this session is offered, never both (RFC 7888 §5); nil for neither.
    var literalCapability: String? {
        let isSmall = environment.settings.literals == .small || identity?.switches.enabled.contains("LITERAL-") == true
        return isSmall ? "LITERAL-" : isOffered("LITERAL+") ? "LITERAL+" : nil
    }

    /// Without LITERAL+, what is small is taken all the same: IMAP4rev2 has it (RFC 9051 §4.3).
    func chooseLiterals() { connection.framer.takesLargeLiterals = literalCapability == "LITERAL+" }

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
        case .store(let store):
            (store.unchangedSince != nil ? ["CONDSTORE"] : []) + store.messages.capabilitiesUsed
        case .status(let status): status.items.compactMap(\.capability)
        case .list(let list): list.capabilitiesUsed
        case .search(let search):
            (search.results.map { ["ESEARCH"] + $0.capabilitiesUsed(context: "CONTEXT=SEARCH") } ?? [])
                + search.key.capabilitiesUsed
        case .sort(let sort):
            (sort.results.map { ["ESORT"] + $0.capabilitiesUsed(context: "CONTEXT=SORT") } ?? [])
                + sort.criteria.compactMap(\.key.capability) + sort.key.capabilitiesUsed
        case .thread(let thread): ["THREAD=\(thread.algorithm.rawValue)"] + thread.key.capabilitiesUsed
        case .esearch(let esearch):
            (esearch.results?.capabilitiesUsed(context: "CONTEXT=SEARCH") ?? []) + esearch.key.capabilitiesUsed
        case .copy(let copy): copy.messages.capabilitiesUsed
        case .move(let move): move.messages.capabilitiesUsed
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
        if modifiers.partial != nil { names.append("PARTIAL") }
        return names + messages.capabilitiesUsed + items.compactMap(\.capability)
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
        for option in returns {
            switch option {
            case .status(let items): names += ["LIST-STATUS"] + items.compactMap(\.capability)
            case .myRights: names.append("LIST-MYRIGHTS")
            case .metadata: names.append("LIST-METADATA")
            case .subscribed: names.append("LIST-EXTENDED")
            case .children, .specialUse: break
            }
        }
        return names
    }
}

extension SearchResults {
    fileprivate func capabilitiesUsed(context: String) -> [String] {
        var names: [String] = []
        if options.contains(.save) { names.append("SEARCHRES") }
        if options.contains(.relevancy) { names.append("SEARCH=FUZZY") }
        if !options.isDisjoint(with: [.context, .update]) { names.append(context) }
        if partial != nil { names.append("PARTIAL") }
        if !updateItems.isEmpty { names += ["NOTIFY"] + updateItems.compactMap(\.capability) }
        return names
    }
}

extension SearchKey {
    fileprivate var capabilitiesUsed: [String] {
        var names: Set<String> = []
        _ = contains { key in
            if let name = key.capability { names.insert(name) }
            return false
        }
        return names.sorted()
    }

    private var capability: String? {
        switch self {
        case .messages(.saved): "SEARCHRES"
        case .older, .younger: "WITHIN"
        case .modSeq: "CONDSTORE"
        case .fuzzy: "SEARCH=FUZZY"
        case .emailID, .threadID: "OBJECTID"
        case .saveDateSupported, .date(.saved, _, _): "SAVEDATE"
        default: nil
        }
    }
}

extension SortKey {
    fileprivate var capability: String? {
        switch self {
        case .displayFrom, .displayTo: "SORT=DISPLAY"
        case .relevancy: "SEARCH=FUZZY"
        default: nil
        }
    }
}

extension MessageSelection {
    /// RFC 5182 §2.1.
    fileprivate var capabilitiesUsed: [String] { if case .saved = self { ["SEARCHRES"] } else { [] } }
}
