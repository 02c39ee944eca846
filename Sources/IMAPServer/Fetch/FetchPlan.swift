// What a FETCH asks of each message, worked out once: which items, from where, how large about.

package import IMAPSyntax
import Mail

/// A pure value.
package struct FetchPlan: Hashable, Sendable {
    /// In the client's order, none twice; UID first when the command was UID FETCH (RFC 3501 §6.4.8).
    package let items: [FetchItem]
    /// Some item is not in the snapshot.
    package let readsStore: Bool
    /// Some item sets \Seen.
    package let setsSeen: Bool
    /// How the session writes.
    package let enabled: EnabledExtensions

    package init(_ fetch: Fetch, _ enabled: EnabledExtensions) {
        // UIDFETCH begins with the UID (RFC 9586 §3.3).
        var items: [FetchItem] = fetch.messages.isUID && !enabled.isUIDOnly ? [.uid] : []
        var known = Set(items)
        for item in fetch.items where known.insert(item).inserted { items.append(item) }
        if fetch.modifiers.changedSince != nil, known.insert(.modSeq).inserted { items.append(.modSeq) }
        self.items = items
        self.enabled = enabled
        readsStore = items.contains(where: \.readsStore)
        setsSeen = items.contains(where: \.setsSeen)
    }

    private init(items: [FetchItem], of plan: FetchPlan) {
        self.items = items
        enabled = plan.enabled
        readsStore = plan.readsStore
        setsSeen = plan.setsSeen
    }

    /// The plan for a message whose \Seen this command sets: its flags are told with it (RFC 3501 §6.4.5), and with
    /// CONDSTORE its UID and MODSEQ (RFC 7162 §3.2.4), in IMAP4rev2 its UID.
    package var withFlags: FetchPlan {
        var told: [FetchItem] = enabled.tellsUID ? [.uid] : []
        if enabled.tellsModSeq { told.append(.modSeq) }
        told.append(.flags)
        return FetchPlan(items: items + told.filter { !items.contains($0) }, of: self)
    }

    /// About how many bytes the reply for a message of this size takes, up to `Int.max`.
    package func estimate(size: UInt32) -> Int {
        items.reduce(40) { sum, item in
            let (total, overflow) = sum.addingReportingOverflow(item.estimate(size: Int(size)))
            return overflow ? .max : total
        }
    }
}

extension FetchItem {
    var readsStore: Bool {
        switch self {
        case .flags, .internalDate, .size, .uid, .modSeq: false
        default: true
        }
    }

    fileprivate func estimate(size: Int) -> Int {
        switch self {
        case .flags, .internalDate, .size, .uid, .modSeq, .emailID, .threadID, .saveDate: 40
        case .preview: 400
        // What is measured is read too.
        case .binarySize: size
        case .binary(_, _, let partial): min(size, partial.map { Int(clamping: $0.count) } ?? size)
        case .envelope: 600
        case .body, .bodyStructure: 500
        case .rfc822Header: min(size, 4_096)
        case .rfc822, .rfc822Text: size
        case .section(let section, _, let partial):
            switch section.text {
            case .headerFields(let fields): min(size, 128 * (fields.count + 1))
            case .header, .headerFieldsNot, .mime: min(size, 4_096)
            case .text, nil: min(size, partial.map { Int(clamping: $0.count) } ?? size)
            }
        }
    }

    /// The section that an item with a literal means, and what it is called in the reply.
    var literal: (section: Section, partial: FetchPartial?, name: FetchLiteralName)? {
        switch self {
        case .rfc822: (.whole, nil, .rfc822)
        case .rfc822Header: (Section(text: .header), nil, .rfc822Header)
        case .rfc822Text: (Section(text: .text), nil, .rfc822Text)
        case .section(let section, _, let partial):
            (section, partial, .section(section, offset: partial?.offset))
        default: nil
        }
    }
}
