// Sizes as people type them.

import Testing

@testable import martlet

@Test(
    "sizes are read with their units",
    arguments: [
        ("4096", Int64(4096)), ("1K", 1024), ("500M", 524_288_000), ("5G", 5_368_709_120), ("5g", 5_368_709_120),
        ("1.5GiB", 1_610_612_736), ("5GB", 5_000_000_000), ("2 T", 2_199_023_255_552), ("10B", 10),
    ])
func readsSizes(text: String, bytes: Int64) { #expect(ByteCount(text)?.bytes == bytes) }

@Test(
    "what is no size is refused", arguments: ["", "G", "-1", "0", "5X", "1e3", "5iB", "1.2.3G", "99999999999T", "0x10"])
func refusesOthers(text: String) { #expect(ByteCount(text) == nil) }

@Test(
    "sizes are shown in powers of 1024",
    arguments: [(Int64(0), "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_610_612_736, "1.5 GiB")])
func showsSizes(bytes: Int64, text: String) { #expect(ByteCount(bytes).text == text) }
