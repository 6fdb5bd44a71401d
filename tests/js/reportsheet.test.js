// The sheet on which somebody reports: what is sent late says nothing of what is looked at by then.

import assert from "node:assert/strict";
import { test } from "node:test";
import { filled, Node } from "./page.js";

Object.assign(Node.prototype, { prepend() {}, reset() {}, scrollIntoView() {} });
const { ChatReport } = await import("../../static/js/elements/chat-report.js");
const { bus } = await import("../../static/js/tabs/bus.js");

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a report that is sent after its sheet was closed does not call the next one sent", async () => {
  filled(document.body, "_thread.html");
  const sheet = filled(new ChatReport(), "_report.html");
  for (const name of ["title", "sent-title", "reveals", "problem", "changed", "person"]) {
    const node = new Node();
    node.setAttribute("data-part", name);
    sheet.append(node);
  }
  const part = (name) => sheet.querySelector(`[data-part='${name}']`);
  const dialog = Object.assign(part("dialog"), { showModal() {} });
  Object.assign(part("note"), { value: "" });
  Object.assign(part("reason"), { value: "7" });
  const sent = [];
  bus.ask = (what, wanted) => {
    if (what === "report") return new Promise((done, failed) => sent.push({ ...wanted, done, failed }));
    return Promise.resolve(what === "readerOfReports" ? { identity: "i", changed: false } : []);
  };
  sheet.connectedCallback();
  const open = async (peer) => {
    await sheet.open({ row: { peer, conv: peer }, contact: undefined });
    part("form").dispatchEvent(new Event("submit", { cancelable: true }));
  };
  await open("bob");
  dialog.dispatchEvent(new Event("close"));
  await open("eve");
  assert.deepEqual(
    sent.map(({ peer }) => peer),
    ["bob", "eve"],
  );
  sent[0].done();
  await settled();
  assert.deepEqual([part("form").hidden, part("sent").hidden], [false, true]);
  sent[1].done();
  await settled();
  assert.deepEqual([part("form").hidden, part("sent").hidden], [true, false]);
});
