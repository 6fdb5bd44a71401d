// The entry of the page of people.

import { startSession } from "../starting.js";
import { reportLooks } from "../ui/looking.js";
import { chatOf } from "../ui/person.js";

await startSession();
await Promise.all([
  import("../elements/chat-status.js"),
  import("../elements/people-find.js"),
  import("../elements/people-list.js"),
  import("../elements/people-invite.js"),
]);
reportLooks(() => chatOf(location.pathname));
document.documentElement.dataset.ready = "";
