// From one command's bytes to its value.

package import NIOCore

/// - Parameters:
///   - bytes: one complete command as it came: literals in place, without the CRLF that ends it.
///   - limits: for the session's state.
/// - Returns: the command, or what to say in BAD. Never traps; takes time and memory in proportion to the bytes.
package func parseCommand(_ bytes: ByteBuffer, limits: SyntaxLimits = .standard) -> Result<TaggedCommand, BadCommand> {
    var lexer = Lexer(bytes, limits: limits)
    var tag: String?
    do throws(SyntaxError) {
        let parsed = try lexer.tag()
        tag = parsed
        try lexer.space()
        let command = try lexer.command()
        try lexer.end()
        return .success(TaggedCommand(tag: parsed, command: command))
    } catch {
        return .failure(BadCommand(tag: tag, reason: error.reason))
    }
}

/// The tag and the name of a command of which only the beginning is there.
package struct CommandHead: Hashable, Sendable {
    package var tag: String
    /// nil for a command that Martlet does not know.
    package var name: CommandName?

    package init(tag: String, name: CommandName?) {
        self.tag = tag
        self.name = name
    }
}

/// - Parameter prefix: a command's bytes from its tag, as many as there are, at least up to the space after its name.
package func parseCommandHead(_ prefix: ByteBuffer, limits: SyntaxLimits) -> Result<CommandHead, BadCommand> {
    var lexer = Lexer(prefix, limits: limits)
    do throws(SyntaxError) {
        let tag = try lexer.tag()
        guard lexer.take(" ") else { return .success(CommandHead(tag: tag, name: nil)) }
        var name = lexer.letters()
        if name == "UID", lexer.take(" ") { name = lexer.letters() }
        return .success(CommandHead(tag: tag, name: CommandName(rawValue: name)))
    } catch {
        return .failure(BadCommand(tag: nil, reason: error.reason))
    }
}

extension Lexer {
    // RFC 3501 §9: command = tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
    mutating func command() throws(SyntaxError) -> Command {
        let name = letters()
        guard peek() == nil || peek() == 0x20 else { throw SyntaxError("unknown command") }
        if name == "UID" {
            try space()
            return try uidCommand()
        }
        guard let known = CommandName(rawValue: name) else {
            throw SyntaxError(name.isEmpty ? "a command's name follows its tag" : "unknown command \(name)")
        }
        return try command(named: known)
    }

    // RFC 3501 §9: uid = "UID" SP (copy / fetch / search / store); RFC 6851 §5, RFC 4315 §4: move, expunge
    private mutating func uidCommand() throws(SyntaxError) -> Command {
        let name = letters()
        guard peek() == nil || peek() == 0x20 else { throw SyntaxError("unknown command") }
        switch name {
        case "FETCH": return .fetch(try fetch(.uid))
        case "STORE": return .store(try store(.uid))
        case "SEARCH": return .search(try search(.uid))
        case "SORT": return .sort(try sort(.uid))
        case "THREAD": return .thread(try thread(.uid))
        case "COPY": return .copy(try copy(.uid))
        case "MOVE": return .move(try move(.uid))
        case "EXPUNGE": return .expunge(try expunge(.uid))
        default: throw SyntaxError("unknown command UID \(name)")
        }
    }

    private mutating func command(named name: CommandName) throws(SyntaxError) -> Command {
        switch name {
        case .capability: return .capability
        case .noop: return .noop
        case .logout: return .logout
        case .startTLS: return .startTLS
        case .namespace: return .namespace
        case .idle: return .idle
        case .check: return .check
        case .close: return .close
        case .unselect: return .unselect
        case .id: return .id(try id())
        case .authenticate: return .authenticate(try authenticate())
        case .compress: return .compress(try compress())
        case .notify: return .notify(try notify())
        case .unauthenticate: return .unauthenticate
        case .login: return .login(try login())
        case .enable: return .enable(try enable())
        case .select: return .select(try select())
        case .examine: return .examine(try select())
        case .create: return .create(try create())
        case .delete: return .delete(try delete())
        case .rename: return .rename(try rename())
        case .subscribe: return .subscribe(try subscribe())
        case .unsubscribe: return .unsubscribe(try unsubscribe())
        case .list: return .list(try list())
        case .lsub: return .lsub(try lsub())
        case .status: return .status(try status())
        case .getMetadata: return .getMetadata(try getMetadata())
        case .setMetadata: return .setMetadata(try setMetadata())
        case .getQuota: return .getQuota(try getQuota())
        case .getQuotaRoot: return .getQuotaRoot(try getQuotaRoot())
        case .setQuota: return .setQuota(try setQuota())
        case .setACL: return .setACL(try setACL())
        case .deleteACL: return .deleteACL(try deleteACL())
        case .getACL: return .getACL(try getACL())
        case .listRights: return .listRights(try listRights())
        case .myRights: return .myRights(try myRights())
        case .expunge: return .expunge(try expunge(.sequence))
        case .search: return .search(try search(.sequence))
        case .sort: return .sort(try sort(.sequence))
        case .thread: return .thread(try thread(.sequence))
        case .esearch: return .esearch(try esearch())
        case .cancelUpdate: return .cancelUpdate(try cancelUpdate())
        case .fetch: return .fetch(try fetch(.sequence))
        case .store: return .store(try store(.sequence))
        case .copy: return .copy(try copy(.sequence))
        case .move: return .move(try move(.sequence))
        case .append: throw SyntaxError("APPEND takes a mailbox, flags, a date and a message as a literal")
        case .replace: throw SyntaxError("REPLACE takes a number, a mailbox, flags, a date and a message as a literal")
        }
    }
}
