// ESEARCH: a search of several mailboxes.

import IMAPSyntax
import Mail
import MailStore

/// One mailbox of an ESEARCH.
private struct SearchTarget {
    let reference: MailboxReference
    /// Reached by a specifier that names others: it must be visible too (RFC 7377 §2.2).
    let isImplied: Bool
    /// It is the selected mailbox, as the session sees it.
    let isSelected: Bool
}

extension Session {
    /// RFC 7377 §2. One ESEARCH for each mailbox in which something is found, none for the others.
    func esearch(_ esearch: ESearch, tag: String) async throws -> Completion {
        let sources = esearch.sources ?? [.selected]
        try refuse(esearch, in: sources)
        if let selection { try refuseReusedTag(tag, esearch.results, in: selection) }
        let work = { [self] () async throws -> Completion in
            var progress = self.progress(tag, goal: 0)
            for target in try await targets(sources) {
                try await search(target, for: esearch, tag: tag, &progress)
            }
            return .ok("ESEARCH completed.")
        }
        if let selection { return try await savingNothing(onFailureOf: esearch.results, in: selection, work) }
        do {
            return try await work()
        } catch let problem as SearchProgram.Problem {
            return Session.refusal(of: problem)
        }
    }

    /// What RFC 7377 §2.2 calls BAD.
    private func refuse(_ esearch: ESearch, in sources: [MailboxFilter]) throws(Refusal) {
        let options = esearch.results?.options ?? []
        if sources.contains(.selected) { _ = try selected() }
        if options.contains(.save), Set(sources) != [.selected] {
            throw Refusal(.bad("SAVE is for a search of the selected mailbox alone."))
        }
        if options.contains(.update), selection == nil {
            throw Refusal(.bad("UPDATE is for a search of the selected mailbox; select one first."))
        }
    }

    private func search(
        _ target: SearchTarget, for esearch: ESearch, tag: String, _ progress: inout SearchProgress
    ) async throws {
        guard let mailbox = try await view(of: target) else { return }
        progress.goal += mailbox.count
        let results = esearch.results ?? SearchResults()
        let finding = try await find(
            esearch.search, in: mailbox, of: target.reference.account.bound(to: mailbox.view.mailboxID),
            extent: SearchExtent(results),
            scoring: results.options.contains(.relevancy), progress: &progress)
        let report = SearchReport(finding.found, for: results, scores: finding.scores)
        let place = SearchCorrelator.Place(name: target.reference.fullName, uidValidity: mailbox.view.uidValidity)
        let correlator = SearchCorrelator(tag: tag, mailbox: place, isUID: true)
        if !finding.found.isEmpty {
            try await answer(report, correlator, SearchNumbers(.uid, of: finding))
            try await connection.flushIfLarge()
        }
        if target.isSelected, let selection {
            await save(report, in: selection)
            keepUpToDate(esearch.search, tag: tag, found: finding.found, in: selection)
        }
    }

    /// The selected mailbox as the session sees it, another as it is; nil where there is none.
    private func view(of target: SearchTarget) async throws -> SelectedMailbox? {
        if target.isSelected { return selection?.mailbox }
        do {
            let snapshot = try await target.reference.account.view(of: target.reference.name).current
            return snapshot.isDeleted ? nil : SelectedMailbox(snapshot, isReadOnly: true, recent: nil)
        } catch StoreError.mailboxNotFound {
            return nil
        }
    }

    // MARK: Which mailboxes

    /// Each once, in the order of the specifiers; those that this session may not search are left out.
    private func targets(_ sources: [MailboxFilter]) async throws -> [SearchTarget] {
        var targets: [SearchTarget] = []
        var known = Set<MailboxName>()
        for source in sources {
            for target in try await self.targets(source) where known.insert(target.reference.fullName).inserted {
                let needed: MailboxRights = target.isImplied ? [.lookup, .read] : .read
                if target.reference.rights.isSuperset(of: needed) { targets.append(target) }
            }
        }
        return targets
    }

    private func targets(_ source: MailboxFilter) async throws -> [SearchTarget] {
        switch source {
        case .selected, .selectedDelayed:
            let selection = try selected()
            let reference = MailboxReference(
                account: selection.account, name: selection.view.name, fullName: try selection.fullName,
                rights: .all)
            return [SearchTarget(reference: reference, isImplied: false, isSelected: true)]
        // Mail to `alice+lists@…` is delivered to `lists`: any mailbox may get some (RFC 5465 §6.3).
        case .inboxes, .personal:
            return try await targets(named: loggedIn().account.mailboxes().map(\.name), isImplied: true)
        case .subscribed: return try await targets(named: loggedIn().account.subscriptions(), isImplied: true)
        case .mailboxes(let arguments):
            return try await targets(named: arguments.map { try name(of: $0) }, isImplied: false)
        case .subtree(let arguments): return try await targets(below: arguments, depth: .max)
        case .subtreeOne(let arguments): return try await targets(below: arguments, depth: 1)
        }
    }

    /// Names that lead nowhere are passed over, as those are that must not be seen (RFC 7377 §2.2).
    private func targets(named names: [MailboxName], isImplied: Bool) async throws -> [SearchTarget] {
        var targets: [SearchTarget] = []
        for name in names {
            guard let reference = try await reference(to: name) else { continue }
            let isSelected =
                selection.map { $0.account.id == reference.account.id && $0.view.name == reference.name } == true
            targets.append(SearchTarget(reference: reference, isImplied: isImplied, isSelected: isSelected))
        }
        return targets
    }

    private func reference(to name: MailboxName) async throws -> MailboxReference? {
        do {
            return try await resolve(name)
        } catch StoreError.mailboxNotFound {
            return nil
        }
    }

    /// - Parameter depth: how many levels below; the tree has no loops, it is made of names.
    private func targets(below arguments: [MailboxArgument], depth: Int) async throws -> [SearchTarget] {
        let all = try await visibleMailboxes().map(\.name)
        var targets: [SearchTarget] = []
        for argument in arguments {
            let root = try name(of: argument)
            let below = all.filter {
                root.isAncestor(of: $0) && $0.elements.count - root.elements.count <= depth
            }
            targets += try await self.targets(named: [root], isImplied: false)
            targets += try await self.targets(named: below, isImplied: true)
        }
        return targets
    }
}
