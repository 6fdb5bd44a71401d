// Tells the hub whether somebody looks at this tab, and at which chat: presence is shown to him,
// and what arrives is read only then.

import { session } from "../session.js";
import { attentive, onReturn } from "./attention.js";

const AGAIN_MS = 60_000; // a tab that says nothing for five minutes looks at nothing

/** @param {() => string | null} conv the chat on screen */
export function reportLooks(conv) {
  const look = () => {
    void session.ask("look", { tab: session.tab, focus: attentive(), conv: conv() });
  };
  onReturn(look);
  addEventListener("pagehide", () => void session.ask("look", { tab: session.tab, focus: false, conv: null }));
  for (const event of ["focus", "blur", "pageshow"]) addEventListener(event, look);
  document.addEventListener("visibilitychange", () => {
    look();
    if (!document.hidden) void session.ask("wake");
  });
  session.on("lead", look);
  setInterval(look, AGAIN_MS);
  look();
  return look;
}
