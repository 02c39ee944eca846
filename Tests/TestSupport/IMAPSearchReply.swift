// What searches answer, taken apart and held against the grammar: ESEARCH, SORT, THREAD.

/// An ESEARCH response (RFC 4466 §6, RFC 4731 §4, RFC 5267 §5, RFC 6203 §7, RFC 7377 §4, RFC 9394 §4).
package struct ESearchReply: Hashable, Sendable {
    package private(set) var tag: String?
    package private(set) var mailbox: String?
    package private(set) var uidValidity: UInt64?
    package private(set) var isUID = false
    package private(set) var min: UInt64?
    package private(set) var max: UInt64?
    package private(set) var count: UInt64?
    package private(set) var modSeq: UInt64?
    /// As on the wire; nil where it is not there.
    package private(set) var all: String?
    /// `1:5 2,4`; NIL for nothing.
    package private(set) var partial: String?
    package private(set) var relevancy: [UInt64]?
    /// ADDTO and REMOVEFROM in their order.
    package private(set) var updates: [Update] = []

    package struct Update: Hashable, Sendable {
        package var isAddition: Bool
        package var place: UInt64
        /// In the order of the response.
        package var numbers: [UInt64]

        package init(isAddition: Bool, place: UInt64, numbers: [UInt64]) {
            self.isAddition = isAddition
            self.place = place
            self.numbers = numbers
        }
    }

    /// The messages of ALL in their order; empty where it is not there.
    package var found: [UInt64] { all.flatMap { IMAPResponse.numbers(of: $0) } ?? [] }

    /// nil for what is no ESEARCH response, or a wrong one.
    package init?(_ response: IMAPResponse) {
        guard response.name == "ESEARCH" else { return nil }
        var rest = response.values.dropFirst()
        if case .list(let correlators) = rest.first {
            rest.removeFirst()
            guard readCorrelators(correlators) else { return nil }
        }
        if rest.first == .atom("UID") {
            isUID = true
            rest.removeFirst()
        }
        while let name = rest.popFirst()?.text {
            guard let value = rest.popFirst(), read(name, value) else { return nil }
        }
        guard rest.isEmpty else { return nil }
    }

    private mutating func readCorrelators(_ values: [IMAPValue]) -> Bool {
        guard values.count % 2 == 0 else { return false }
        for index in stride(from: 0, to: values.count, by: 2) {
            let value = values[index + 1]
            switch values[index].text {
            case "TAG" where value.bytes != nil && tag == nil: tag = value.text
            case "MAILBOX" where value.text != nil && mailbox == nil: mailbox = value.text
            case "UIDVALIDITY" where (value.number ?? 0) > 0 && uidValidity == nil: uidValidity = value.number
            default: return false
            }
        }
        return true
    }

    private mutating func read(_ name: String, _ value: IMAPValue) -> Bool {
        switch name {
        case "MIN" where min == nil: min = value.number
        case "MAX" where max == nil: max = value.number
        case "COUNT" where count == nil: count = value.number
        case "MODSEQ" where modSeq == nil: modSeq = value.number
        case "ALL" where all == nil:
            all = value.text
            return all.flatMap { IMAPResponse.numbers(of: $0) } != nil
        case "PARTIAL" where partial == nil: return readPartial(value)
        case "RELEVANCY" where relevancy == nil:
            relevancy = value.list?.compactMap(\.number)
            return relevancy?.allSatisfy { (1...100).contains($0) } == true
                && relevancy?.count == value.list?.count
        case "ADDTO": return readUpdates(value, isAddition: true)
        case "REMOVEFROM": return readUpdates(value, isAddition: false)
        default: return false
        }
        return value.number != nil && (value.number != 0 || name == "COUNT")
    }

    private mutating func readPartial(_ value: IMAPValue) -> Bool {
        guard let list = value.list, list.count == 2, let range = list[0].text else { return false }
        let set = list[1] == .none ? "NIL" : list[1].text ?? ""
        partial = "\(range) \(set)"
        return set == "NIL" || IMAPResponse.numbers(of: set) != nil
    }

    private mutating func readUpdates(_ value: IMAPValue, isAddition: Bool) -> Bool {
        guard let list = value.list, !list.isEmpty, list.count % 2 == 0 else { return false }
        for index in stride(from: 0, to: list.count, by: 2) {
            guard let place = list[index].number, let numbers = list[index + 1].text.flatMap(IMAPResponse.numbers(of:))
            else { return false }
            updates.append(Update(isAddition: isAddition, place: place, numbers: numbers))
        }
        return true
    }

    /// A list of results after the updates; nil when one names what is not there.
    package func applied(to list: [UInt64]) -> [UInt64]? {
        var list = list
        for update in updates {
            if update.isAddition {
                guard update.numbers.allSatisfy({ !list.contains($0) }) else { return nil }
                if update.place == 0 {
                    list = (list + update.numbers).sorted()
                } else {
                    guard update.place <= list.count + 1 else { return nil }
                    list.insert(contentsOf: update.numbers, at: Int(update.place) - 1)
                }
            } else if update.place == 0 {
                guard update.numbers.allSatisfy(list.contains) else { return nil }
                list.removeAll(where: update.numbers.contains)
            } else {
                let start = Int(update.place) - 1
                guard start + update.numbers.count <= list.count,
                    Array(list[start..<start + update.numbers.count]) == update.numbers
                else { return nil }
                list.removeSubrange(start..<start + update.numbers.count)
            }
        }
        return list
    }
}

extension IMAPReply {
    package var esearches: [ESearchReply] { data("ESEARCH").compactMap { ESearchReply($0) } }
    /// The one ESEARCH response; nil when there is not exactly one.
    package var esearch: ESearchReply? { esearches.count == 1 ? esearches[0] : nil }

    /// The numbers of the one SORT response; nil when there is not exactly one.
    package var sorted: [UInt64]? {
        let sorts = data("SORT")
        return sorts.count == 1 ? sorts[0].values.dropFirst().filter { $0.list == nil }.compactMap(\.number) : nil
    }

    /// The one THREAD response without its name; nil when there is not exactly one.
    package var threads: String? {
        let threads = data("THREAD")
        guard threads.count == 1 else { return nil }
        return threads[0].values.dropFirst().map(\.description).joined()
    }
}

extension IMAPValue {
    /// RFC 5256 §5: thread-list = "(" (thread-members / thread-nested) ")".
    var isThreadList: Bool {
        guard let list, !list.isEmpty else { return false }
        let members = list.prefix { ($0.number ?? 0) > 0 }
        let nested = list.dropFirst(members.count)
        return nested.allSatisfy(\.isThreadList) && nested.count != 1
    }
}
