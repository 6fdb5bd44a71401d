// Tells the client whether somebody looks at this tab, and at which chat: presence is shown to them,
// and what arrives is read only then.

import { bus } from "../tabs/bus.js";
import { attentive, onReturn } from "./attention.js";

const AGAIN_MS = 60_000; // a tab that says nothing for five minutes looks at nothing

/** @param {() => string | null} conv the chat on screen */
export function reportLooks(conv) {
  const look = () => {
    void bus.ask("look", { tab: bus.tab, focus: attentive(), conv: conv() });
  };
  onReturn(look);
  addEventListener("pagehide", () => void bus.ask("look", { tab: bus.tab, focus: false, conv: null }));
  for (const event of ["focus", "blur", "pageshow"]) addEventListener(event, look);
  document.addEventListener("visibilitychange", () => {
    look();
    if (!document.hidden) void bus.ask("wake");
  });
  bus.on("lead", look);
  setInterval(look, AGAIN_MS);
  look();
  return look;
}
