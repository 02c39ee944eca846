// How a configured value is read from text and shown again; each kind says in words what it expects.

import Logging
import Mail

/// A kind of value.
struct ValueKind<Value: Sendable>: Sendable {
    /// The continuation of "expected": "a number from 1 to 10".
    let expects: String
    let parse: @Sendable (String) -> Value?
    let show: @Sendable (Value) -> String
}

extension ValueKind where Value == Int {
    static func number(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            expects: "a number from \(range.lowerBound) to \(range.upperBound)",
            parse: { text in
                guard let number = digits(text[...]), range.contains(number) else { return nil }
                return number
            },
            show: { String($0) })
    }

    /// Bytes, with `KiB`, `MiB` or `GiB` behind a number or without.
    static func size(_ range: ClosedRange<Int>) -> ValueKind {
        ValueKind(
            expects: "a size from \(shown(range.lowerBound)) to \(shown(range.upperBound)), such as 64 MiB",
            parse: { text in
                guard let size = bytes(text), range.contains(size) else { return nil }
                return size
            },
            show: { shown($0) })
    }

    private static let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]

    private static func bytes(_ text: String) -> Int? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            guard let number = digits(text.dropLast(unit.count).trimmed) else { return nil }
            let (size, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : size
        }
        return digits(text[...])
    }

    private static func shown(_ size: Int) -> String {
        for (unit, factor) in units where size >= factor && size % factor == 0 { return "\(size / factor) \(unit)" }
        return String(size)
    }

    private static func digits(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isASCIIDigit) else { return nil }
        return Int(text)
    }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    static var choice: ValueKind {
        ValueKind(
            expects: Value.allCases.map(\.rawValue).joined(separator: " or "),
            parse: { Value(rawValue: $0) }, show: { $0.rawValue })
    }
}

extension ValueKind where Value == ListenAddress {
    static var tcp: ValueKind {
        ValueKind(
            expects: "an address and a port, such as 127.0.0.1:143 or [::1]:143",
            parse: { text in
                guard let address = ListenAddress(text), case .tcp = address else { return nil }
                return address
            },
            show: { $0.description })
    }

    static var tcpOrUnix: ValueKind {
        ValueKind(
            expects: "an address and a port, such as 127.0.0.1:24, or a socket, such as unix:/run/martlet/lmtp.sock "
                + "(an absolute path of at most \(ListenAddress.longestSocketPath) bytes)",
            parse: { ListenAddress($0) }, show: { $0.description })
    }
}

extension ValueKind where Value == Network {
    static var network: ValueKind {
        ValueKind(
            expects: "an address or a network, such as 192.0.2.10 or 10.0.0.0/8",
            parse: { try? Network($0) }, show: { $0.description })
    }
}

extension ValueKind where Value == String {
    static var path: ValueKind {
        ValueKind(
            expects: "an absolute path", parse: { $0.hasPrefix("/") && !$0.utf8.contains(0) ? $0 : nil }, show: { $0 })
    }
}

extension ValueKind where Value == String? {
    static var hostname: ValueKind {
        ValueKind(
            expects: "a host name, such as mail.example.org",
            parse: { text -> String?? in
                guard let name = try? EmailAddress.checkedDomain(text), !name.hasPrefix("[") else { return nil }
                return .some(name)
            },
            show: { $0 ?? "(as given to martlet init)" })
    }
}

extension Substring {
    var trimmed: Substring {
        var rest = self
        while rest.last == " " { rest.removeLast() }
        while rest.first == " " { rest.removeFirst() }
        return rest
    }
}
