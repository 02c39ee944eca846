// ID: what client and server say of themselves.

import Mail

/// RFC 2971 §3.1: what a client says of itself. Nothing may depend on it; it is for the log, escaped.
package struct ID: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        /// nil for NIL.
        package var value: String?

        package init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    /// At most 30 fields, names of at most 30 bytes and values of at most 1,024 (RFC 2971 §3.3). Empty for NIL.
    package var fields: [Field]

    package init(fields: [Field]) { self.fields = fields }
}

extension Lexer {
    // RFC 2971 §4: id = "ID" SP id-params-list
    // id-params-list = "(" [string SP nstring *(SP string SP nstring)] ")" / nil
    mutating func id() throws(SyntaxError) -> ID {
        try space()
        guard take("(") else {
            guard try atom("a list of fields or NIL").equalsIgnoringASCIICase("NIL") else {
                throw SyntaxError("expected a list of fields or NIL")
            }
            return ID(fields: [])
        }
        var fields: [ID.Field] = []
        if take(")") { return ID(fields: fields) }
        repeat {
            guard fields.count < 30 else { throw SyntaxError("ID takes at most 30 fields") }
            fields.append(try idField())
        } while takeSpace()
        try closeList()
        return ID(fields: fields)
    }

    private mutating func idField() throws(SyntaxError) -> ID.Field {
        let name = try string("a field name")
        guard name.count <= 30 else { throw SyntaxError("an ID field name has at most 30 bytes") }
        try space()
        let value = try nstring("a field value")
        guard value?.count ?? 0 <= 1_024 else { throw SyntaxError("an ID value has at most 1024 bytes") }
        return ID.Field(
            name: String(decoding: name, as: UTF8.self), value: value.map { String(decoding: $0, as: UTF8.self) })
    }
}
