// Placeholder until the first real file of IMAPSyntax.
