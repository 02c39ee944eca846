// Every command a client can give, as a value: what the parser yields and the session carries out.

/// One command with the tag that its reply must bear (RFC 3501 §2.2.1).
package struct TaggedCommand: Hashable, Sendable {
    package var tag: String
    package var command: Command

    package init(tag: String, command: Command) {
        self.tag = tag
        self.command = command
    }
}

/// A command that cannot be understood. It keeps its tag, where it had one, so that the BAD can be tagged.
package struct BadCommand: Error, Hashable, Sendable {
    /// nil when the line has no valid tag: the reply is then an untagged BAD.
    package var tag: String?
    /// What is wrong, for the person who reads the client's log. Printable ASCII.
    package var reason: String

    package init(tag: String?, reason: String) {
        self.tag = tag
        self.reason = reason
    }
}

/// A command, without its tag. APPEND and REPLACE are not here: their messages are streamed (see `AppendStep`).
package enum Command: Hashable, Sendable {
    // In every state (RFC 3501 §6.1).
    case capability
    case noop
    case logout
    case id(ID)

    // Before authentication (RFC 3501 §6.2).
    case startTLS
    case authenticate(Authenticate)
    case login(Login)

    // Once authenticated (RFC 3501 §6.3).
    case enable(Enable)
    case select(Select)
    case examine(Select)
    case create(Create)
    case delete(Delete)
    case rename(Rename)
    case subscribe(Subscribe)
    case unsubscribe(Unsubscribe)
    case list(List)
    case lsub(Lsub)
    /// RFC 2342 §5.
    case namespace
    case status(Status)
    case getMetadata(GetMetadata)
    case setMetadata(SetMetadata)
    case getQuota(GetQuota)
    case getQuotaRoot(GetQuotaRoot)
    case setQuota(SetQuota)
    // RFC 4314 §3.
    case setACL(SetACL)
    case deleteACL(DeleteACL)
    case getACL(GetACL)
    case listRights(ListRights)
    case myRights(MyRights)
    /// RFC 2177 §3.
    case idle
    case compress(Compress)
    case notify(Notify)
    /// RFC 8437 §3.
    case unauthenticate

    // With a mailbox selected (RFC 3501 §6.4).
    case check
    case close
    /// RFC 3691 §2.
    case unselect
    case expunge(Expunge)
    case search(Search)
    case sort(Sort)
    case thread(Thread)
    case esearch(ESearch)
    case cancelUpdate(CancelUpdate)
    case fetch(Fetch)
    case store(Store)
    case copy(Copy)
    case move(Move)

    /// The command's name, whatever its arguments; `UID FETCH` is `.fetch`.
    package var name: CommandName {
        switch self {
        case .capability: .capability
        case .noop: .noop
        case .logout: .logout
        case .id: .id
        case .startTLS: .startTLS
        case .authenticate: .authenticate
        case .login: .login
        case .enable: .enable
        case .select: .select
        case .examine: .examine
        case .create: .create
        case .delete: .delete
        case .rename: .rename
        case .subscribe: .subscribe
        case .unsubscribe: .unsubscribe
        case .list: .list
        case .lsub: .lsub
        case .namespace: .namespace
        case .status: .status
        case .getMetadata: .getMetadata
        case .setMetadata: .setMetadata
        case .getQuota: .getQuota
        case .getQuotaRoot: .getQuotaRoot
        case .setQuota: .setQuota
        case .setACL: .setACL
        case .deleteACL: .deleteACL
        case .getACL: .getACL
        case .listRights: .listRights
        case .myRights: .myRights
        case .idle: .idle
        case .compress: .compress
        case .notify: .notify
        case .unauthenticate: .unauthenticate
        case .check: .check
        case .close: .close
        case .unselect: .unselect
        case .expunge: .expunge
        case .search: .search
        case .sort: .sort
        case .thread: .thread
        case .esearch: .esearch
        case .cancelUpdate: .cancelUpdate
        case .fetch: .fetch
        case .store: .store
        case .copy: .copy
        case .move: .move
        }
    }
}

/// The commands' names, as keys of the server's command table. The raw value is the name on the wire.
package enum CommandName: String, CaseIterable, Hashable, Sendable {
    case capability = "CAPABILITY"
    case noop = "NOOP"
    case logout = "LOGOUT"
    case id = "ID"
    case startTLS = "STARTTLS"
    case authenticate = "AUTHENTICATE"
    case login = "LOGIN"
    case enable = "ENABLE"
    case select = "SELECT"
    case examine = "EXAMINE"
    case create = "CREATE"
    case delete = "DELETE"
    case rename = "RENAME"
    case subscribe = "SUBSCRIBE"
    case unsubscribe = "UNSUBSCRIBE"
    case list = "LIST"
    case lsub = "LSUB"
    case namespace = "NAMESPACE"
    case status = "STATUS"
    case getMetadata = "GETMETADATA"
    case setMetadata = "SETMETADATA"
    case getQuota = "GETQUOTA"
    case getQuotaRoot = "GETQUOTAROOT"
    case setQuota = "SETQUOTA"
    case setACL = "SETACL"
    case deleteACL = "DELETEACL"
    case getACL = "GETACL"
    case listRights = "LISTRIGHTS"
    case myRights = "MYRIGHTS"
    case append = "APPEND"
    case idle = "IDLE"
    case compress = "COMPRESS"
    case notify = "NOTIFY"
    case unauthenticate = "UNAUTHENTICATE"
    case check = "CHECK"
    case close = "CLOSE"
    case unselect = "UNSELECT"
    case expunge = "EXPUNGE"
    case search = "SEARCH"
    case sort = "SORT"
    case thread = "THREAD"
    case esearch = "ESEARCH"
    case cancelUpdate = "CANCELUPDATE"
    case fetch = "FETCH"
    case store = "STORE"
    case copy = "COPY"
    case move = "MOVE"
    case replace = "REPLACE"
}
