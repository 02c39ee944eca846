// `martlet capability`, run as people run it.

import Testing

@testable import martlet

@Test("capabilities of an account are shown, disabled and enabled")
func capabilities() async throws {
    try await CommandPlace.with { place in
        let alice = "alice@example.org"
        func state(_ name: String) async throws -> CapabilityFacts? {
            try await place.done("capability", "show", alice, "--json").facts([CapabilityFacts].self)
                .first { $0.name == name }
        }
        #expect(try await state("NOTIFY")?.isOffered == true)
        let disabled = try await place.done("capability", "disable", alice, "notify", "MOVE")
        #expect(disabled.output.contains("Logins of \(alice) are not offered NOTIFY, from the next on."))
        #expect(try await state("NOTIFY")?.isOffered == false)
        #expect(try await state("MOVE")?.isSwitched == true)
        #expect(try await place.done("capability", "show", alice).output.contains("NOTIFY"))
        let enabled = try await place.done("capability", "enable", alice, "NOTIFY", "MOVE", "--json")
        #expect(try enabled.facts([CapabilityFacts].self).map(\.isOffered) == [true, true])
        #expect(try await state("MOVE")?.isOffered == true)
        #expect(try await state("MOVE")?.isSwitched == false)
        #expect(try await place.run(["capability", "disable", alice, "NO-SUCH"]).status == 64)
        #expect(try await place.run(["capability", "show", "bob@example.org"]).status == 2)
        #expect(try await place.run(["capability", "disable", alice]).status == 64)
    }
}
