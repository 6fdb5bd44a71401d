// How I stand to somebody, as a row of a contact has it (docs/protocol.md, ConnectionRow).

// FORGOTTEN is this browser's own: the server has no such row (any more).

export const STATE = { FORGOTTEN: 0, ASKED: 1, ASKS: 2, CONNECTED: 3, CLOSED: 4, BLOCKED: 5 };
