// The entry of the page of people.

import { chatOf } from "./person.js";
import { reportLooks } from "./looking.js";
import { startSession } from "./starting.js";

await startSession();
await Promise.all([
  import("./elements/chat-status.js"),
  import("./elements/people-find.js"),
  import("./elements/people-list.js"),
  import("./elements/people-invite.js"),
]);
reportLooks(() => chatOf(location.pathname));
document.documentElement.dataset.ready = "";
