// Placeholder until the first real file of Accounts.
