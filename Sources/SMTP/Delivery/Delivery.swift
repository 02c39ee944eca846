// The one door for mail that arrives: whose it is, what is written above it, which mailbox takes it.
//
// Theory. An address may lead to several accounts (an alias). Its reply is positive only when all of them have the
// message durably. When some have it and others fail, the sender's server is told to come again; who has it already is
// remembered, in memory and for a bounded number of messages, so that the second try gives it to the others only. After
// a restart such a message may come twice: never less than once.

package import Logging
import Mail
import MailCrypto
package import MailStore
import NIOCore

/// Where a message came from, for its trace lines and the log.
package struct Transaction: Sendable {
    /// Our name for it.
    package var id: String
    /// nil on a unix socket.
    package var clientAddress: String?
    /// `LMTP`, and later `ESMTP`, `ESMTPS` … (RFC 3848).
    package var transport: String
}

/// Delivers messages.
package final class Delivery: Sendable {
    let store: Store
    let hostname: String
    let limits: SMTPLimits
    let logger: Logger
    private let partial = PartialDeliveries()
    private let accepted = AcceptedRecipients()

    package init(store: Store, hostname: String, limits: SMTPLimits, logger: Logger) {
        self.store = store
        self.hostname = hostname
        self.limits = limits
        self.logger = logger
    }

    func newSpool() -> MessageSpool {
        MessageSpool(directory: store.layout.temporary, memoryLimit: limits.spoolMemory)
    }

    /// Whether mail for this address is taken, and the address to deliver it to.
    func verdict(on forward: RcptCommand.Forward) async -> Result<EmailAddress, Refusal> {
        do throws(StoreError) {
            let address: EmailAddress
            switch forward {
            case .address(let given): address = given
            case .postmaster:
                guard let ours = try? EmailAddress("postmaster@\(hostname)") else {
                    return .failure(Refusal(.unknownRecipient))
                }
                address = ours
            }
            let version = store.directory.version
            switch try await accounts(of: address) {
            case .success(let recipients):
                accepted.note(recipients, of: address, version)
                return .success(address)
            case .failure(let refusal): return .failure(refusal)
            }
        } catch {
            log(error, "look up a recipient")
            return .failure(Refusal(Reply(error)))
        }
    }

    /// Delivers to every recipient of the envelope; a reply for each, in their order. Returns after the last commit.
    func deliver(
        _ message: SpooledMessage, header: HeaderScan, _ envelope: Envelope, _ transaction: Transaction
    ) async -> [Reply] {
        let message = await prepared(message, for: envelope)
        let jobs = envelope.recipients.indices
        if jobs.count == 1 {
            return [await deliver(message, header, envelope, transaction, to: envelope.recipients[0])]
        }
        return await withTaskGroup(of: (Int, Reply).self) { group in
            var replies = [Reply](repeating: Reply(.unavailable("not tried")), count: jobs.count)
            var next = 0
            func start() {
                guard next < jobs.count else { return }
                let (index, address) = (next, envelope.recipients[next])
                next += 1
                group.addTask {
                    (index, await self.deliver(message, header, envelope, transaction, to: address))
                }
            }
            for _ in 0..<max(1, limits.concurrentDeliveries) { start() }
            while let (index, reply) = await group.next() {
                replies[index] = reply
                start()
            }
            return replies
        }
    }

    /// A message for several is parsed and compressed once; what cannot be shared is done for each by itself.
    private func prepared(_ message: SpooledMessage, for envelope: Envelope) async -> SpooledMessage {
        guard envelope.recipients.count > 1 else { return message }
        var message = message
        let staging = store.stage(limit: limits.messageSize)
        do throws(StoreError) {
            try await message.forEachPiece { piece throws(StoreError) in try await staging.write(piece) }
            message.staged = try await staging.finish()
        } catch {
            staging.discard()
        }
        return message
    }

    /// For the delivery: as they were a moment ago, or looked up again.
    private func accountsNow(of address: EmailAddress) async throws(StoreError) -> Result<[Recipient], Refusal> {
        if let known = accepted.recipients(of: address, store.directory.version) { return .success(known) }
        return try await accounts(of: address)
    }

    /// The active accounts behind an address. Suspended ones do not hold up the others.
    private func accounts(of address: EmailAddress) async throws(StoreError) -> Result<[Recipient], Refusal> {
        let all = try await store.directory.recipients(for: address)
        if all.isEmpty { return .failure(Refusal(.unknownRecipient)) }
        let active = all.filter { $0.account.status == .active }
        return active.isEmpty ? .failure(Refusal(.suspendedRecipient)) : .success(active)
    }

    private func deliver(
        _ message: SpooledMessage, _ header: HeaderScan, _ envelope: Envelope, _ transaction: Transaction,
        to address: EmailAddress
    ) async -> Reply {
        guard header.receivedLines <= limits.receivedLines, !header.deliveredTo.contains(address.lookupKey) else {
            logger.notice("refused a mail loop", metadata: facts(transaction, envelope, address))
            return .loop
        }
        do throws(StoreError) {
            switch try await accountsNow(of: address) {
            case .failure(let refusal): return refusal.reply
            case .success(let recipients):
                return try await deliver(message, envelope, transaction, to: address, recipients)
            }
        } catch {
            log(error, "deliver a message", facts(transaction, envelope, address))
            return Reply(error)
        }
    }

    private func deliver(
        _ message: SpooledMessage, _ envelope: Envelope, _ transaction: Transaction, to address: EmailAddress,
        _ recipients: [Recipient]
    ) async throws(StoreError) -> Reply {
        if let only = recipients.first, recipients.count == 1 {
            try await store(message, envelope, transaction, address, only)
            return delivered(transaction)
        }
        var key: PartialDeliveries.Key?
        if !partial.isEmpty { key = try await identity(of: message, envelope, address) }
        let have = key.map { partial.accounts(for: $0) } ?? []
        var done = have
        var failure: StoreError?
        for recipient in recipients where !have.contains(recipient.account.id) {
            do throws(StoreError) {
                try await store(message, envelope, transaction, address, recipient)
                done.insert(recipient.account.id)
            } catch {
                log(error, "deliver to one account of an alias", facts(transaction, envelope, address))
                // What may pass decides over what will not: the sender's server then tries again.
                if failure == nil || Reply(error).code < 500 { failure = error }
            }
        }
        guard let failure else {
            if let key { partial.forget(key) }
            return delivered(transaction)
        }
        if !done.isEmpty {
            partial.remember(done, for: try await identity(of: message, envelope, address))
        }
        return Reply(failure)
    }

    private func delivered(_ transaction: Transaction) -> Reply {
        Reply(250, "2.0.0", "Delivered as \(transaction.id)")
    }

    /// One message into one account: durable on return.
    private func store(
        _ message: SpooledMessage, _ envelope: Envelope, _ transaction: Transaction, _ address: EmailAddress,
        _ recipient: Recipient
    ) async throws(StoreError) {
        let account = try await store.account(recipient.account.id)
        let date = MailDate.now()
        let trace = trace(envelope, transaction, address, date)
        var mailbox = try await mailbox(for: recipient.detail, in: account)
        do throws(StoreError) {
            try await append(message, under: trace, date, to: mailbox, of: account)
        } catch {
            // Deleted or renamed since we looked.
            guard case .mailboxNotFound = error, !mailbox.isInbox else { throw error }
            mailbox = .inbox
            try await append(message, under: trace, date, to: mailbox, of: account)
        }
        var facts = facts(transaction, envelope, address)
        facts["account"] = "\(recipient.account.id)"
        facts["mailbox"] = "\(mailbox)"
        facts["size"] = "\(message.size)"
        logger.info("delivered", metadata: facts)
    }

    private func append(
        _ message: SpooledMessage, under trace: [UInt8], _ date: MailDate, to mailbox: MailboxName,
        of account: AccountStore
    ) async throws(StoreError) {
        if let staged = message.staged?.under(trace) {
            _ = try await account.appending(staged, internalDate: date, to: mailbox).value()
            return
        }
        let staging = store.stage(limit: limits.messageSize + trace.count)
        do throws(StoreError) {
            try await staging.write(ByteBuffer(bytes: trace))
            try await message.forEachPiece { piece throws(StoreError) in try await staging.write(piece) }
        } catch {
            staging.discard()
            throw error
        }
        _ = try await account.appending(staging, internalDate: date, to: mailbox).value()
    }

    /// Return-Path first, as RFC 5321 §4.4 has it for final delivery.
    private func trace(
        _ envelope: Envelope, _ transaction: Transaction, _ address: EmailAddress, _ date: MailDate
    ) -> [UInt8] {
        TraceHeader.returnPath(envelope.sender) + TraceHeader.deliveredTo(address.description)
            + TraceHeader.received(
                from: envelope.client, clientAddress: transaction.clientAddress, by: hostname,
                with: envelope.smtpUTF8 ? "UTF8\(transaction.transport)" : transaction.transport, id: transaction.id,
                recipient: address.description, date: date)
    }

    /// The mailbox that `+detail` names, if there is one, whatever its letters' case; else INBOX.
    private func mailbox(for detail: String?, in account: AccountStore) async throws(StoreError) -> MailboxName {
        guard let detail, let wanted = try? MailboxName(detail) else { return .inbox }
        let names = try await account.mailboxes().map(\.name)
        if names.contains(wanted) { return wanted }
        let folded = wanted.text.lowercased()
        return names.first { $0.text.lowercased() == folded } ?? .inbox
    }
}

