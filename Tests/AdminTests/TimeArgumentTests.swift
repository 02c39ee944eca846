// Moments and spans as people type them.

import Testing

@testable import martlet

/// 2026-11-23T01:00:00Z
private let now: Int64 = 1_795_395_600

@Test(
    "spans have their units",
    arguments: [
        ("30d", Int64(2_592_000)), ("12h", 43_200), ("90min", 5_400), ("45s", 45), ("2w", 1_209_600),
        ("1y", 31_536_000), ("100y", 3_153_600_000),
    ])
func readsSpans(text: String, seconds: Int64) { #expect(TimeArgument.span(text) == seconds) }

@Test(
    "what is no span is refused",
    arguments: ["", "d", "0d", "-1d", "1.5d", "5", "5m", "30 d", "101y", "99999999999999999999d", "٣d", "1d2h"])
func refusesSpans(text: String) { #expect(TimeArgument.span(text) == nil) }

@Test(
    "an end is a day's last second, a moment, or so long from now",
    arguments: [
        ("2026-11-23", Int64(1_795_478_399)), ("2026-11-30", 1_796_083_199), ("1h", now + 3_600),
        ("2026-11-23T02:00:00Z", now + 3_600), ("2026-11-23T04:00:00+02:00", now + 3_600),
        ("2028-02-29", 1_835_481_599),
    ])
func readsEnds(text: String, end: Int64) throws { #expect(try TimeArgument.end(text, now: now) == end) }

@Test(
    "what is past, too far or no date is no end",
    arguments: [
        "2026-11-22", "2026-11-23T00:59:59Z", "2127-01-01", "2027-02-29", "2027-13-01", "2027-00-10", "27-01-31",
        "2027-1-31", "31.01.2027", "2027-01-31 17:05", "tomorrow", "", "2027-01-3１", "2027-01-31T25:00:00Z",
    ])
func refusesEnds(text: String) { #expect(throws: Typed.Mistake.self) { try TimeArgument.end(text, now: now) } }

@Test(
    "a beginning is a day's first second, or so long ago",
    arguments: [("2026-11-22", Int64(1_795_305_600)), ("7d", now - 604_800), ("100y", 0)])
func readsBeginnings(text: String, since: Int64) throws { #expect(try TimeArgument.since(text, now: now) == since) }
