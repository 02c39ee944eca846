// Writes FETCH responses, inside a job of the store or without one: resumable, so that a large body goes out in pieces.
//
// Theory. `FetchProgress` is a place in the batch: message, item, and bytes of the item's literal that are written
// already. `advance` writes from there until the batch is done or `pieceSize` is reached, in the middle of a literal if
// need be, and leaves the place for the next job. A message that is gone before anything of it was sent is left out, as
// RFC 2180 §4.1.2 allows; one that fails after its literal was announced can only end the connection.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// Where an encoder stands.
struct FetchProgress: Sendable {
    var writer = ResponseWriter()
    var message = 0
    var item = 0
    /// Bytes of the current literal that are written.
    var written = 0
    /// Some of the message's response has been taken away by the session.
    var isMessageBegun = false
    /// Of a BINARY item, while it is under way.
    var binary: BinaryTransfer?
    /// Messages that were left out, being gone.
    var missing = 0
    /// Messages were left out, because a part that was asked for decoded has an encoding that nobody here knows.
    var hasUnknownEncoding = false
    var isDone = false
}

/// An encoder and its place: what goes to a job of the store and comes back from it.
struct FetchJob: Sendable {
    var encoder: FetchEncoder
    var progress = FetchProgress()

    init(encoder: FetchEncoder) {
        self.encoder = encoder
        progress.writer.acceptsUTF8 = encoder.plan.enabled.acceptsUTF8
        progress.writer.isUIDOnly = encoder.plan.enabled.isUIDOnly
    }

    /// The job after its next piece.
    /// - Parameter isBrief: it is small enough for the event loop.
    func advanced(in account: AccountStore, isBrief: Bool = false) async throws(StoreError) -> FetchJob {
        try await account.read(isBrief: isBrief) { reader in try advanced(reader: reader) }
    }

    /// The same, to be asked for later; nil where `onlyIfSpare` and no reader is.
    func start(in account: AccountStore, onlyIfSpare: Bool = false) -> Pending<FetchJob>? {
        account.startRead(onlyIfSpare: onlyIfSpare) { reader in try advanced(reader: reader) }
    }

    private func advanced(reader: AccountReader) throws -> FetchJob {
        var next = self
        try next.encoder.advance(&next.progress, reader: reader)
        return next
    }
}

struct FetchEncoder: Sendable {
    /// The output of one job, about.
    static let pieceSize = 256 * 1_024

    let plan: FetchPlan
    let planWithFlags: FetchPlan
    let targets: [FetchTarget]
    /// Whose messages they are, and where.
    let account: AccountID
    let mailbox: MailboxID
    private var flags: FlagEncoder
    /// In step with the plan's items.
    private let listed: [ListedItem?]

    init(
        plan: FetchPlan, targets: [FetchTarget], flagSets: FlagSetTable, account: AccountID, mailbox: MailboxID
    ) {
        self.account = account
        self.mailbox = mailbox
        self.plan = plan
        planWithFlags = plan.withFlags
        listed = planWithFlags.items.map { ListedItem($0) }
        self.targets = targets
        flags = FlagEncoder(flagSets, tellsRecent: !plan.enabled.isRev2)
    }

    /// One job on the event loop can answer it: what the snapshot does not tell is a few messages, and small.
    var isBrief: Bool {
        guard targets.count <= FetchQueue.mostBriefly else { return false }
        var sum = 0
        for target in targets {
            sum = sum.addingReportingOverflow(plan.estimate(size: target.entry.size)).partialValue
            if sum < 0 || sum > FetchQueue.mostBytesBriefly { return false }
        }
        return true
    }

    /// About how many bytes the next piece has.
    private func nextPiece(_ progress: FetchProgress) -> Int {
        var sum = -progress.written
        for target in targets[progress.message...] where sum < FetchEncoder.pieceSize {
            sum = sum.addingReportingOverflow(plan.estimate(size: target.entry.size)).partialValue
        }
        return max(0, min(sum, FetchEncoder.pieceSize))
    }

    /// Writes messages whose items all come from the snapshot.
    mutating func encodeFromSnapshot(into writer: inout ResponseWriter) {
        for target in targets {
            writer.beginFetch(target.number, uid: target.entry.uid.rawValue)
            for item in plan.items { encode(item, of: target, into: &writer) }
            writer.endFetch()
        }
    }

    /// Writes on from `progress` until the piece is full or the batch is done.
    mutating func advance(_ progress: inout FetchProgress, reader: AccountReader) throws {
        var headers = ListedHeaders()
        // A buffer that grows is copied each time.
        progress.writer.buffer.reserveCapacity(minimumWritableBytes: nextPiece(progress))
        while progress.message < targets.count {
            let start = progress.writer.buffer.writerIndex
            do {
                guard try encodeMessage(&progress, &headers, reader) else {
                    progress.isMessageBegun = true
                    return
                }
            } catch StoreError.messageGone where !progress.isMessageBegun {
                progress.writer.buffer.moveWriterIndex(to: start)
                progress.missing += 1
            } catch FetchContent.UnknownEncoding.found {
                progress.hasUnknownEncoding = true
            }
            progress.message += 1
            progress.item = 0
            progress.written = 0
            progress.isMessageBegun = false
            if progress.writer.buffer.readableBytes >= FetchEncoder.pieceSize { break }
        }
        progress.isDone = progress.message >= targets.count
    }

