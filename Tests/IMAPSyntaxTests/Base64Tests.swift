// Base64 as SASL speaks it.

import IMAPSyntax
import Testing

struct Base64Tests {
    @Test(
        "the vectors of RFC 4648 §10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == Array(encoded.utf8))
        #expect(Base64.decode(Array(encoded.utf8)) == Array(plain.utf8))
    }

    @Test("whatever is encoded is decoded to the same")
    func roundTrip() {
        for length in 0..<70 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ length) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        let all = Array(UInt8.min...UInt8.max)
        #expect(Base64.decode(Base64.encode(all)) == all)
    }

    @Test(
        "what is not canonical is refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zg===", "====", "=", "Zh==", "Zm9=", "Zm9v=", "Z=g=", "Zg==Zg==", "Zm 9v", "Zm9v\r\n",
            "Zm9-", "Zm9_", "ümm=",
        ])
    func refused(_ text: String) { #expect(Base64.decode(Array(text.utf8)) == nil) }

    @Test("lines of a SASL dialogue")
    func lines() {
        #expect(SASLLine(Array("*".utf8)) == .cancel)
        #expect(SASLLine([]) == .response([]))
        #expect(SASLLine(Array("Zm9v".utf8)) == .response(Array("foo".utf8)))
        #expect(SASLLine(Array("**".utf8)) == .invalid)
    }
}
