// The database schemas as numbered SQL scripts, built into the programs; a script never changes once it is released.

/// One step of a schema: forward only, run once per file, in order of its name.
package struct SchemaStep: Sendable {
    /// The script's name without `.sql`: `V001_account`.
    package let name: String
    package let sql: String

    package init(name: String, sql: String) {
        self.name = name
        self.sql = sql
    }
}

package enum SchemaScripts {
    /// Every step of an account's file, `accounts/<id>.db`.
    package static let account = [
        SchemaStep(name: "V001_account", bytes: PackageResources.V001_account_sql),
        SchemaStep(name: "V002_search", bytes: PackageResources.V002_search_sql),
        SchemaStep(name: "V003_sharing", bytes: PackageResources.V003_sharing_sql),
        SchemaStep(name: "V004_metadata", bytes: PackageResources.V004_metadata_sql),
        SchemaStep(name: "V005_preview", bytes: PackageResources.V005_preview_sql),
        SchemaStep(name: "V006_sharing", bytes: PackageResources.V006_sharing_sql),
        SchemaStep(name: "V007_headers", bytes: PackageResources.V007_headers_sql),
        SchemaStep(name: "V008_words", bytes: PackageResources.V008_words_sql),
        SchemaStep(name: "V009_outlines", bytes: PackageResources.V009_outlines_sql),
        SchemaStep(name: "V010_restored", bytes: PackageResources.V010_restored_sql),
    ]
    /// Every step of `directory.db`.
    package static let directory = [
        SchemaStep(name: "V001_directory", bytes: PackageResources.V001_directory_sql),
        SchemaStep(name: "V002_credentials", bytes: PackageResources.V002_credentials_sql),
        SchemaStep(name: "V003_capabilities", bytes: PackageResources.V003_capabilities_sql),
        SchemaStep(name: "V004_shares", bytes: PackageResources.V004_shares_sql),
    ]
}

extension SchemaStep {
    fileprivate init(name: String, bytes: [UInt8]) {
        self.init(name: name, sql: String(decoding: bytes, as: UTF8.self))
    }
}
