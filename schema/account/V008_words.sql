-- V008: the words of bodies with their places, which say for certain where a search for whole words finds something.

-- Of the folded texts that BODY looks at. Words between which there is one blank are neighbours; `_` stands for
-- anything else between two words. rowid is the body's id. What search_body has may be missing here: bodies that were
-- indexed before this script, until the index is made anew.
CREATE VIRTUAL TABLE search_words USING fts5 (
    text, content = '', columnsize = 0, detail = full, tokenize = "ascii tokenchars '_'"
);
