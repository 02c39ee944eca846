// Response codes on the wire.

import Mail
import NIOCore

extension ResponseWriter {
    // RFC 3501 §9: resp-text-code
    mutating func write(code: ResponseCode) {
        if let name = code.plainName {
            buffer.writeStaticString(name)
        } else {
            writeWithArguments(code)
        }
    }

    private mutating func writeWithArguments(_ code: ResponseCode) {
        switch code {
        case .badCharset(let supported): write(badCharset: supported)
        case .capability(let names):
            buffer.writeStaticString("CAPABILITY")
            for name in names {
                space()
                write(atom: name)
            }
        case .permanentFlags(let flags, let mayCreateKeywords):
            buffer.writeStaticString("PERMANENTFLAGS ")
            list(flags.names + (mayCreateKeywords ? ["\\*"] : []))
        case .uidNext(let value): write(code: "UIDNEXT ", UInt64(value))
        case .badURL(let url):
            buffer.writeStaticString("BADURL ")
            // Any TEXT-CHAR except "]" may stand here; what a reader could take for something else does not.
            buffer.writeBytes(
                url.prefix(1_000).map { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "]") ? $0 : UInt8(ascii: "?") })
            if url.isEmpty { buffer.writeStaticString("?") }
        case .mailboxID(let id):
            buffer.writeStaticString("MAILBOXID ")
            write(objectID: id)
        case .uidValidity(let value): write(code: "UIDVALIDITY ", UInt64(value.rawValue))
        case .unseen(let number): write(code: "UNSEEN ", UInt64(number))
        case .highestModSeq(let value): write(code: "HIGHESTMODSEQ ", value.rawValue)
        case .metadataLongEntries(let size): write(code: "METADATA LONGENTRIES ", size)
        case .metadataMaxSize(let size): write(code: "METADATA MAXSIZE ", size)
        case .modified(let ranges):
            buffer.writeStaticString("MODIFIED ")
            write(ranges: ranges)
        case .badEvent(let names):
            buffer.writeStaticString("BADEVENT ")
            list(names)
        case .appendUID(let validity, let uids):
            write(code: "APPENDUID ", UInt64(validity.rawValue))
            space()
            buffer.writeString(uids.wireForm)
        case .copyUID(let validity, let source, let destination):
            write(code: "COPYUID ", UInt64(validity.rawValue))
            space()
            buffer.writeString(source.wireForm)
            space()
            buffer.writeString(destination.wireForm)
        case .inProgress(let tag, let done, let goal): writeInProgress(tag, done, goal)
        case .noUpdate(let tag):
            buffer.writeStaticString("NOUPDATE ")
            write(string: tag)
        case .undefinedFilter(let name):
            buffer.writeStaticString("UNDEFINED-FILTER ")
            write(atom: name)
        default: break
        }
    }

    private mutating func write(code: StaticString, _ value: UInt64) {
        buffer.writeStaticString(code)
        write(number: value)
    }

    // RFC 9585 §5: "INPROGRESS" [SP "(" inprogress-tag SP inprogress-state ")"]
    /// A tag with a `]` is not named.
    private mutating func writeInProgress(_ tag: String, _ done: UInt32, _ goal: UInt32) {
        buffer.writeStaticString("INPROGRESS (")
        if tag.utf8.contains(UInt8(ascii: "]")) { buffer.writeStaticString("NIL") } else { write(string: tag) }
        space()
        write(number: UInt64(done))
        space()
        if goal > done { write(number: UInt64(goal)) } else { buffer.writeStaticString("NIL") }
        buffer.writeStaticString(")")
    }

    private mutating func write(badCharset supported: [String]) {
        buffer.writeStaticString("BADCHARSET")
        guard !supported.isEmpty else { return }
        buffer.writeStaticString(" (")
        for (index, name) in supported.enumerated() {
            if index > 0 { space() }
            write(astring: name)
        }
        buffer.writeStaticString(")")
    }
}

extension ResponseCode {
    /// The whole of a code that takes no arguments.
    fileprivate var plainName: StaticString? {
        switch self {
        case .alert: "ALERT"
        case .parse: "PARSE"
        case .readOnly: "READ-ONLY"
        case .readWrite: "READ-WRITE"
        case .tryCreate: "TRYCREATE"
        case .uidNotSticky: "UIDNOTSTICKY"
        case .unavailable: "UNAVAILABLE"
        case .authenticationFailed: "AUTHENTICATIONFAILED"
        case .authorizationFailed: "AUTHORIZATIONFAILED"
        case .expired: "EXPIRED"
        case .privacyRequired: "PRIVACYREQUIRED"
        case .contactAdmin: "CONTACTADMIN"
        case .noPerm: "NOPERM"
        case .inUse: "INUSE"
        case .expungeIssued: "EXPUNGEISSUED"
        case .corruption: "CORRUPTION"
        case .serverBug: "SERVERBUG"
        case .clientBug: "CLIENTBUG"
        case .cannot: "CANNOT"
        case .limit: "LIMIT"
        case .overQuota: "OVERQUOTA"
        case .alreadyExists: "ALREADYEXISTS"
        case .nonexistent: "NONEXISTENT"
        case .closed: "CLOSED"
        case .tooBig: "TOOBIG"
        case .useAttr: "USEATTR"
        case .unknownCTE: "UNKNOWN-CTE"
        case .compressionActive: "COMPRESSIONACTIVE"
        case .notificationOverflow: "NOTIFICATIONOVERFLOW"
        case .noModSeq: "NOMODSEQ"
        case .notSaved: "NOTSAVED"
        case .hasChildren: "HASCHILDREN"
        case .uidRequired: "UIDREQUIRED"
        case .metadataTooMany: "METADATA TOOMANY"
        case .metadataLongEntries, .metadataMaxSize, .badCharset, .capability, .permanentFlags, .uidNext,
            .uidValidity, .unseen, .highestModSeq, .appendUID, .copyUID, .badEvent, .inProgress, .noUpdate,
            .undefinedFilter, .modified, .mailboxID, .badURL:
            nil
        }
    }
}
