// What SORT and THREAD do with many messages.

import IMAPServer
import IMAPSyntax
import Mail

private let subjects = ["weekly report", "lunch", "Über die Reihenfolge", "release 4", "photographs", "invoice 2026"]

/// A third of them answer an earlier one.
private func messages(_ count: Int) -> [ThreadingMessage] {
    var numbers = Numbers()
    return (0..<count).map { id in
        let parent = id > 0 && numbers.next(below: 3) == 0 ? numbers.next(below: id) : nil
        let subject = BaseSubject((parent == nil ? "" : "Re: ") + subjects[numbers.next(below: subjects.count)])
        return ThreadingMessage(
            id: id, messageID: Array("<\(id)@example.org>".utf8),
            references: parent.map { [Array("<\($0)@example.org>".utf8)] } ?? [], baseSubject: subject.text,
            isReplyOrForward: subject.isReplyOrForward, sentDate: Int64(numbers.next(below: 1_000_000)))
    }
}

let orderWorkloads = [
    Workload("base-subject") {
        { BaseSubject("Re: [list] AW: Fwd: [fwd: the weekly report] (fwd)").text.count }
    },
    Workload("case-folding") { { CaseFolding.fold("Über die Reihenfolge der Straßen, plain text beside").count } },
    Workload("sort-keys") {
        let keys = MessageSummary(header: Messages.header).sortKeys
        let criteria = [SortCriterion(.subject), SortCriterion(.date, isReverse: true)]
        return {
            var (order, numbers) = (SortOrder(criteria), Numbers())
            for index in 0..<200 {
                order.add(index, .init(internalDate: Int64(numbers.next(below: 1_000_000)), size: 40_000), keys)
            }
            return order.sorted().first ?? 0
        }
    },
    Workload("thread-references") {
        let messages = ThreadingTable(messages(200))
        return { Threading.references(messages).roots.count }
    },
    Workload("thread-refs") {
        let messages = ThreadingTable(messages(200))
        return { Threading.refs(messages).roots.count }
    },
]
