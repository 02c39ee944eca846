// Placeholder until the first tests of Mail.

import Testing
