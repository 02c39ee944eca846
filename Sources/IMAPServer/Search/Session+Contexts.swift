// When a session's contexts are made, and how they follow the view.

import IMAPSyntax
import Logging
import Mail
import MailStore

/// What is to be told of one context.
struct ContextUpdate: Sendable {
    let context: SearchContext
    let data: [SearchDatum]
    /// Among the results now, and not before.
    let added: Set<UID>
}

extension Session {
    /// Updates under a tag that is in use already are refused (RFC 5267 §4.3).
    func refuseReusedTag(_ tag: String, _ results: SearchResults?, in selection: Selection) throws(Refusal) {
        guard results?.options.contains(.update) == true else { return }
        guard !selection.contexts.contains(where: { $0.tag == tag }) else {
            throw Refusal(.bad("That tag is in use by a search that is kept up to date."))
        }
    }

    /// Keeps a search up to date whose client asked for it, or says that this is not done (RFC 5267 §4.3.1).
    /// - Returns: whether it is.
    @discardableResult
    func keepUpToDate(
        _ search: Search, by criteria: [SortCriterion]? = nil, tag: String, found: [Int], in selection: Selection
    ) -> Bool {
        guard search.results?.options.contains(.update) == true else { return false }
        let mailbox = selection.mailbox
        let isTooMuch =
            if let criteria {
                found.count > limits.sortedContext || criteria.contains { $0.key == .relevancy }
            } else {
                found.count > limits.context
            }
        guard selection.contexts.count < limits.contexts, !isTooMuch else {
            connection.writer.untagged(.no, code: .noUpdate(tag: tag), "There will be no updates of this search.")
            return false
        }
        selection.contexts.append(
            SearchContext(tag: tag, search: search, criteria: criteria, in: mailbox, found: found))
        return true
    }

    /// Tells that messages left the view, before their EXPUNGE does: the numbers are those of the view before.
    func tellContextsOfExpunged(_ before: SelectedMailbox, in selection: Selection) {
        guard !selection.contexts.isEmpty else { return }
        let gone = before.view.advanced(to: selection.mailbox.view, keepingExpunged: false).1.expunged
        guard !gone.isEmpty else { return }
        for place in selection.contexts.indices {
            let numbering = selection.contexts[place].numbering
            selection.contexts[place].pending.subtract(gone)
            guard let datum = selection.contexts[place].remove(gone, number: { before.number(of: $0, numbering) })
            else { continue }
            write([datum], of: selection.contexts[place])
        }
    }

    /// Works out what came into each context, what left it and what changed.
    func updateContexts(
        since before: SelectedMailbox, in selection: Selection
    ) async throws(ConnectionEnded) -> [ContextUpdate] {
        guard !selection.contexts.isEmpty else { return [] }
        let difference = before.view.advanced(to: selection.mailbox.view, keepingExpunged: false).1
        let touched = Set(difference.added).union(difference.changed)
        var updates: [ContextUpdate] = []
        for tag in selection.contexts.map(\.tag) {
            guard let place = selection.contexts.firstIndex(where: { $0.tag == tag }) else { continue }
            selection.contexts[place].pending.formUnion(touched)
            let context = selection.contexts[place]
            guard !context.pending.isEmpty || context.isVolatile else { continue }
            do {
                updates.append(try await update(context, at: place, in: selection))
            } catch let ended as ConnectionEnded {
                throw ended
            } catch is Replied {
                return updates
            } catch {
                // The messages are judged at the next change.
                logger.warning("a search could not be kept up to date", metadata: ["error": "\(error)"])
            }
            guard !isOver else { return updates }
        }
        return updates
    }

    /// Tells of the updates, after EXISTS and the FETCHes of changed flags.
    func write(_ updates: [ContextUpdate]) async throws(ConnectionEnded) {
        for update in updates where !update.data.isEmpty {
            write(update.data, of: update.context)
            try await connection.flushIfLarge()
        }
    }

    private func update(
        _ context: SearchContext, at place: Int, in selection: Selection
    ) async throws -> ContextUpdate {
        let mailbox = selection.mailbox
        let scope = SearchScope(account: selection.account, view: mailbox.view)
        var progress = self.progress(context.tag, goal: mailbox.count)
        let program = try await consulting(
            SearchProgram(context.search, in: mailbox, of: selection.account.id), selection.account)
        let judged = context.isVolatile ? nil : context.pending.compactMap { mailbox.view.index(of: $0) }.sorted()
        let found =
            if let judged {
                try await hits(of: program, at: judged, in: scope, progress: &progress)
            } else {
                try await hits(of: program, in: scope, progress: &progress)
            }
        let matching = Set(found.map { mailbox.view[$0].uid })
        let others = judged.map { $0.map { mailbox.view[$0].uid } } ?? Array(context.members)
        var changed = context
        changed.pending = []
        let number = { (uid: UID) in mailbox.number(of: uid, context.numbering) }
        var data: [SearchDatum] = []
        if let removed = changed.remove(others.lazy.filter { !matching.contains($0) }, number: number) {
            data.append(removed)
        }
        let new = matching.subtracting(changed.members)
        if !new.isEmpty {
            var sorted: [UID] = []
            if let criteria = context.criteria {
                let all = changed.members.union(new).compactMap { mailbox.view.index(of: $0) }.sorted()
                let indices = try await self.sorted(all, by: criteria, in: scope, progress: &progress)
                sorted = indices.map { mailbox.view[$0].uid }
            }
            if let added = changed.add(new, sorted: sorted, number: number) { data.append(added) }
        }
        selection.contexts[place] = changed
        return ContextUpdate(context: changed, data: data, added: new)
    }

    private func write(_ data: [SearchDatum], of context: SearchContext) {
        connection.writer.esearch(SearchCorrelator(tag: context.tag, isUID: context.numbering == .uid), data)
    }
}

extension SelectedMailbox {
    /// nil when the view has no such message.
    fileprivate func number(of uid: UID, _ numbering: MessageNumbering) -> UInt32? {
        switch numbering {
        case .sequence: sequenceNumber(of: uid)
        case .uid: uid.rawValue
        }
    }
}
