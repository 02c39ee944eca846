// Where each capability that is advertised is tested, on which floors: held against the tests and the server's list.

/// The tests of a capability: on each floor that knows of it a file, and what stands in that file when it tests this.
struct Proof: Sendable {
    /// Below `Tests`, without its ending.
    typealias Place = (file: String, says: String)

    /// How it is read or written.
    var syntax: Place?
    /// What it does to what is stored.
    var store: Place?
    /// As a client meets it, by our own strict client.
    let session: Place

    var places: [Place] { [syntax, store, session].compactMap { $0 } }
}

enum ProofTable {
    private static let parser = "IMAPSyntaxTests/CommandParserTests"
    private static let writer = "IMAPSyntaxTests/ResponseWriterTests"
    private static let searchResults = "IMAPSyntaxTests/SearchResultsTests"
    private static let fetch = "IMAPSyntaxTests/FetchTests"
    private static let commands = "IMAPServerTests/Commands/"
    private static let searches = "IMAPServerTests/Search/"
    private static let synchronizing = "IMAPServerTests/Synchronizing/"
    private static let store = "MailStoreTests/"

    /// A row may stand here before its capability is advertised.
    static let rows: [String: Proof] = [
        "IMAP4rev1": Proof(session: ("IMAPServerTests/FirstPathTests", "IMAP4rev1")),
        "IMAP4rev2": Proof(session: (synchronizing + "Rev2Tests", "IMAP4rev2")),
        "LITERAL+": Proof(
            syntax: ("IMAPSyntaxTests/AttackTests", "+}"), session: (commands + "AppendTests", "+}")),
        "ID": Proof(syntax: (parser, "ID ("), session: ("IMAPServerTests/Pitfalls/PitfallProtocolTests", "ID (")),
        "ENABLE": Proof(syntax: (parser, "ENABLE"), session: (synchronizing + "Rev2Tests", "ENABLE")),
        "IDLE": Proof(syntax: (parser, "IDLE"), session: (commands + "IdleTests", "IDLE")),
        "SASL-IR": Proof(session: (commands + "LoginTests", "SASL-IR")),
        "NAMESPACE": Proof(
            syntax: (writer, "NAMESPACE"), session: ("IMAPServerTests/Sharing/ACLCommandTests", "NAMESPACE")),
        "UIDPLUS": Proof(
            syntax: (parser, "UID EXPUNGE"), store: (store + "MessagesTests", ".expunge("),
            session: (commands + "AppendTests", "APPENDUID")),
        "MOVE": Proof(
            syntax: (parser, "MOVE"), store: (store + "SynchronizingTests", ".move("),
            session: (commands + "ChangingTests", "MOVE")),
        "UNSELECT": Proof(syntax: (parser, "UNSELECT"), session: (commands + "MailboxCommandTests", "UNSELECT")),
        "CHILDREN": Proof(syntax: (parser, "CHILDREN"), session: (commands + "ListRowsTests", "CHILDREN")),
        "SPECIAL-USE": Proof(
            syntax: (parser, "SPECIAL-USE"), store: (store + "MailboxesTests", "specialUse"),
            session: (commands + "MailboxCommandTests", "SPECIAL-USE")),
        "LIST-STATUS": Proof(syntax: (parser, "STATUS ("), session: (commands + "ListExtendedTests", "STATUS (")),
        "STATUS=SIZE": Proof(syntax: (parser, "SIZE"), session: (commands + "MailboxCommandTests", "SIZE")),
        "ACL": Proof(
            syntax: (parser, "SETACL"), store: (store + "Sharing/GuestTests", "setRights"),
            session: ("IMAPServerTests/Sharing/SharedMailboxTests", "NOPERM")),
        "RIGHTS": Proof(
            syntax: ("MailTests/MailboxRightsTests", "letters"),
            session: ("IMAPServerTests/Sharing/ACLCommandTests", "LISTRIGHTS")),
        "COMPRESS=DEFLATE": Proof(
            syntax: (parser, "COMPRESS"), session: (commands + "CompressTests", "COMPRESS DEFLATE")),
        "MULTIAPPEND": Proof(
            syntax: ("IMAPSyntaxTests/AppendTests", "RFC 3502"), store: (store + "AppendingTests", ".append("),
            session: (commands + "MultiappendTests", "RFC 3502")),
        "BINARY": Proof(
            syntax: (fetch, "BINARY"), store: (store + "AppendingTests", "takeBinary"),
            session: (commands + "BinaryTests", "BINARY")),
        "PREVIEW": Proof(syntax: (fetch, "PREVIEW"), session: (commands + "ObjectTests", "PREVIEW")),
        "OBJECTID": Proof(syntax: (searchResults, "EMAILID"), session: (commands + "ObjectTests", "MAILBOXID")),
        "SAVEDATE": Proof(syntax: (fetch, "SAVEDATE"), session: (commands + "ObjectTests", "SAVEDATE")),
        "CATENATE": Proof(
            syntax: ("IMAPSyntaxTests/AppendTests", "CATENATE"), session: (commands + "CatenateTests", "CATENATE")),
        "REPLACE": Proof(
            syntax: ("IMAPSyntaxTests/AppendTests", "REPLACE"), store: (store + "ReplaceTests", ".replace("),
            session: (commands + "ReplaceTests", "REPLACE")),
        "APPENDLIMIT": Proof(session: (commands + "ObjectTests", "APPENDLIMIT")),
        "LIST-EXTENDED": Proof(
            syntax: (parser, "RECURSIVEMATCH"), session: (commands + "ListExtendedTests", "RECURSIVEMATCH")),
        "CREATE-SPECIAL-USE": Proof(
            syntax: (parser, "USE ("), store: (store + "MailboxesTests", "specialUse"),
            session: (commands + "ListExtendedTests", "USE (")),
        "METADATA": Proof(
            syntax: ("IMAPSyntaxTests/MetadataTests", "SETMETADATA"), store: (store + "AnnotationsTests", "annotation"),
            session: (commands + "MetadataTests", "SETMETADATA")),
        "METADATA-SERVER": Proof(
            syntax: ("IMAPSyntaxTests/MetadataTests", "METADATA \\\"\\\""),
            session: (commands + "MetadataTests", "METADATA \\\"\\\"")),
        "LIST-METADATA": Proof(
            syntax: ("IMAPSyntaxTests/MetadataTests", "RETURN (METADATA"),
            session: (commands + "MetadataTests", "RETURN (METADATA")),
        "LIST-MYRIGHTS": Proof(session: ("IMAPServerTests/Sharing/SharedMetadataTests", "RETURN (MYRIGHTS")),
        "QUOTA": Proof(
            syntax: (parser, "GETQUOTA"), store: (store + "AppendingTests", "quota"),
            session: (commands + "QuotaTests", "GETQUOTAROOT")),
        "QUOTASET": Proof(syntax: (parser, "SETQUOTA"), session: (commands + "QuotaTests", "SETQUOTA")),
        "QUOTA=RES-STORAGE": Proof(syntax: (parser, "STORAGE"), session: (commands + "QuotaTests", "STORAGE")),
        "QUOTA=RES-MESSAGE": Proof(syntax: (parser, "MESSAGE"), session: (commands + "QuotaTests", "MESSAGE")),
        "CONDSTORE": Proof(
            syntax: ("IMAPSyntaxTests/SynchronizingTests", "CONDSTORE"),
            store: (store + "SynchronizingTests", "unchangedSince"),
            session: (synchronizing + "CondstoreTests", "UNCHANGEDSINCE")),
        "QRESYNC": Proof(
            syntax: ("IMAPSyntaxTests/SynchronizingTests", "QRESYNC"),
            store: (store + "SynchronizingTests", "vanished"),
            session: (synchronizing + "QresyncTests", "QRESYNC (")),
        "UTF8=ACCEPT": Proof(
            syntax: ("IMAPSyntaxTests/AppendTests", "UTF8 ("),
            session: (synchronizing + "UTF8AcceptTests", "UTF8=ACCEPT")),
        "UNAUTHENTICATE": Proof(session: (commands + "UnauthenticateTests", "UNAUTHENTICATE")),
        "UIDONLY": Proof(session: (synchronizing + "UIDOnlyTests", "UIDREQUIRED")),
        "ESEARCH": Proof(syntax: (searchResults, "RETURN ("), session: (searches + "ESearchTests", "RFC 4731")),
        "SEARCHRES": Proof(syntax: (searchResults, "SAVE"), session: (searches + "ESearchTests", "RFC 5182")),
        "WITHIN": Proof(syntax: (searchResults, "YOUNGER"), session: (searches + "ESearchTests", "YOUNGER")),
        "INPROGRESS": Proof(syntax: (searchResults, "INPROGRESS"), session: (searches + "ESearchTests", "INPROGRESS")),
        "SORT": Proof(
            syntax: ("IMAPSyntaxTests/SortTests", "REVERSE"), store: (store + "Search/ThreadsTests", "sortKeys"),
            session: (searches + "SortTests", "REVERSE")),
        "SORT=DISPLAY": Proof(
            syntax: ("IMAPSyntaxTests/SortTests", "displayfrom"), session: (searches + "SortTests", "DISPLAYFROM")),
        "ESORT": Proof(
            syntax: ("IMAPSyntaxTests/SortTests", "RETURN ("), session: (searches + "SortTests", "RETURN (")),
        "THREAD=ORDEREDSUBJECT": Proof(
            syntax: ("IMAPSyntaxTests/SortTests", "ORDEREDSUBJECT"),
            session: (searches + "SortTests", "ORDEREDSUBJECT")),
        "THREAD=REFERENCES": Proof(
            syntax: ("IMAPSyntaxTests/SortTests", "REFERENCES"), session: (searches + "SortTests", "REFERENCES")),
        "THREAD=REFS": Proof(
            syntax: ("IMAPSyntaxTests/SortTests", "REFS"), store: (store + "Search/ThreadsTests", "thread"),
            session: (searches + "SortTests", "REFS")),
        "I18NLEVEL=1": Proof(
            store: (store + "Search/SearchIndexTests", "ß"), session: (commands + "SearchTests", "CHARSET")),
        "CONTEXT=SEARCH": Proof(
            syntax: (searchResults, "UPDATE"), session: (searches + "ContextTests", "SEARCH RETURN (UPDATE")),
        "CONTEXT=SORT": Proof(
            syntax: (searchResults, "UPDATE"), session: (searches + "ContextTests", "SORT RETURN (UPDATE")),
        "MULTISEARCH": Proof(
            syntax: (searchResults, "ESEARCH"), session: (searches + "MultisearchTests", "ESEARCH IN (")),
        "SEARCH=FUZZY": Proof(syntax: (searchResults, "FUZZY"), session: (searches + "FuzzyTests", "FUZZY")),
        "FILTERS": Proof(syntax: (searchResults, "FILTER"), session: (searches + "FiltersTests", "FILTER")),
        "PARTIAL": Proof(syntax: (searchResults, "PARTIAL"), session: (searches + "ESearchTests", "RFC 9394")),
        "NOTIFY": Proof(
            syntax: ("IMAPSyntaxTests/NotifyTests", "NOTIFY"),
            session: ("IMAPServerTests/Notify/NotifyCommandTests", "NOTIFY")),
    ]