    /// - Returns: false when the piece is full before the message's end.
    private mutating func encodeMessage(
        _ progress: inout FetchProgress, _ headers: inout ListedHeaders, _ reader: AccountReader
    ) throws -> Bool {
        let target = targets[progress.message]
        let items = target.becomesSeen ? planWithFlags.items : plan.items
        var content = FetchContent(target.entry)
        if progress.item == 0, progress.written == 0, !progress.isMessageBegun {
            try refuseUnknownEncodings(items, &content, reader)
            progress.writer.beginFetch(target.number, uid: target.entry.uid.rawValue)
        }
        while progress.item < items.count {
            let item = items[progress.item]
            if try encodeListed(&progress, &headers, reader) {
                // Of the fields that lists are made of, all that was asked for is written.
            } else if let literal = item.literal {
                guard try encode(literal, &content, &progress, reader) else { return false }
            } else if item.isBinary {
                guard try encode(binary: item, &content, &progress, reader) else { return false }
            } else if item.readsStore {
                try encode(item, of: target.entry, into: &progress.writer, reader)
            } else {
                encode(item, of: target, into: &progress.writer)
            }
            progress.item += 1
            progress.written = 0
        }
        progress.writer.endFetch()
        return true
    }

    /// - Returns: false when the item is another, or the message is in no group.
    private func encodeListed(
        _ progress: inout FetchProgress, _ headers: inout ListedHeaders, _ reader: AccountReader
    ) throws -> Bool {
        guard progress.written == 0, let item = listed[progress.item],
            let group = try headers.group(of: progress.message, among: targets, reader)
        else { return false }
        return progress.writer.fetchListed(item, of: targets[progress.message].entry.bodyID, in: group)
    }

    /// An item of the snapshot.
    private mutating func encode(_ item: FetchItem, of target: FetchTarget, into writer: inout ResponseWriter) {
        switch item {
        case .uid: writer.fetchUID(target.entry.uid.rawValue)
        case .modSeq: writer.fetchModSeq(target.entry.modSeq)
        case .flags: writer.fetchFlags(encoded: flags.encoded(target.entry.flagSet, isRecent: target.isRecent))
        case .internalDate: writer.fetchInternalDate(target.entry.internalDate)
        case .size: writer.fetchSize(UInt64(target.entry.size))
        default: break
        }
    }

    /// An item that was encoded when the message was stored.
    private func encode(
        _ item: FetchItem, of entry: MessageEntry, into writer: inout ResponseWriter, _ reader: AccountReader
    ) throws {
        let body = entry.bodyID
        switch item {
        case .envelope: writer.fetchEnvelope(encoded: try reader.outline(of: body).envelope)
        case .bodyStructure: writer.fetchBodyStructure(encoded: try reader.outline(of: body).bodyStructure)
        case .body:
            let structure = try reader.outline(of: body).bodyStructure
            let short = MessageParser.bodyWithoutExtensions(Array(structure.readableBytesView))
            writer.fetchBody(encoded: ByteBuffer(bytes: short))
        case .emailID: writer.fetchEmailID(ObjectID.email(try reader.emailID(of: body, in: account)))
        case .threadID: writer.fetchThreadID(try reader.threadName(of: body, in: account).map(ObjectID.thread))
        case .saveDate:
            guard let seconds = try reader.saveDate(of: entry.uid, in: mailbox) else { throw StoreError.messageGone }
            writer.fetchSaveDate(MailDate(secondsSince1970: seconds))
        case .preview(let lazy): writer.fetchPreview(try reader.preview(of: body, lazy: lazy))
        default: break
        }
    }

    /// - Returns: false when the piece is full before the literal's end.
    private func encode(
        _ literal: (section: Section, partial: FetchPartial?, name: FetchLiteralName), _ content: inout FetchContent,
        _ progress: inout FetchProgress, _ reader: AccountReader
    ) throws -> Bool {
        switch try content.value(of: literal.section, reader) {
        case .none: progress.writer.fetchNil(literal.name)
        case .bytes(let bytes):
            let range = literal.partial?.range(in: bytes.count) ?? 0..<bytes.count
            progress.writer.fetchLiteral(literal.name, size: range.count)
            let start = progress.writer.buffer.writerIndex
            progress.writer.buffer.writeBytes(bytes[range])
            progress.writer.buffer.replaceNULs(from: start)
        case .stored(let whole):
            let part = literal.partial?.range(in: whole.count) ?? 0..<whole.count
            let range = whole.lowerBound + part.lowerBound..<whole.lowerBound + part.upperBound
            return try encode(range, literal.name, content.body, &progress, reader)
        }
        return true
    }

    private func encode(
        _ range: Range<Int>, _ name: FetchLiteralName, _ body: BodyID, _ progress: inout FetchProgress,
        _ reader: AccountReader
    ) throws -> Bool {
        if progress.written == 0 { progress.writer.fetchLiteral(name, size: range.count) }
        let rest = range.dropFirst(progress.written)
        guard !rest.isEmpty else { return true }
        let room = max(1, FetchEncoder.pieceSize - progress.writer.buffer.readableBytes)
        let start = progress.writer.buffer.writerIndex
        let count = try reader.bytes(of: body, range: rest, enough: room, into: &progress.writer.buffer)
        guard count > 0 else { throw StoreError.broken("body \(body) is shorter than its message says") }
        progress.writer.buffer.replaceNULs(from: start)
        progress.written += count
        return count == rest.count
    }
}
