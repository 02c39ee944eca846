// The header fields of lists, of 64 bodies together: what a client that fills its list has for one read, not for 64.
//
// Theory. Groups of `ListedFields` packs (`BodyGroups.swift`) are kept beside the headers, which have everything: what
// is in no group is read from its header, with the same result.

import GRDB
import Mail

extension AccountReader {
    /// What of the groups is not as the headers say.
    func headerGroupProblems(in name: String) throws -> [String] {
        var problems: [String] = []
        for number in try groupNumbers(.headerFields) {
            let packs = try group(.headerFields, number)?.all
            let isRight = packs?.allSatisfy { body, pack in
                (try? header(of: body)).flatMap(ListedFields.pack) == pack
            }
            if isRight != true {
                problems.append(
                    "\(name): group \(number) of header fields is not what the messages' headers say; "
                        + "make it anew with \"martlet search-index rebuild\"")
            }
        }
        return problems
    }
}
