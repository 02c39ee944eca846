-- V005: what a list of messages shows of each message's text.

-- At most 256 characters; empty when the message has no text; NULL when it has not been worked out.
ALTER TABLE body ADD COLUMN preview TEXT;
