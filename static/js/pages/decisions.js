// The entry of /decisions.

import { wireDecisions } from "./appeals.js";
import { startBus } from "./starting.js";

await startBus();
await import("../elements/chat-status.js");
wireDecisions();
document.documentElement.dataset.ready = "";