    /// What the server advertises, by the lists in its source: RIGHTS=… is RIGHTS, QUOTA=… and THREAD=… are whole.
    static func advertised(in source: String) -> Set<String> {
        var names: Set<String> = []
        for list in source.matches(of: /static let (?:always|afterLogin|synchronizing|searching) = \[([^\]]*)\]/) {
            names.formUnion(list.1.matches(of: /"([^"]+)"/).map { String($0.1) })
        }
        names.formUnion(source.matches(of: /\["([A-Z0-9=-]+?)=?\\\(/).map { String($0.1) })
        names.formUnion(source.matches(of: /\+ \["([A-Z0-9=-]+)"\]/).map { String($0.1) })
        return Set(names.map { $0.hasPrefix("RIGHTS=") ? "RIGHTS" : $0 })
    }

    /// What is advertised without a row, and rows whose tests are not what they say.
    static func problems(
        advertised: Set<String>, rows: [String: Proof] = rows, text: (String) -> String?
    ) -> [String] {
        var problems: [String] = []
        for name in advertised.sorted() {
            guard let row = rows[name] else {
                problems.append("\(name) is advertised and has no row in Tests/TidyTests/ProofTable.swift")
                continue
            }
            for place in row.places {
                guard let found = text("Tests/\(place.file).swift") else {
                    problems.append("\(name): there is no Tests/\(place.file).swift")
                    continue
                }
                guard !found.contains(place.says) else { continue }
                problems.append("\(name): Tests/\(place.file).swift says nothing of \(place.says)")
            }
        }
        return problems
    }
}
