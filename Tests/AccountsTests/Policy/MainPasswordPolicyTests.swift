// Where the main password counts; whatever is unclear means nowhere.

import Accounts
import Testing

@Suite struct MainPasswordPolicyTests {
    @Test(
        arguments: [
            (nil, nil, false, MainPasswordPolicy.everywhere), (nil, "trusted-networks", false, .trustedNetworks),
            ("everywhere", "never", false, .everywhere), ("never", "everywhere", false, .never),
            ("everywhere", "everywhere", true, .never), (nil, nil, true, .never), (nil, "nonsense", false, .never),
            ("", "everywhere", false, .never), ("Everywhere", nil, false, .never),
        ] as [(String?, String?, Bool, MainPasswordPolicy)])
    func effective(account: String?, server: String?, hasTOTP: Bool, policy: MainPasswordPolicy) {
        #expect(MainPasswordPolicy.effective(account: account, server: server, hasTOTP: hasTOTP) == policy)
    }

    @Test(arguments: [
        (MainPasswordPolicy.everywhere, "203.0.113.1", true), (.everywhere, "", true), (.never, "127.0.0.1", false),
        (.trustedNetworks, "192.168.1.9", true), (.trustedNetworks, "::1", true), (.trustedNetworks, "fd00::1", true),
        (.trustedNetworks, "203.0.113.1", false), (.trustedNetworks, "", false), (.trustedNetworks, "unix", false),
        (.trustedNetworks, "::ffff:203.0.113.1", false), (.trustedNetworks, "::ffff:10.0.0.1", true),
    ])
    func allows(policy: MainPasswordPolicy, address: String, isAllowed: Bool) {
        let trusted = MainPasswordPolicy.trustedNetworks(setting: nil)
        #expect(policy.allows(from: address, trusted: trusted) == isAllowed)
    }

    @Test func aBrokenSettingTrustsNobody() {
        #expect(MainPasswordPolicy.trustedNetworks(setting: "10.0.0.0/8 nonsense").isEmpty)
        #expect(MainPasswordPolicy.trustedNetworks(setting: "").isEmpty)
        #expect(MainPasswordPolicy.trustedNetworks(setting: nil).count == 8)
    }
}
