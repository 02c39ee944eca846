// What the tests of NOTIFY ask of a client beside the rest.

import TestSupport
import Testing

enum NotifyEvents {
    static let messages = "MessageNew MessageExpunge"
    static let flags = "MessageNew MessageExpunge FlagChange"
}

extension IMAPResponse {
    /// A LIST response: the name, its attributes in alphabetical order, and OLDNAME behind them.
    var listed: [String]? {
        guard name == "LIST", values.count >= 4 else { return nil }
        var line = [values[3].text ?? ""] + (values[1].list?.compactMap(\.text) ?? []).sorted()
        if values.count == 5, let extended = values[4].list, extended.first?.text == "OLDNAME" {
            line.append("was \(extended.last?.list?.first?.text ?? "")")
        }
        return line
    }

    /// A STATUS response: the name, and its numbers by their names.
    var statusOf: String? { name == "STATUS" ? values[1].text : nil }
    var statusValues: [String: UInt64] {
        let list = values.count == 3 ? values[2].list ?? [] : []
        var result: [String: UInt64] = [:]
        for index in stride(from: 0, to: list.count - 1, by: 2) {
            result[list[index].text ?? ""] = list[index + 1].number
        }
        return result
    }

    /// A METADATA response that tells of changes: the name, and the entries.
    var changedMetadata: [String]? { name == "METADATA" ? values.dropFirst().compactMap(\.text) : nil }
}

extension IMAPTestClient {
    /// Says nothing unasked: this NOOP is answered and nothing stands before its answer.
    func expectSilence(_ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let reply = try await command("NOOP")
        #expect(reply.isOK && reply.untagged.isEmpty, "\(reply.untagged)", sourceLocation: sourceLocation)
    }

    /// The next response is LIST of a name with these attributes.
    func expectList(_ line: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let response = try await response()
        #expect(response.listed == line, "\(response)", sourceLocation: sourceLocation)
    }

    /// The next response is STATUS of a name with exactly these numbers, whatever they are where none is given.
    @discardableResult
    func expectStatus(
        _ name: String, _ items: Set<String>, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> [String: UInt64] {
        let response = try await response()
        #expect(response.statusOf == name, "\(response)", sourceLocation: sourceLocation)
        #expect(Set(response.statusValues.keys) == items, "\(response)", sourceLocation: sourceLocation)
        return response.statusValues
    }

    func notify(_ arguments: String) async throws -> IMAPReply { try await command("NOTIFY \(arguments)") }
}
