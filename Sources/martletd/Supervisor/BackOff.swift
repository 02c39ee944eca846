// How long after a crash the next start waits: not at all after a minute of health, longer and longer in a loop.

struct BackOff {
    /// Who has lived so long was well.
    static let health = Duration.seconds(60)
    static let longest = 60

    private var next = 1

    /// - Returns: zero, then 1, 2, 4 … 60 seconds as long as each lives less than `health`.
    mutating func pause(afterLiving lived: Duration) -> Duration {
        if lived >= Self.health {
            next = 1
            return .zero
        }
        defer { next = min(next * 2, Self.longest) }
        return .seconds(next)
    }
}
