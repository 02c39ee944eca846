// GETMETADATA and SETMETADATA: annotations of mailboxes, and of the account, which is the "server" to its owner.

import IMAPSyntax
import Mail
import MailStore

/// The one annotation that is computed: a mailbox's special use (RFC 6154 §4).
private let specialUseEntry = AccountStore.specialUseEntry

extension Session {
    /// RFC 5464 §4.2.
    func getMetadata(_ getMetadata: GetMetadata) async throws -> Completion {
        let mailbox = try await annotated(getMetadata.mailbox)
        let read = try await metadata(of: mailbox, getMetadata)
        if !read.values.isEmpty { connection.writer.metadata(mailbox?.fullName, read.values) }
        return .ok(
            "GETMETADATA completed.", code: read.longest.map { .metadataLongEntries(UInt64(clamping: $0)) })
    }

    /// RFC 5464 §4.3. All or nothing.
    func setMetadata(_ setMetadata: SetMetadata) async throws -> Completion {
        let mailbox = try await annotated(setMetadata.mailbox)
        let user = try loggedIn().account
        var values: [String: [UInt8]?] = [:]
        var specialUse: SpecialUse??
        for value in setMetadata.values {
            if mailbox == nil, !value.entry.isPrivate {
                return .no("What the server tells everybody is the administrator's to say.", code: .noPerm)
            }
            if let bytes = value.value, bytes.count > StoreLimits.annotationSize {
                return .no(
                    "A value has \(StoreLimits.annotationSize) bytes at most.",
                    code: .metadataMaxSize(UInt64(clamping: StoreLimits.annotationSize)))
            }
            if mailbox == nil, let refusal = refusal(ofFilter: value) { return refusal }
            if value.entry.key == specialUseEntry, let mailbox {
                guard !mailbox.account.isForeign, let use = Session.specialUse(value.value) else {
                    return .no("The mailbox cannot have that special use.", code: .useAttr)
                }
                specialUse = .some(use)
            } else {
                values.updateValue(value.value, forKey: value.entry.key)
            }
        }
        let store = mailbox?.account ?? user
        let outcome = try await store.setAnnotations(values, of: mailbox?.name, by: user.id, specialUse: specialUse)
        guard case .done(let modSeq) = outcome else {
            return .no("There would be too many annotations.", code: .metadataTooMany)
        }
        listening?.ownAnnotations[store.id, default: []].insert(modSeq)
        return .ok("SETMETADATA completed.")
    }

    /// Why the value cannot be that of a filter (RFC 5466 §3.2); nil when it can, or is none. Filters that it names
    /// need not be there yet.
    private func refusal(ofFilter value: SetMetadata.Value) -> Completion? {
        guard let text = value.value, let name = Filter.name(of: value.entry) else { return nil }
        guard Filter.isName(name) else {
            return .no("A filter's name is an atom without \"/\" (RFC 5466).", code: .cannot)
        }
        guard case .failure(let bad) = Filter.parse(text, limits: limits.syntax) else { return nil }
        return .no("The filter \(name) is no SEARCH: \(bad.reason).", code: .cannot)
    }

    /// nil for what is no special use, or none that a mailbox can have; a nil within for none.
    private static func specialUse(_ value: [UInt8]?) -> SpecialUse?? {
        guard let value, !value.isEmpty else { return .some(nil) }
        guard let use = SpecialUse(attribute: String(decoding: value, as: UTF8.self)), use.isOfMailbox else {
            return nil
        }
        return .some(use)
    }

    /// The mailbox that a command names; nil for the empty name, which stands for the server.
    private func annotated(_ argument: MailboxArgument) async throws -> MailboxReference? {
        argument.bytes.isEmpty ? nil : try await resolve(argument)
    }

    /// What GETMETADATA tells, and the size of the largest value that was too large for MAXSIZE.
    func metadata(
        of mailbox: MailboxReference?, _ query: GetMetadata
    ) async throws -> (values: [(entry: String, value: [UInt8]?)], longest: Int?) {
        let user = try loggedIn().account
        let store = mailbox?.account ?? user
        let matcher = EntryMatcher(query)
        var found = try await store.annotations(of: mailbox?.name, for: user.id) { entry, size in
            matcher.matches(entry) ? matcher.fits(size) : nil
        }
        if let mailbox, !mailbox.account.isForeign, matcher.matches(specialUseEntry),
            let use = try await store.mailbox(mailbox.name)?.specialUse
        {
            let value = Array(use.attribute.utf8)
            found.append(
                Annotation(
                    entry: specialUseEntry, size: value.count, value: matcher.fits(value.count) ? value : nil))
        }
        var values = found.compactMap { annotation in
            annotation.value.map { (entry: matcher.spelling(of: annotation.entry), value: Optional($0)) }
        }
        // What was asked for by name and is not there is NIL, unless what lies below was asked for and found.
        for entry in query.entries where !found.contains(where: { matcher.matches($0.entry, entry) }) {
            values.append((entry: entry.text, value: nil))
        }
        return (values, found.filter { $0.value == nil }.map(\.size).max())
    }
}

/// Which entries a GETMETADATA asks for.
private struct EntryMatcher: Sendable {
    private let query: GetMetadata

    init(_ query: GetMetadata) { self.query = query }

    func fits(_ size: Int) -> Bool { query.maxSize.map { size <= Int($0) } ?? true }

    func matches(_ key: String) -> Bool { query.entries.contains { matches(key, $0) } }

    func matches(_ key: String, _ entry: MetadataEntry) -> Bool {
        if key == entry.key { return true }
        guard query.depth != .zero, key.hasPrefix(entry.key + "/") else { return false }
        return query.depth == .infinity || !key.dropFirst(entry.key.count + 1).contains("/")
    }

    /// As the client wrote it, if it did.
    func spelling(of key: String) -> String { query.entries.first { $0.key == key }?.text ?? key }
}