extension Delivery {
    private func facts(
        _ transaction: Transaction, _ envelope: Envelope, _ address: EmailAddress
    ) -> Logger.Metadata {
        [
            "rip": "\(transaction.clientAddress ?? "local")", "id": "\(transaction.id)",
            "from": "\(envelope.sender)", "to": "\(address)",
        ]
    }

    private func log(_ error: StoreError, _ what: String, _ facts: Logger.Metadata = [:]) {
        let facts = facts.merging(["reason": "\(error.explanation)"]) { old, _ in old }
        switch error {
        case .unavailable, .broken: logger.error("cannot \(what)", metadata: facts)
        default: logger.notice("cannot \(what)", metadata: facts)
        }
    }

    private func identity(
        of message: SpooledMessage, _ envelope: Envelope, _ address: EmailAddress
    ) async throws(StoreError) -> PartialDeliveries.Key {
        do {
            let hash = try SHA256()
            try hash.update(Array("\(envelope.sender)\0\(address.lookupKey)\0".utf8))
            try await message.forEachPiece { piece throws(StoreError) in
                do { try hash.update(piece) } catch { throw .unavailable("\(error)") }
            }
            return try hash.finalize()
        } catch {
            throw error as? StoreError ?? .unavailable("\(error)")
        }
    }
}
