// SEARCH and UID SEARCH.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.4.4, RFC 4731 §3. One untagged SEARCH or ESEARCH in any case, but for RETURN (SAVE).
    func search(_ search: Search, tag: String) async throws -> Completion {
        let selection = try selected()
        try refuseReusedTag(tag, search.results, in: selection)
        try refuseCharset(search.charset)
        return try await savingNothing(onFailureOf: search.results, in: selection) {
            var progress = self.progress(tag, goal: selection.mailbox.count)
            // In IMAP4rev2 the reply is ESEARCH in any case (RFC 9051 §6.4.4).
            let results = search.results ?? (enabled.isRev2 ? SearchResults() : nil)
            let finding = try await find(
                search, in: selection.mailbox, of: selection.account, extent: SearchExtent(results),
                scoring: results?.options.contains(.relevancy) == true, progress: &progress)
            try await reply(finding, results: results, search.numbering, tag: tag, in: selection) { numbers, writer in
                let found = finding.found
                writer.search(found.map { numbers.number(at: $0) }, modSeq: numbers.highestModSeq(of: found))
            }
            keepUpToDate(search, tag: tag, found: finding.found, in: selection)
            return .ok("SEARCH completed.")
        }
    }

    /// The reply of SEARCH and SORT: ESEARCH, and what SAVE keeps, where `results` are asked for; else what `plain`
    /// writes.
    func reply(
        _ finding: SearchFinding, results: SearchResults?, _ numbering: MessageNumbering, tag: String,
        in selection: Selection, plain: @escaping @Sendable (SearchNumbers, inout ResponseWriter) -> Void
    ) async throws {
        let numbers = await searchNumbers(numbering, of: finding)
        guard let results else {
            return try await writeApart(finding.found.count) { plain(numbers, &$0) }
        }
        let report = SearchReport(finding.found, for: results, scores: finding.scores)
        try await answer(report, SearchCorrelator(tag: tag, isUID: numbering == .uid), numbers)
        await save(report, in: selection)
    }

    func searchNumbers(_ numbering: MessageNumbering, of finding: SearchFinding) async -> SearchNumbers {
        await apart(finding.found.count) { SearchNumbers(numbering, of: finding) }
    }

    /// The ESEARCH response, where there is one.
    func answer(_ report: SearchReport, _ correlator: SearchCorrelator, _ numbers: SearchNumbers) async throws {
        guard report.hasResponse else { return }
        try await writeApart(report.found.count) { writer in
            writer.esearch(
                correlator,
                report.data(
                    number: numbers.number(at:), modSeq: numbers.withModSeq ? { numbers.modSeq(at: $0) } : nil))
        }
    }

    /// RFC 5182 §2.1.
    func save(_ report: SearchReport, in selection: Selection) async {
        guard report.results.options.contains(.save) else { return }
        let view = selection.mailbox.view
        selection.mailbox.saved = await apart(report.found.count) {
            UIDSet(report.told.lazy.map { view[$0].uid })
        }
    }

    /// Carries out a search. One with SAVE that ends in NO leaves `$` empty (RFC 5182 §2.1).
    func savingNothing(
        onFailureOf results: SearchResults?, in selection: Selection, _ work: () async throws -> Completion
    ) async throws -> Completion {
        do {
            return try await work()
        } catch let problem as SearchProgram.Problem {
            let refusal = Session.refusal(of: problem)
            if refusal.condition == .no { forgetSaved(by: results) }
            throw Refusal(refusal)
        } catch let error as StoreError {
            forgetSaved(by: results)
            throw error
        }
    }

    /// A search with SAVE ends in NO.
    func forgetSaved(by results: SearchResults?) {
        if results?.options.contains(.save) == true { selection?.mailbox.saved = UIDSet() }
    }

    func progress(_ tag: String, goal: Int) -> SearchProgress {
        SearchProgress(tag: tag, goal: goal, interval: environment.settings.progressInterval)
    }

    /// Why a search cannot be, as its reply.
    static func refusal(of problem: SearchProgram.Problem) -> Completion {
        switch problem {
        case .unknownCharset: .no("That charset is not known.", code: .badCharset(["US-ASCII", "UTF-8"]))
        case .unsupported(let key): .bad("SEARCH does not know \(key).")
        case .badText: .bad("The text is not in the charset given; UTF-8 is always understood.")
        }
    }
}

/// What a reply calls the messages of a view.
struct SearchNumbers: Sendable {
    private let numbering: MessageNumbering
    private let view: MailboxSnapshot
    /// The search is by mod-sequence: the reply tells the highest (RFC 7162 §3.1.5).
    let withModSeq: Bool
    /// Of all messages, where most are told, in an order of their own perhaps; else empty.
    private let uids: [UInt32]

    init(_ numbering: MessageNumbering, of finding: SearchFinding) {
        self.numbering = numbering
        view = finding.scope.view
        withModSeq = finding.usesModSeq
        var uids: [UInt32] = []
        if numbering == .uid, finding.found.count > view.count / 2 {
            uids.reserveCapacity(view.count)
            view.forEach(in: 0..<view.count) { uids.append($1.uid.rawValue) }
        }
        self.uids = uids
    }

    func number(at index: Int) -> UInt32 {
        switch numbering {
        case .sequence: UInt32(truncatingIfNeeded: index + 1)
        case .uid: uids.isEmpty ? view[index].uid.rawValue : uids[index]
        }
    }

    func modSeq(at index: Int) -> UInt64 { view[index].modSeq.rawValue }

    /// nil unless the search is by mod-sequence and found something.
    func highestModSeq(of found: [Int]) -> UInt64? {
        withModSeq ? found.lazy.map(modSeq(at:)).max() : nil
    }
}
