// Passwords on standard input.

import Testing

@testable import martlet

@Test(
    "one line is the password, its end is not",
    arguments: [("secret\n", "secret"), ("secret", "secret"), ("secret\r\n", "secret"), (" a b \n", " a b ")])
func readsLine(input: String, password: String) throws {
    #expect(try Prompt.singleLine(Array(input.utf8)) == Array(password.utf8))
}

@Test(
    "nothing, several lines and endless input are refused",
    arguments: ["", "\n", "a\nb\n", String(repeating: "x", count: 5_000)])
func refusesLine(input: String) { #expect(throws: Failure.self) { try Prompt.singleLine(Array(input.utf8)) } }
