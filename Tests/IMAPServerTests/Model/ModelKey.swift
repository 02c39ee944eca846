// The keys of SEARCH that a random sequence uses: how they are written, and what they find.

/// A key of SEARCH.
indirect enum ModelKey: CustomStringConvertible {
    case all
    case flag(String, isSet: Bool)
    case numbers(ModelSet)
    case uids(ModelSet)
    /// `$`
    case saved
    case subject(Int)
    case larger(UInt64)
    case smaller(UInt64)
    case not(ModelKey)
    case either(ModelKey, ModelKey)
    case both(ModelKey, ModelKey)

    /// What a key may ask of a message besides the message itself.
    struct Place {
        /// The message's number, of `last` in the client's view, whose last UID is `lastUID`.
        let number: UInt64
        let last: UInt64
        let lastUID: UInt64
        let isSaved: Bool
    }

    var description: String {
        switch self {
        case .all: "ALL"
        case .flag(let name, let isSet):
            name.hasPrefix("\\")
                ? "\(isSet ? "" : "UN")\(name.dropFirst().uppercased())" : "\(isSet ? "" : "UN")KEYWORD \(name)"
        case .numbers(let set): "\(set)"
        case .uids(let set): "UID \(set)"
        case .saved: "$"
        case .subject(let number): "SUBJECT s\(number)e"
        case .larger(let size): "LARGER \(size)"
        case .smaller(let size): "SMALLER \(size)"
        case .not(let key): "NOT \(key)"
        case .either(let one, let other): "OR \(one) \(other)"
        case .both(let one, let other): "(\(one) \(other))"
        }
    }

    var hasNumbers: Bool { contains { if case .numbers = $0 { true } else { false } } }
    var hasSaved: Bool { contains { if case .saved = $0 { true } else { false } } }

    private func contains(_ isMeant: (ModelKey) -> Bool) -> Bool {
        switch self {
        case .not(let key): key.contains(isMeant)
        case .either(let one, let other), .both(let one, let other): one.contains(isMeant) || other.contains(isMeant)
        default: isMeant(self)
        }
    }

    func matches(_ message: MessageModel, at place: Place) -> Bool {
        switch self {
        case .all: true
        case .flag(let name, let isSet): message.flags.contains(name) == isSet
        case .numbers(let set): set.contains(place.number, last: place.last)
        case .uids(let set): set.contains(message.uid, last: place.lastUID)
        case .saved: place.isSaved
        case .subject(let subject): message.number == subject
        case .larger(let size): message.size > size
        case .smaller(let size): message.size < size
        case .not(let key): !key.matches(message, at: place)
        case .either(let one, let other): one.matches(message, at: place) || other.matches(message, at: place)
        case .both(let one, let other): one.matches(message, at: place) && other.matches(message, at: place)
        }
    }
}
