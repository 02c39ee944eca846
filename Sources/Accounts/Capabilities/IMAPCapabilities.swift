// The names of the IMAP capabilities that can be switched off or on for one account.

package enum IMAPCapabilities {
    /// What every login is offered, as far as this server has it.
    package static let standard: Set<String> = [
        "ACL", "APPENDLIMIT", "BINARY", "CATENATE", "CHILDREN", "COMPRESS=DEFLATE", "CONDSTORE", "CONTEXT=SEARCH",
        "CONTEXT=SORT", "CREATE-SPECIAL-USE", "ENABLE", "ESEARCH", "ESORT", "FILTERS", "I18NLEVEL=1", "ID", "IDLE",
        "IMAP4REV2", "INPROGRESS", "LIST-EXTENDED", "LIST-METADATA", "LIST-MYRIGHTS", "LIST-STATUS", "LITERAL+",
        "METADATA", "METADATA-SERVER", "MOVE", "MULTIAPPEND", "MULTISEARCH", "NAMESPACE", "NOTIFY", "OBJECTID",
        "PARTIAL", "PREVIEW", "QRESYNC", "QUOTA", "QUOTA=RES-MESSAGE", "QUOTA=RES-STORAGE", "QUOTASET", "REPLACE",
        "SAVEDATE", "SEARCH=FUZZY", "SEARCHRES", "SORT", "SORT=DISPLAY", "SPECIAL-USE", "STATUS=SIZE",
        "THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES", "THREAD=REFS", "UIDPLUS", "UNAUTHENTICATE", "UNSELECT",
        "UTF8=ACCEPT", "WITHIN",
    ]

    /// What a login is offered only where its account has been given it: clients misuse UIDONLY, and LITERAL- stands in
    /// place of LITERAL+ (RFC 7888 §5).
    package static let onRequest: Set<String> = ["UIDONLY", "LITERAL-"]

    /// What builds upon others: without these, it is not offered either.
    private static let foundations: [String: Set<String>] = [
        "QRESYNC": ["CONDSTORE", "ENABLE"], "UTF8=ACCEPT": ["ENABLE"], "UIDONLY": ["ENABLE"],
        "SEARCHRES": ["ESEARCH"], "PARTIAL": ["ESEARCH"], "MULTISEARCH": ["ESEARCH"], "ESORT": ["SORT", "ESEARCH"],
        "SORT=DISPLAY": ["SORT"], "CONTEXT=SEARCH": ["ESEARCH", "PARTIAL"],
        "CONTEXT=SORT": ["SORT", "ESORT", "PARTIAL"],
        "CREATE-SPECIAL-USE": ["SPECIAL-USE"], "LIST-STATUS": ["LIST-EXTENDED"], "LIST-METADATA": ["METADATA"],
        "LIST-MYRIGHTS": ["ACL"], "METADATA-SERVER": [], "FILTERS": ["METADATA"],
        "IMAP4REV2": [
            "ENABLE", "NAMESPACE", "UNSELECT", "UIDPLUS", "ESEARCH", "SEARCHRES", "IDLE", "LIST-EXTENDED",
            "LIST-STATUS", "MOVE", "BINARY", "SPECIAL-USE", "STATUS=SIZE",
        ],
    ]

    /// Whether a login with these switches is offered a capability. What is no capability that can be switched is
    /// offered always.
    /// - Parameter name: in upper case.
    package static func isOffered(
        _ name: String, disabled: Set<String>, enabled: Set<String>
    ) -> Bool {
        if disabled.contains(name) { return false }
        if onRequest.contains(name), !enabled.contains(name) { return false }
        guard let needed = foundations[name], !disabled.isEmpty else { return true }
        // Two steps deep at most: what `needed` builds upon is in these sets as well.
        return needed.allSatisfy { isOffered($0, disabled: disabled, enabled: enabled) }
    }
}
