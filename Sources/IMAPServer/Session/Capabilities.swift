// What the server says it can do, which depends on how far the session has come.

package enum Capabilities {
    /// What a session may know of itself when it says what it can do.
    package struct Situation: Hashable, Sendable {
        package var isAuthenticated: Bool
        /// TLS is there to be started and has not been.
        package var offersSTARTTLS: Bool
        /// A password may be sent as things are.
        package var mayLogIn: Bool
        /// The names of the SASL mechanisms that may be used then.
        package var mechanisms: [String]
        /// The most bytes that a message of APPEND may have.
        package var appendLimit: Int
        /// LITERAL+ or LITERAL-; nil for neither.
        package var literals: String?

        package init(
            isAuthenticated: Bool, offersSTARTTLS: Bool, mayLogIn: Bool, mechanisms: [String] = [],
            appendLimit: Int = 0, literals: String? = "LITERAL+"
        ) {
            self.literals = literals
            self.appendLimit = appendLimit
            self.isAuthenticated = isAuthenticated
            self.offersSTARTTLS = offersSTARTTLS
            self.mayLogIn = mayLogIn
            self.mechanisms = mechanisms
        }
    }

    private static let always = ["IMAP4rev1", "IMAP4rev2", "ID", "ENABLE", "IDLE"]
    private static let afterLogin = [
        "NAMESPACE", "UIDPLUS", "MOVE", "UNSELECT", "CHILDREN", "SPECIAL-USE", "LIST-STATUS", "STATUS=SIZE",
        "ACL", "RIGHTS=texk",
        "COMPRESS=DEFLATE",
        "MULTIAPPEND", "BINARY", "PREVIEW", "OBJECTID", "SAVEDATE", "CATENATE", "REPLACE",
        "LIST-EXTENDED", "CREATE-SPECIAL-USE",
        "METADATA", "METADATA-SERVER", "LIST-METADATA", "LIST-MYRIGHTS",
        "QUOTA", "QUOTASET", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE",
    ]

    /// How a client keeps in step.
    private static let synchronizing = ["CONDSTORE", "QRESYNC", "UTF8=ACCEPT", "UNAUTHENTICATE", "UIDONLY", "NOTIFY"]

    /// Of searches, sorts and threads.
    private static let searching = [
        "ESEARCH", "SEARCHRES", "WITHIN", "INPROGRESS", "SORT", "SORT=DISPLAY", "ESORT",
        "THREAD=ORDEREDSUBJECT", "THREAD=REFERENCES", "THREAD=REFS", "I18NLEVEL=1",
        "CONTEXT=SEARCH", "CONTEXT=SORT", "MULTISEARCH", "SEARCH=FUZZY", "PARTIAL",
        "FILTERS",
    ]

    /// What ENABLE takes, in the spelling of the reply.
    package static let enableable = [
        "CONDSTORE", "QRESYNC", "METADATA", "METADATA-SERVER", "UTF8=ACCEPT", "IMAP4rev2", "UIDONLY",
    ]

    /// RFC 3501 §7.2.1; each name that is not IMAP4rev1's own has its RFC in docs/rfcs.md.
    package static func list(_ situation: Situation) -> [String] {
        let literals = [situation.literals].compactMap { $0 }
        if situation.isAuthenticated {
            let appendLimit = situation.appendLimit > 0 ? ["APPENDLIMIT=\(situation.appendLimit)"] : []
            return always + literals + afterLogin + synchronizing + searching + appendLimit
        }
        var names = always + literals + ["SASL-IR"]
        if situation.offersSTARTTLS { names.append("STARTTLS") }
        names += situation.mayLogIn ? situation.mechanisms.map { "AUTH=\($0)" } : ["LOGINDISABLED"]
        return names
    }
}
