// SORT and UID SORT.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 5256 §3. One untagged SORT in any case; with RETURN an ESEARCH instead (RFC 5267 §3).
    func sort(_ sort: Sort, tag: String) async throws -> Completion {
        let selection = try selected()
        try refuseReusedTag(tag, sort.results, in: selection)
        return try await savingNothing(onFailureOf: sort.results, in: selection) {
            var progress = self.progress(tag, goal: selection.mailbox.count)
            var finding = try await find(sort, in: selection, progress: &progress)
            finding = try await sorted(finding, by: sort.criteria, progress: &progress)
            let (found, results) = (finding.found, sort.results)
            try await reply(finding, results: results, sort.numbering, tag: tag, in: selection) { numbers, writer in
                writer.sort(found.map { numbers.number(at: $0) }, modSeq: numbers.highestModSeq(of: found))
            }
            keepUpToDate(sort.search, by: sort.criteria, tag: tag, found: finding.found, in: selection)
            return .ok("SORT completed.")
        }
    }

    private func find(
        _ sort: Sort, in selection: Selection, progress: inout SearchProgress
    ) async throws -> SearchFinding {
        let byRelevancy = sort.criteria.contains { $0.key == .relevancy }
        let finding = try await find(
            sort.search, in: selection.mailbox, of: selection.account,
            scoring: byRelevancy || sort.results?.options.contains(.relevancy) == true, progress: &progress)
        guard !byRelevancy || finding.scores != nil else {
            throw Refusal(.bad("RELEVANCY is for a search with FUZZY (RFC 6203)."))
        }
        return finding
    }
}
