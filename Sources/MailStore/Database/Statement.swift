// Static SQL, bound and stepped with SQLite's own calls: the one place where the store touches SQLite's pointers.
//
// GRDB compiles and caches the statement; stepping it here costs what it costs in C (docs/architecture.md).

import GRDB
import GRDBSQLite
import NIOCore

/// A value bound to a `?`.
enum SQLValue {
    case integer(Int64)
    case text(String)
    /// Text as its bytes, which must be UTF-8.
    case utf8([UInt8])
    case blob([UInt8])
    case bytes(ByteBuffer)
    case null

    static func int(_ value: some BinaryInteger) -> SQLValue { .integer(Int64(clamping: value)) }
    static func optional(_ value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
    static func optional(_ value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    static func optional(_ value: [UInt8]?) -> SQLValue { value.map { .blob($0) } ?? .null }
}

/// A result row, valid only inside the closure that gets it.
struct SQLRow {
    fileprivate let statement: OpaquePointer

    func int(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
    func uint32(_ column: Int32) -> UInt32 { UInt32(clamping: int(column)) }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }
    func optionalInt(_ column: Int32) -> Int64? { isNull(column) ? nil : int(column) }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(statement, column) else { return "" }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func blob(_ column: Int32) -> [UInt8] { withBlob(column) { Array($0) } }

    /// The column's bytes where they lie, without a copy.
    func withBlob<T>(_ column: Int32, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
        let start = sqlite3_column_blob(statement, column)
        let count = Int(sqlite3_column_bytes(statement, column))
        return try body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }
}

extension Database {
    /// Runs a statement that returns no rows (or whose rows do not matter).
    func run(_ sql: StaticString, _ values: SQLValue...) throws {
        try step(sql, values) { _ in true }
    }

    /// Calls `body` with each row.
    func each(_ sql: StaticString, _ values: SQLValue..., row body: (SQLRow) throws -> Void) throws {
        try step(sql, values) {
            try body($0)
            return true
        }
    }

    /// The first row, or nil.
    func first<T>(_ sql: StaticString, _ values: SQLValue..., row body: (SQLRow) throws -> T) throws -> T? {
        var result: T?
        try step(sql, values) {
            result = try body($0)
            return false
        }
        return result
    }

    private func step(_ sql: StaticString, _ values: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
        let statement = try cachedStatement(sql: sql.description).sqliteStatement
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in values.enumerated() {
            try bind(value, to: Int32(index + 1), of: statement)
        }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: if try !body(SQLRow(statement: statement)) { return }
            case SQLITE_DONE: return
            case let code: throw failure(code)
            }
        }
    }

    private func bind(_ value: SQLValue, to index: Int32, of statement: OpaquePointer) throws {
        // SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        let code =
            switch value {
            case .integer(let value): sqlite3_bind_int64(statement, index, value)
            case .null: sqlite3_bind_null(statement, index)
            case .text(let text): Array(text.utf8).withUnsafeBytes { bindText($0, index, statement) }
            case .utf8(let text): text.withUnsafeBytes { bindText($0, index, statement) }
            case .blob(let bytes): bytes.withUnsafeBytes { bindBlob($0, index, statement) }
            case .bytes(let buffer): buffer.withUnsafeReadableBytes { bindBlob($0, index, statement) }
            }
        guard code == SQLITE_OK else { throw failure(code) }

        func bindText(_ bytes: UnsafeRawBufferPointer, _ index: Int32, _ statement: OpaquePointer) -> Int32 {
            sqlite3_bind_text64(
                statement, index, bytes.bindMemory(to: CChar.self).baseAddress ?? Self.empty, UInt64(bytes.count),
                transient, UInt8(SQLITE_UTF8))
        }

        func bindBlob(_ bytes: UnsafeRawBufferPointer, _ index: Int32, _ statement: OpaquePointer) -> Int32 {
            // A null pointer would bind NULL; an empty blob is a value.
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                return sqlite3_bind_zeroblob(statement, index, 0)
            }
            return sqlite3_bind_blob64(statement, index, start, UInt64(bytes.count), transient)
        }
    }

    private static var empty: UnsafePointer<CChar> { UnsafePointer(bitPattern: 1).unsafelyUnwrapped }

    private func failure(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
    }

    /// Changes whenever another connection, of this process or another, has committed.
    func dataVersion() throws -> Int64 { try first("PRAGMA data_version") { $0.int(0) } ?? 0 }
}
