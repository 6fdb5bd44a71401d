// The entry of the page of people.

import { startBus } from "./starting.js";

await startBus();
await Promise.all([
  import("../elements/chat-status.js"),
  import("../elements/people-find.js"),
  import("../elements/people-list.js"),
  import("../elements/people-invite.js"),
  document.querySelector("chat-report") && import("../elements/chat-report.js"),
]);
document.documentElement.dataset.ready = "";
