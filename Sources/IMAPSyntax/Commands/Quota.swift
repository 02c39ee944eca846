// GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 §4.1).

import Mail

/// What a quota can bound (RFC 9208 §5); the raw value is the name on the wire.
package enum QuotaResource: String, CaseIterable, Hashable, Sendable {
    /// In units of 1024 octets.
    case storage = "STORAGE"
    case message = "MESSAGE"
}

/// RFC 9208 §4.1.1.
package struct GetQuota: Hashable, Sendable {
    /// The quota root's name: bytes, no mailbox name.
    package var root: [UInt8]

    package init(root: [UInt8]) { self.root = root }
}

/// RFC 9208 §4.1.2.
package struct GetQuotaRoot: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

/// RFC 9208 §4.1.3.
package struct SetQuota: Hashable, Sendable {
    /// One resource's limit. nil for a resource that Martlet does not know: NO, not BAD.
    package struct Limit: Hashable, Sendable {
        package var resource: QuotaResource?
        package var value: UInt64

        package init(_ resource: QuotaResource?, _ value: UInt64) {
            self.resource = resource
            self.value = value
        }
    }

    package var root: [UInt8]
    /// In the order given; of two for one resource the last holds.
    package var limits: [Limit]

    package init(root: [UInt8], limits: [Limit]) {
        self.root = root
        self.limits = limits
    }
}

extension Lexer {
    // RFC 9208 §7: getquota = "GETQUOTA" SP quota-root-name
    mutating func getQuota() throws(SyntaxError) -> GetQuota {
        try space()
        return GetQuota(root: try astring("a quota root's name"))
    }

    // RFC 9208 §7: getquotaroot = "GETQUOTAROOT" SP mailbox
    mutating func getQuotaRoot() throws(SyntaxError) -> GetQuotaRoot {
        try space()
        return GetQuotaRoot(mailbox: try mailbox())
    }

    // RFC 9208 §7: setquota = "SETQUOTA" SP quota-root-name SP setquota-list
    mutating func setQuota() throws(SyntaxError) -> SetQuota {
        try space()
        let root = try astring("a quota root's name")
        try space()
        try expect("(")
        var limits: [SetQuota.Limit] = []
        if take(")") { return SetQuota(root: root, limits: []) }
        repeat {
            guard limits.count < 20 else { throw SyntaxError("too many quota resources") }
            let name = try atom("a quota resource").asciiUppercased
            try space()
            limits.append(.init(QuotaResource(rawValue: name), try number64("a quota's limit")))
        } while takeSpace()
        try closeList()
        return SetQuota(root: root, limits: limits)
    }
}
