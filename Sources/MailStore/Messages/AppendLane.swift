// APPENDs of one session: given to the writer in the order in which they came, without waiting for one another.
//
// Theory. Messages that follow each other closely are parsed and compressed side by side, on threads of their own, and
// may be ready in any order. The lane holds back what is ready too early, so that UIDs ascend as the commands came.
// What is given before the writer commits shares its commit.
// Invariant: `waiting` holds what has not been given to the writer; the first of it is not ready. Giving
// happens with the lane's lock held, so nothing overtakes.

package import Mail
import Synchronization

/// What an APPEND came to, and the mailbox as it was then: nil where nobody has it in use.
package struct AppendedMessages: Sendable {
    package let outcome: AppendOutcome
    package let view: MailboxSnapshot?
}

/// An APPEND that the store has been given.
package final class SubmittedAppend: Sendable {
    private let state = Mutex<Result<AppendedMessages, StoreError>?>(nil)

    /// nil until it is committed, or has failed.
    package var result: Result<AppendedMessages, StoreError>? { state.withLock { $0 } }

    fileprivate func set(_ result: Result<AppendedMessages, StoreError>) { state.withLock { $0 = result } }
}

package final class AppendLane: Sendable {
    private typealias Messages = Result<[NewMessage], StoreError>
    private struct Place {
        var messages: Messages?
        let give: @Sendable (Messages) -> Void
    }
    private struct State {
        var waiting: [Int: Place] = [:]
        /// The place of the first that waits, and of the one that comes next.
        var first = 0
        var next = 0
    }
    private let state = Mutex(State())
    /// Called on a thread of the store's whenever one has its result; must not block.
    private let done: @Sendable () -> Void

    package init(done: @escaping @Sendable () -> Void) { self.done = done }

    /// Adds messages to a mailbox as `AccountStore.append` does, behind those that were given before.
    package func append(
        _ messages: [NewMessage], to name: MailboxName, of account: AccountStore
    ) -> SubmittedAppend {
        let (submitted, place) = begin(name, account)
        ready(.success(messages), at: place)
        return submitted
    }

    /// The same with a message that has come whole.
    package func append(
        _ staging: MessageStaging, flags: Flags, internalDate: MailDate, to name: MailboxName,
        of account: AccountStore
    ) -> SubmittedAppend {
        let (submitted, place) = begin(name, account)
        staging.finish { [self] staged in
            ready(staged.map { [NewMessage($0, flags: flags, internalDate: internalDate)] }, at: place)
        }
        return submitted
    }

    /// Takes the next place. Places are counted from the first that was ever taken.
    private func begin(_ name: MailboxName, _ account: AccountStore) -> (SubmittedAppend, place: Int) {
        let (submitted, done) = (SubmittedAppend(), done)
        let place = Place { messages in
            switch messages {
            case .failure(let error):
                submitted.set(.failure(error))
                done()
            case .success(let messages):
                account.submitShared { operation in
                    let outcome = try operation.append(messages, to: try operation.require(name, for: .insert))
                    return AppendedMessages(
                        outcome: outcome, view: operation.effects.snapshot(of: outcome.mailboxID))
                } answer: {
                    submitted.set($0)
                    done()
                }
            }
        }
        return state.withLock { state in
            state.waiting[state.next] = place
            defer { state.next += 1 }
            return (submitted, state.next)
        }
    }

    private func ready(_ messages: Messages, at place: Int) {
        state.withLock { state in
            state.waiting[place]?.messages = messages
            while let first = state.waiting[state.first], let messages = first.messages {
                state.waiting[state.first] = nil
                state.first += 1
                first.give(messages)
            }
        }
    }
}
