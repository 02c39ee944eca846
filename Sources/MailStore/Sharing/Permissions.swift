// Which flags a user may set where, by the rights (RFC 4314 §4).

package import Mail

extension MailboxRights {
    /// Those of the flags that this user may set and clear.
    package func permitted(_ flags: Flags) -> Flags {
        if isSuperset(of: .flags) { return flags }
        var system = flags.system
        if !contains(.seen) { system.remove(.seen) }
        if !contains(.deleteMessages) { system.remove(.deleted) }
        if !contains(.write) { system.formIntersection([.seen, .deleted]) }
        return Flags(system, keywords: contains(.write) ? flags.keywords : [])
    }
}

extension FlagChange {
    /// What this change comes to for somebody with these rights: the other flags stay as they are.
    func applied(to flags: Flags, with rights: MailboxRights) -> Flags {
        if rights.isSuperset(of: .flags) { return applied(to: flags) }
        switch self {
        case .add(let new): return flags.union(rights.permitted(new))
        case .remove(let old): return flags.subtracting(rights.permitted(old))
        case .replace(let new): return flags.subtracting(rights.permitted(flags)).union(rights.permitted(new))
        }
    }

    /// Whether somebody with these rights may change at least one of the flags that are named.
    func isPermitted(with rights: MailboxRights) -> Bool {
        switch self {
        case .replace: !rights.isDisjoint(with: .flags)
        case .add(let flags), .remove(let flags): flags == .none || rights.permitted(flags) != .none
        }
    }
}
