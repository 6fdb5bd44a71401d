// How I stand to somebody, as a row of a contact has it (docs/protocol.md, ConnectionRow).

export const STATE = { ASKED: 1, ASKS: 2, CONNECTED: 3, CLOSED: 4, BLOCKED: 5 };
