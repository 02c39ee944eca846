// `martlet acl`, as people run it.

import Foundation
import Testing

@Suite struct ACLCommandTests {
    private struct Line: Decodable, Equatable {
        let identifier: String
        let rights: String
    }

    @Test func setShowAndRemove() async throws {
        try await CommandPlace.with { place in
            let made = try await place.run(["mailbox", "create", "alice@example.org", "Team"])
            #expect(made.status == 0, "\(made)")
            let nobody = try await place.run(["acl", "show", "alice@example.org", "Team"])
            #expect(nobody.status == 0 && nobody.output.hasPrefix("Nobody but its owner"), "\(nobody)")
            let set = try await place.run(["acl", "set", "alice@example.org", "Team", "anyone", "lrs"])
            #expect(set.status == 0 && set.output.hasPrefix("anyone has the rights lrs on Team"), "\(set)")
            let more = try await place.run(["acl", "set", "alice@example.org", "Team", "anyone", "+i"])
            #expect(more.status == 0, "\(more)")
            let shown = try await place.run(["acl", "show", "alice@example.org", "Team", "--json"])
            #expect(try shown.facts([Line].self) == [Line(identifier: "anyone", rights: "lrsi")])
            let removed = try await place.run(["acl", "remove", "alice@example.org", "Team", "anyone"])
            #expect(removed.status == 0, "\(removed)")
            let after = try await place.run(["acl", "show", "alice@example.org", "Team", "--json"])
            #expect(try after.facts([Line].self).isEmpty)
            let own = try await place.run(["acl", "set", "alice@example.org", "Team", "alice@example.org", "lr"])
            #expect(own.status == 1, "\(own)")
            for wrong in [["Nothing", "anyone", "lr"], ["Team", "bob@example.org", "lr"]] {
                let refused = try await place.run(["acl", "set", "alice@example.org"] + wrong)
                #expect(refused.status == 2, "\(refused)")
            }
            let letters = try await place.run(["acl", "set", "alice@example.org", "Team", "anyone", "lrq"])
            #expect(letters.status == 64, "\(letters)")
            #expect(try await place.run(["check"]).status == 0)
        }
    }
}
