"""One file per step, named after its revision. A step that was released is never edited."""
