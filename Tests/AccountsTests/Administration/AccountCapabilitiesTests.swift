// Capabilities of one account: switched, shown, and what goes with what.

import MailStore
import TestSupport
import Testing

@testable import Accounts

@Suite struct AccountCapabilitiesTests {
    @Test func switching() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let administration = AccountAdministration(store: temporary.store, actor: "test")
            let address = "alice@example.org"
            func offered(_ name: String) async throws -> Bool? {
                let states = try await administration.capabilities(of: address)
                return states.first(where: { $0.name == name })?.isOffered
            }
            #expect(try await offered("NOTIFY") == true)
            #expect(try await offered("UIDONLY") == false)
            try await administration.switchCapabilities(["notify", "CONDSTORE"], of: address, to: false)
            #expect(try await offered("NOTIFY") == false)
            #expect(try await offered("QRESYNC") == false)
            let switches = try await temporary.store.directory.capabilitySwitches(of: account.id)
            #expect(switches.disabled == ["NOTIFY", "CONDSTORE"] && switches.enabled.isEmpty)
            try await administration.switchCapabilities(["NOTIFY", "UIDONLY"], of: address, to: true)
            #expect(try await offered("NOTIFY") == true)
            #expect(try await offered("UIDONLY") == true)
            try await administration.switchCapabilities(["UIDONLY", "CONDSTORE"], of: address, to: false)
            #expect(try await offered("UIDONLY") == false)
            // All or none.
            await #expect(throws: AdministrationError.noSuchCapability("IMAP4REV1")) {
                try await administration.switchCapabilities(["MOVE", "imap4rev1"], of: address, to: false)
            }
            #expect(try await offered("MOVE") == true)
            await #expect(throws: AdministrationError.noSuchAccount("bob@example.org")) {
                _ = try await administration.capabilities(of: "bob@example.org")
            }
            let audit = try await administration.audit(subject: address).map(\.detail)
            #expect(audit.contains("NOTIFY: off") && audit.contains("NOTIFY: default") && audit.contains("UIDONLY: on"))
        }
    }

    @Test(arguments: [
        ("QRESYNC", ["CONDSTORE"], false), ("QRESYNC", ["ENABLE"], false), ("IMAP4REV2", ["MOVE"], false),
        ("IMAP4REV2", ["QRESYNC"], true), ("CONDSTORE", ["QRESYNC"], true), ("CONTEXT=SORT", ["ESEARCH"], false),
        ("MOVE", ["IDLE"], true), ("X", ["MOVE"], true),
    ])
    func foundations(name: String, disabled: [String], isOffered: Bool) {
        #expect(IMAPCapabilities.isOffered(name, disabled: Set(disabled), enabled: []) == isOffered)
    }
}
