// The entry of the help, for somebody who is signed in: it is read with or without keys.

import { startBus } from "./starting.js";

if (await startBus({ readable: true })) await import("../elements/chat-status.js");
document.documentElement.dataset.ready = "";
