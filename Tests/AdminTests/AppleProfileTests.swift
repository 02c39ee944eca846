// The profile that Apple's devices install.

import Foundation
import Testing

@testable import martlet

private func profile(
    address: String = "alice@example.org", label: String = "iPhone", expires: Date? = nil
) throws -> [String: Any] {
    let made = AppleProfile(
        address: address, name: "Alice <&> \"Liddell\"", host: "mail.example.org", port: 993,
        password: "abcd-efgh", label: label, id: "abcde", expires: expires)
    let list = try PropertyListSerialization.propertyList(from: Data(try made.encoded()), format: nil)
    return try #require(list as? [String: Any])
}

private func mail(_ profile: [String: Any]) throws -> [String: Any] {
    let payloads = try #require(profile["PayloadContent"] as? [[String: Any]])
    #expect(payloads.count == 1)
    return try #require(payloads.first)
}

@Test("a profile holds one IMAP account over TLS with its app password")
func holdsAccount() throws {
    let profile = try profile()
    #expect(profile["PayloadType"] as? String == "Configuration")
    #expect(profile["PayloadVersion"] as? Int == 1)
    #expect(profile["RemovalDate"] == nil)
    let mail = try mail(profile)
    #expect(mail["PayloadType"] as? String == "com.apple.mail.managed")
    #expect(mail["EmailAccountType"] as? String == "EmailTypeIMAP")
    #expect(mail["EmailAccountName"] as? String == "Alice <&> \"Liddell\"")
    #expect(mail["IncomingMailServerHostName"] as? String == "mail.example.org")
    #expect(mail["IncomingMailServerPortNumber"] as? Int == 993)
    #expect(mail["IncomingMailServerUseSSL"] as? Bool == true)
    #expect(mail["IncomingMailServerUsername"] as? String == "alice@example.org")
    #expect(mail["IncomingPassword"] as? String == "abcd-efgh")
    #expect(mail["OutgoingPasswordSameAsIncomingPassword"] as? Bool == true)
}

@Test("identifiers are plain and stay; every payload has a UUID of its own")
func identifies() throws {
    let (first, second) = (try profile(address: "o'bröther+x@example.org"), try profile())
    #expect(first["PayloadIdentifier"] as? String == "martlet.o-br-ther-x-example.org.abcde")
    #expect(try mail(first)["PayloadIdentifier"] as? String == "martlet.o-br-ther-x-example.org.abcde.mail")
    let uuids = [
        first["PayloadUUID"], try mail(first)["PayloadUUID"], second["PayloadUUID"], try mail(second)["PayloadUUID"],
    ].compactMap { $0 as? String }
    #expect(Set(uuids).count == 4)
    #expect(uuids.allSatisfy { UUID(uuidString: $0) != nil })
}

@Test("markup and control characters of a label do no harm")
func escapes() throws {
    let profile = try profile(label: "</string><key>x</key>\u{1b}&amp;\u{0}")
    #expect(
        profile["PayloadDescription"] as? String
            == "Mail of alice@example.org with the app password \"</string><key>x</key>?&amp;?\".")
}

@Test("a profile goes when its app password expires")
func expires() throws {
    let moment = Moment.date(1_800_000_000)
    #expect(try profile(expires: moment)["RemovalDate"] as? Date == moment)
}
