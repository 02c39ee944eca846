// Comparing text without regard to case, as SEARCH does: keys by i;unicode-casemap.

/// i;unicode-casemap (RFC 5051): title case, then canonical decomposition, as UTF-8.
package enum CaseFolding {
    package static func fold(_ text: String) -> [UInt8] { Array(text.uppercased().normalizedToNFD.utf8) }
}
