// What the log may say of the services.

import Logging
import Testing

@testable import martletd

@Suite struct ServicesTests {
    @Test("the service group logs a service as its description: nothing of what it holds is in it")
    func descriptions() {
        for type in [MailServices.self, ReloadService.self, Housekeeping.self] as [Any.Type] {
            #expect(type is any CustomStringConvertible.Type, "\(type)")
        }
    }
}
